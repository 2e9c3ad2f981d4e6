/** Draws a merged graph: what is in sight of it, and no more than a screen can hold. */
import { interpolateRgb } from "d3-interpolate";
import { EDGE, hasTrait, isRest, TRAIT, type Multiway } from "../model/multiway/graph";
import { shorten } from "../model/labels";
import {
  drawnScale,
  hullOf,
  radiusOf,
  toScreen,
  type GraphCamera,
  type Point,
  type Size,
} from "../model/multiway/view";
import { ROW } from "../model/multiway/limits";
import { MARK } from "../model/emphasis";
import type { ColourDomain } from "../model/scene";
import type { Brush } from "./brush";
import { drawCells } from "./cells";
import { drawMarks, marksWidth } from "./marks";
import type { Measure } from "./measure";
import { scaleOf, stepOf } from "./palette";
import { MONO, type Theme } from "./theme";

export interface GraphPicture {
  readonly graph: Multiway;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Steps lead from left to right. */
  readonly layered: boolean;
  readonly domain: ColourDomain;
  /** By class, in the unit of the colour; NaN where it is not known. */
  readonly values: ArrayLike<number>;
  /** By class: bits of MARK, and whether a filter lets it through. */
  readonly marks: ArrayLike<number>;
  readonly faint: ArrayLike<number>;
  /** The edges, the greatest flow first. */
  readonly order: ArrayLike<number>;
  nameOf(one: number): string;
  /** A class's state as a row of cells; null where it is none. */
  rowOf(one: number): Uint8Array | null;
}

export interface GraphLook {
  readonly selected: number;
  readonly hovered: number;
  /** Edges that the selected trajectory goes along. */
  readonly path: ReadonlySet<number>;
  readonly ratio: number;
  readonly measure: Measure;
}

export interface Drawn {
  readonly classes: number;
  readonly edges: number;
  readonly labels: number;
}

export const LABEL_SIZE = 11.5;
const MOST_EDGES = 6000;
const MOST_LABELS = 500;
const WIDEST_FLOW = 7;
/** Less than this has an arrow only from close by: thousands of them hide the picture. */
const FAINT_FLOW = 0.01;
/** Rows this far apart have room for an arrow each, CSS pixels. */
const ROOMY = 7;
/** Between two discs, for an arrow from a layer to the next, CSS pixels. */
const LEAST_WAY = 24;
/** Of a name without a letter, beside one with: “,” is said everywhere, and tells little. */
const LETTERLESS = 0.1;
const LETTER = /\p{L}/u;
/** Bytes that are no character have letters in their numbers. */
const NUMBERED = /⟨[^⟩]*⟩/g;
/** Of a row of cells, CSS pixels. */
const ROW_WIDTH = 84;
const ROW_HEIGHT = 7;
const LABEL_ROOM = 132;

export function drawMultiway(
  context: CanvasRenderingContext2D,
  picture: GraphPicture,
  camera: GraphCamera,
  size: Size,
  theme: Theme,
  look: GraphLook,
): Drawn {
  context.fillStyle = theme.background;
  context.fillRect(0, 0, size.width, size.height);
  const { graph, x, y } = picture;
  const places = Array.from({ length: graph.size }, (_, one) =>
    toScreen(camera, size, x[one]!, y[one]!),
  );
  const brush: Brush = { context, theme, ratio: look.ratio, alpha: 1 };
  drawHulls(brush, picture, places, camera, size);
  const { edges, arrows } = drawEdges(brush, picture, places, camera, size, look);
  const seen = drawClasses(brush, picture, places, camera, size, look);
  const labels = drawLabels(brush, picture, places, camera, look, seen, arrows);
  context.globalAlpha = 1;
  return { classes: seen.length, edges, labels };
}

/** Closed components as filled islands. */
function drawHulls(
  { context, theme }: Brush,
  { graph }: GraphPicture,
  places: readonly Point[],
  camera: GraphCamera,
  size: Size,
): void {
  const pad = 17 * drawnScale(camera);
  for (const { closed, classes } of graph.recurrences) {
    if (!closed || classes.length === 0) continue;
    const hull = hullOf(classes.map((one) => places[one]!));
    if (!hull.some(({ x, y }) => isNear(x, y, size, 400))) continue;
    context.beginPath();
    hull.forEach(({ x, y }, i) => (i === 0 ? context.moveTo(x, y) : context.lineTo(x, y)));
    if (hull.length === 1) context.lineTo(hull[0]!.x + 0.01, hull[0]!.y);
    context.closePath();
    context.lineJoin = context.lineCap = "round";
    // A band about the hull, then the same a little thinner: an outline about a tinted island.
    context.strokeStyle = theme.ended;
    context.lineWidth = 2 * pad + 2.5;
    context.stroke();
    context.strokeStyle = context.fillStyle = interpolateRgb(theme.background, theme.ended)(0.17);
    context.lineWidth = 2 * pad;
    context.stroke();
    context.fill();
  }
}

const isNear = (x: number, y: number, size: Size, margin: number): boolean =>
  x > -margin && y > -margin && x < size.width + margin && y < size.height + margin;

type Box = readonly [x0: number, y0: number, x1: number, y1: number];

/** A point of an arrow; its edge ends at the neck. */
interface Head {
  readonly tip: Point;
  readonly neck: Point;
  readonly unit: Point;
  /** Of its width at the neck. */
  readonly half: number;
}

/** Gives how many edges there are, and where their arrows and loops lie. */
function drawEdges(
  brush: Brush,
  picture: GraphPicture,
  places: readonly Point[],
  camera: GraphCamera,
  size: Size,
  look: GraphLook,
): { edges: number; arrows: readonly Box[] } {
  const { graph, order } = picture;
  const drawn: number[] = [];
  for (let i = 0; i < order.length && drawn.length < MOST_EDGES; i++) {
    const edge = order[i]!;
    const a = places[graph.from[edge]!]!;
    const b = places[graph.to[edge]!]!;
    const margin = 60;
    if (Math.max(a.x, b.x) < -margin || Math.min(a.x, b.x) > size.width + margin) continue;
    if (Math.max(a.y, b.y) < -margin || Math.min(a.y, b.y) > size.height + margin) continue;
    drawn.push(edge);
  }
  // The weightiest last, above the others; the selected trajectory above all.
  const isOnPath = (edge: number): boolean => look.path.has(edge);
  const sorted = drawn.reverse();
  const ordered = [...sorted.filter((edge) => !isOnPath(edge)), ...sorted.filter(isOnPath)];
  const below = loopsBelow(picture, places, drawn);
  const arrows: Box[] = [];
  const heads: { head: Head; edge: number }[] = [];
  for (const edge of ordered) {
    inked(brush, picture, edge, camera, isOnPath(edge));
    const from = picture.graph.from[edge]!;
    if (from === graph.to[edge]!) {
      const radius = radiusOf(graph, from, camera);
      const loops = loop(brush.context, places[from]!, radius, brush.context.lineWidth, below.has(from));
      heads.push({ head: loops.head, edge });
      arrows.push(loops.box);
      continue;
    }
    const head = drawEdge(brush, picture, places, camera, edge, isOnPath(edge));
    if (head !== null) heads.push({ head, edge });
  }
  // Over all lines: an arrow that another line crosses seems to belong to that one.
  for (const { head, edge } of heads) {
    drawHead(brush, head, () => inked(brush, picture, edge, camera, isOnPath(edge)), graph.edgeKind[edge] === EDGE.forward);
    arrows.push(boxOfHead(head));
  }
  return { edges: drawn.length, arrows };
}

/** Classes whose loop finds more room below: something that it would cross leads to or from above. */
function loopsBelow({ graph }: GraphPicture, places: readonly Point[], drawn: readonly number[]): ReadonlySet<number> {
  const loops = new Set(drawn.map((edge) => graph.from[edge]!).filter((one, i) => graph.to[drawn[i]!] === one));
  if (loops.size === 0) return loops;
  // How steeply the steepest edge of a class leads up, and down: 1 is straight.
  const up = new Map<number, number>();
  const down = new Map<number, number>();
  const steep = (one: number, other: number): void => {
    if (one === other || !loops.has(one)) return;
    const [a, b] = [places[one]!, places[other]!];
    const slope = (b.y - a.y) / (Math.hypot(b.x - a.x, b.y - a.y) || 1);
    up.set(one, Math.max(up.get(one) ?? 0, -slope));
    down.set(one, Math.max(down.get(one) ?? 0, slope));
  };
  for (const edge of drawn) {
    steep(graph.from[edge]!, graph.to[edge]!);
    steep(graph.to[edge]!, graph.from[edge]!);
  }
  return new Set([...loops].filter((one) => (up.get(one) ?? 0) > (down.get(one) ?? 0) + 0.2));
}

/** Takes the colour, the width and the opacity of an edge. */
function inked(
  { context, theme }: Brush,
  { graph, faint }: GraphPicture,
  edge: number,
  camera: GraphCamera,
  onPath: boolean,
): void {
  const flow = Math.min(1, graph.flow[edge]!);
  const isCycle = graph.edgeKind[edge] === EDGE.cycle;
  context.lineWidth = Math.max(0.7, WIDEST_FLOW * flow * drawnScale(camera));
  context.lineCap = "butt";
  context.strokeStyle = context.fillStyle = onPath ? theme.ink : isCycle ? theme.accent : theme.faint;
  const dim = faint[graph.from[edge]!] || faint[graph.to[edge]!] ? 0.15 : 1;
  context.globalAlpha = dim * (onPath ? 0.95 : (isCycle ? 0.35 : 0.3) + 0.5 * Math.sqrt(flow));
}

/** The line of an edge between two classes, and the head of its arrow if there is room for one. */
function drawEdge(
  { context }: Brush,
  { graph, layered }: GraphPicture,
  places: readonly Point[],
  camera: GraphCamera,
  edge: number,
  onPath: boolean,
): Head | null {
  const from = graph.from[edge]!;
  const to = graph.to[edge]!;
  const isForward = graph.edgeKind[edge] === EDGE.forward;
  const a = places[from]!;
  const b = places[to]!;
  const width = context.lineWidth;
  const radius = radiusOf(graph, to, camera);
  if (!layered || !isForward) {
    return bowed(context, a, b, isForward ? 0.06 : 0.22, radius + 1.5, width, onPath || graph.flow[edge]! > FAINT_FLOW || camera.scale > 0.9);
  }
  const way = b.x - a.x - radius - radiusOf(graph, from, camera);
  const isRoomy = ROW * camera.scale * camera.stretch > ROOMY;
  // What is bundled is drawn a little wider than a disc.
  const gap = radius + 1 + (isRest(graph, to) ? 3 : 0);
  return flowing(context, a, b, gap, width, way > LEAST_WAY && (onPath || isRoomy));
}

/** From a layer to the next: leaves and arrives level, with an arrow before the disc if it is `pointed`. */
function flowing(
  context: CanvasRenderingContext2D,
  a: Point,
  b: Point,
  gap: number,
  width: number,
  pointed: boolean,
): Head | null {
  const tip = { x: b.x - gap, y: b.y };
  const neck = { x: tip.x - 4.5 - 0.8 * width, y: b.y };
  const end = pointed ? neck : b;
  const half = (end.x - a.x) / 2;
  context.beginPath();
  context.moveTo(a.x, a.y);
  context.bezierCurveTo(a.x + half, a.y, end.x - half, end.y, end.x, end.y);
  context.stroke();
  return pointed ? { tip, neck, unit: { x: 1, y: 0 }, half: 2.2 + 0.75 * width } : null;
}

/** A bow to the right of its way, with an arrow before the disc that it leads to, if it is `pointed`. */
function bowed(
  context: CanvasRenderingContext2D,
  a: Point,
  b: Point,
  bow: number,
  radius: number,
  width: number,
  pointed: boolean,
): Head | null {
  const dx = b.x - a.x;
  const dy = b.y - a.y;
  const control = { x: (a.x + b.x) / 2 - dy * bow, y: (a.y + b.y) / 2 + dx * bow };
  const away = Math.hypot(b.x - control.x, b.y - control.y) || 1;
  const unit = { x: (b.x - control.x) / away, y: (b.y - control.y) / away };
  const tip = { x: b.x - unit.x * radius, y: b.y - unit.y * radius };
  const head = pointed ? 3.5 + width : 0;
  const neck = { x: tip.x - unit.x * head, y: tip.y - unit.y * head };
  context.beginPath();
  context.moveTo(a.x, a.y);
  context.quadraticCurveTo(control.x, control.y, neck.x, neck.y);
  context.stroke();
  return pointed ? { tip, neck, unit, half: 1.9 + width * 0.8 } : null;
}

/** isApart: with a rim of the background, so that it stands out of the lines below. */
function drawHead(
  { context, theme }: Brush,
  { tip, neck, unit, half }: Head,
  ink: () => void,
  isApart: boolean,
): void {
  context.beginPath();
  context.moveTo(tip.x, tip.y);
  context.lineTo(neck.x - unit.y * half, neck.y + unit.x * half);
  context.lineTo(neck.x + unit.y * half, neck.y - unit.x * half);
  context.closePath();
  if (isApart) {
    context.globalAlpha = 1;
    context.lineJoin = "miter";
    context.lineWidth = 1.5;
    context.strokeStyle = context.fillStyle = theme.background;
    context.stroke();
    context.fill();
  }
  ink();
  context.fill();
}

function boxOfHead({ tip, neck, unit, half }: Head): Box {
  const sides = [-half, half].map((side) => ({ x: neck.x + unit.y * side, y: neck.y - unit.x * side }));
  const xs = [tip.x, ...sides.map(({ x }) => x)];
  const ys = [tip.y, ...sides.map(({ y }) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}

/** A step that leads back to where it began: above its disc, or below. */
function loop(
  context: CanvasRenderingContext2D,
  at: Point,
  radius: number,
  width: number,
  isBelow: boolean,
): { head: Head; box: Box } {
  const turn = isBelow ? -1 : 1;
  const side = 7 + radius * 0.5;
  const away = radius + side * 0.6;
  const y = at.y - turn * away;
  // The tip is where the loop's circle meets the rim of the disc, the neck a head's length before it.
  const rim = radius + 1.5;
  const along = (away * away + rim * rim - side * side) / (2 * away);
  const angle = Math.atan2(away - along, Math.sqrt(Math.max(0, rim * rim - along * along)));
  const length = 4 + width;
  const on = (turned: number): Point => ({
    x: at.x + side * Math.cos(turned),
    y: y + turn * side * Math.sin(turned),
  });
  const tip = on(angle);
  const before = angle - length / side;
  const neck = on(before);
  const chord = Math.hypot(tip.x - neck.x, tip.y - neck.y);
  const unit = { x: (tip.x - neck.x) / chord, y: (tip.y - neck.y) / chord };
  context.beginPath();
  context.arc(at.x, y, side, turn * (Math.PI - angle), turn * (2 * Math.PI + before), isBelow);
  context.stroke();
  const reach = side + width / 2;
  return {
    head: { tip, neck, unit, half: 2.4 + width * 0.75 },
    box: [at.x - reach, y - reach, at.x + reach, y + reach],
  };
}

function drawClasses(
  { context, theme }: Brush,
  { graph, values, domain, marks, faint }: GraphPicture,
  places: readonly Point[],
  camera: GraphCamera,
  size: Size,
  look: GraphLook,
): number[] {
  const { colours } = scaleOf(theme.name, domain.colour);
  const seen: number[] = [];
  for (let one = 0; one < graph.size; one++) {
    const { x, y } = places[one]!;
    if (!isNear(x, y, size, 24)) continue;
    seen.push(one);
    const step = stepOf(domain, values[one]!);
    const colour = step === -1 ? theme.neutral : colours[step]!;
    const radius = radiusOf(graph, one, camera);
    context.globalAlpha = faint[one] ? 0.22 : 1;
    shape(context, graph, one, x, y, radius);
    const isOpen = hasTrait(graph, one, TRAIT.open);
    // What nothing is known of is a ring: hollow, until it is grown.
    context.fillStyle = isOpen ? theme.background : colour;
    context.fill();
    const isClosed = hasTrait(graph, one, TRAIT.closed);
    context.lineWidth = isOpen ? Math.min(2.2, 0.8 + radius / 5) : isClosed ? 2.2 : 1;
    context.strokeStyle = isClosed
      ? theme.ended
      : hasTrait(graph, one, TRAIT.ended)
        ? theme.ended
        : isOpen
          ? step === -1
            ? theme.soft
            : colour
          : theme.background;
    context.stroke();
    ring(context, theme, graph, one, { x, y }, radius, marks[one]!, look);
  }
  return seen;
}

/** A disc; a square where trajectories end; a stack for what is bundled. */
function shape(
  context: CanvasRenderingContext2D,
  graph: Multiway,
  one: number,
  x: number,
  y: number,
  radius: number,
): void {
  context.beginPath();
  if (isRest(graph, one)) {
    context.roundRect(x - radius - 3, y - radius, 2 * radius + 6, 2 * radius, 3);
  } else if (hasTrait(graph, one, TRAIT.ended)) {
    const side = radius * 1.77;
    context.rect(x - side / 2, y - side / 2, side, side);
  } else context.arc(x, y, radius, 0, 2 * Math.PI);
}

function ring(
  context: CanvasRenderingContext2D,
  theme: Theme,
  graph: Multiway,
  one: number,
  { x, y }: Point,
  radius: number,
  marks: number,
  look: GraphLook,
): void {
  const around = (gap: number, width: number, colour: string): void => {
    shape(context, graph, one, x, y, radius + gap);
    context.lineWidth = width;
    context.strokeStyle = colour;
    context.stroke();
  };
  if ((marks & (MARK.match | MARK.picked)) !== 0) around(2.5, 1.6, theme.accent);
  if ((marks & MARK.current) !== 0) around(4.5, 2.4, theme.accent);
  if (one === look.hovered) around(3, 1.4, theme.ink);
  if (one === look.selected) around(3.5, 2.4, theme.accent);
}

/** Names beside the discs, the most probable first, none over another, and clear of `arrows` where there is room. */
function drawLabels(
  brush: Brush,
  picture: GraphPicture,
  places: readonly Point[],
  camera: GraphCamera,
  look: GraphLook,
  seen: readonly number[],
  arrows: readonly Box[],
): number {
  const { context, theme } = brush;
  const { graph } = picture;
  const isFirst = (one: number): number => (one === look.selected || one === look.hovered ? 1 : 0);
  const telling = new Map(seen.map((one) => [one, graph.reach[one]! * (tells(picture, one) ? 1 : LETTERLESS)]));
  const order = [...seen].sort(
    (a, b) => isFirst(b) - isFirst(a) || telling.get(b)! - telling.get(a)! || a - b,
  );
  context.font = `500 ${LABEL_SIZE}px ${MONO}`;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.lineJoin = "round";
  const taken = new Taken();
  for (const one of seen) {
    const { x, y } = places[one]!;
    const r = radiusOf(graph, one, camera) * 0.8;
    taken.add(x - r, y - r, x + r, y + r);
  }
  const pointed = new Taken();
  for (const box of arrows) pointed.add(...box);
  let labels = 0;
  for (const one of order) {
    if (labels === MOST_LABELS) break;
    const radius = radiusOf(graph, one, camera);
    const marks = picture.marks[one]!;
    const row = picture.rowOf(one);
    const text = row === null ? shorten(picture.nameOf(one), LABEL_ROOM, look.measure) : "";
    const width = (row === null ? look.measure(text) : rowWidth(row)) + marksWidth(marks);
    const spots = spotsFor(places[one]!, radius, width);
    const open = spots.filter((spot) => taken.isFree(...boxOf(spot, width)));
    const free = open.find((spot) => pointed.isFree(...boxOf(spot, width))) ?? open[0];
    const spot = free ?? (isFirst(one) === 1 ? spots[0]! : null);
    if (spot === null) continue;
    const { x: left, y } = spot;
    taken.add(...boxOf(spot, width));
    labels++;
    context.globalAlpha = picture.faint[one] ? 0.25 : 1;
    if (row === null) {
      context.strokeStyle = theme.background;
      context.lineWidth = 4;
      context.strokeText(text, left + marksWidth(marks), y + 0.5);
      context.fillStyle = one === look.selected ? theme.accent : theme.ink;
      context.fillText(text, left + marksWidth(marks), y + 0.5);
    } else {
      context.fillStyle = theme.background;
      context.fillRect(left - 2, y - ROW_HEIGHT / 2 - 2, rowWidth(row) + 4, ROW_HEIGHT + 4);
      const ink = one === look.selected ? theme.accent : theme.ink;
      drawCells(brush, row, left + marksWidth(marks), rowWidth(row), y, ROW_HEIGHT, ink);
    }
    drawMarks(context, left, y, marks, theme);
  }
  return labels;
}

/** Whether a name has a letter in it, or is a picture of cells. */
const tells = (picture: GraphPicture, one: number): boolean =>
  picture.rowOf(one) !== null || LETTER.test(picture.nameOf(one).replace(NUMBERED, ""));

/** Beside a disc, or else above or below it. */
const spotsFor = ({ x, y }: Point, radius: number, width: number): readonly Point[] => [
  { x: x + radius + 6, y },
  { x: x - width / 2, y: y - radius - 11 },
  { x: x - width / 2, y: y + radius + 11 },
];

const boxOf = ({ x, y }: Point, width: number): Box => [
  x - 3,
  y - 8,
  x + width + 3,
  y + 8,
];

const rowWidth = (row: Uint8Array): number =>
  Math.min(row.length * 6, Math.max(ROW_WIDTH, row.length));

/** Rectangles that are taken, found through the cells of a grid. */
class Taken {
  private static readonly CELL = 64;
  private readonly cells = new Map<string, Box[]>();

  isFree(x0: number, y0: number, x1: number, y1: number): boolean {
    return this.names(x0, y0, x1, y1).every((name) =>
      (this.cells.get(name) ?? []).every(
        ([a0, b0, a1, b1]) => x0 >= a1 || a0 >= x1 || y0 >= b1 || b0 >= y1,
      ),
    );
  }

  add(x0: number, y0: number, x1: number, y1: number): void {
    for (const name of this.names(x0, y0, x1, y1)) {
      const held = this.cells.get(name);
      if (held) held.push([x0, y0, x1, y1]);
      else this.cells.set(name, [[x0, y0, x1, y1]]);
    }
  }

  private names(x0: number, y0: number, x1: number, y1: number): string[] {
    const { CELL } = Taken;
    const names: string[] = [];
    for (let i = Math.floor(x0 / CELL); i <= Math.floor(x1 / CELL); i++) {
      for (let j = Math.floor(y0 / CELL); j <= Math.floor(y1 / CELL); j++) names.push(`${i},${j}`);
    }
    return names;
  }
}
