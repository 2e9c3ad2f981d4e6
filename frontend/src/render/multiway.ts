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
  /** Steps lead from left to right; else edges show where they lead by an arrow. */
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
  const edges = drawEdges(brush, picture, places, camera, size, look);
  const seen = drawClasses(brush, picture, places, camera, size, look);
  const labels = drawLabels(brush, picture, places, camera, look, seen);
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

function drawEdges(
  brush: Brush,
  picture: GraphPicture,
  places: readonly Point[],
  camera: GraphCamera,
  size: Size,
  look: GraphLook,
): number {
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
  for (const edge of drawn.reverse()) if (!isOnPath(edge)) drawEdge(brush, picture, places, camera, edge, false);
  for (const edge of drawn) if (isOnPath(edge)) drawEdge(brush, picture, places, camera, edge, true);
  return drawn.length;
}

function drawEdge(
  { context, theme }: Brush,
  { graph, layered, faint }: GraphPicture,
  places: readonly Point[],
  camera: GraphCamera,
  edge: number,
  onPath: boolean,
): void {
  const from = graph.from[edge]!;
  const to = graph.to[edge]!;
  const kind = graph.edgeKind[edge]!;
  const scale = drawnScale(camera);
  const flow = Math.min(1, graph.flow[edge]!);
  const width = Math.max(0.7, WIDEST_FLOW * flow * scale);
  const isCycle = kind === EDGE.cycle;
  context.lineWidth = width;
  context.lineCap = "butt";
  context.strokeStyle = onPath ? theme.ink : isCycle ? theme.accent : theme.faint;
  const dim = faint[from] || faint[to] ? 0.15 : 1;
  context.globalAlpha = dim * (onPath ? 0.95 : (isCycle ? 0.35 : 0.3) + 0.5 * Math.sqrt(flow));
  const a = places[from]!;
  const b = places[to]!;
  const r = radiusOf(graph, to, camera) + 1.5;
  if (from === to) loop(context, a, radiusOf(graph, to, camera), width);
  else if (layered && kind === EDGE.forward) flowing(context, a, b);
  else bowed(context, a, b, kind === EDGE.forward ? 0.06 : 0.22, r, width, onPath || flow > FAINT_FLOW || camera.scale > 0.9);
}

/** From a layer to the next: leaves and arrives level. */
function flowing(context: CanvasRenderingContext2D, a: Point, b: Point): void {
  const half = (b.x - a.x) / 2;
  context.beginPath();
  context.moveTo(a.x, a.y);
  context.bezierCurveTo(a.x + half, a.y, b.x - half, b.y, b.x, b.y);
  context.stroke();
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
): void {
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
  if (pointed) arrow(context, tip, neck, unit, 1.9 + width * 0.8);
}

function arrow(
  context: CanvasRenderingContext2D,
  tip: Point,
  neck: Point,
  unit: Point,
  half: number,
): void {
  context.beginPath();
  context.moveTo(tip.x, tip.y);
  context.lineTo(neck.x - unit.y * half, neck.y + unit.x * half);
  context.lineTo(neck.x + unit.y * half, neck.y - unit.x * half);
  context.closePath();
  context.fillStyle = context.strokeStyle;
  context.fill();
}

/** A step that leads back to where it began. */
function loop(context: CanvasRenderingContext2D, at: Point, radius: number, width: number): void {
  const side = 7 + radius * 0.5;
  const y = at.y - radius - side * 0.6;
  context.beginPath();
  context.arc(at.x, y, side, Math.PI * 0.72, Math.PI * 2.2);
  context.stroke();
  const angle = Math.PI * 0.2;
  const neck = { x: at.x + side * Math.cos(angle), y: y + side * Math.sin(angle) };
  const unit = { x: -Math.sin(angle), y: Math.cos(angle) };
  const head = 4 + width;
  arrow(context, { x: neck.x + unit.x * head, y: neck.y + unit.y * head }, neck, unit, 2.4 + width * 0.75);
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

/** Names beside the discs, the most probable first, none over another. */
function drawLabels(
  brush: Brush,
  picture: GraphPicture,
  places: readonly Point[],
  camera: GraphCamera,
  look: GraphLook,
  seen: readonly number[],
): number {
  const { context, theme } = brush;
  const { graph } = picture;
  const isFirst = (one: number): number => (one === look.selected || one === look.hovered ? 1 : 0);
  const order = [...seen].sort(
    (a, b) => isFirst(b) - isFirst(a) || graph.reach[b]! - graph.reach[a]! || a - b,
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
  let labels = 0;
  for (const one of order) {
    if (labels === MOST_LABELS) break;
    const radius = radiusOf(graph, one, camera);
    const marks = picture.marks[one]!;
    const row = picture.rowOf(one);
    const text = row === null ? shorten(picture.nameOf(one), LABEL_ROOM, look.measure) : "";
    const width = (row === null ? look.measure(text) : rowWidth(row)) + marksWidth(marks);
    const spots = spotsFor(places[one]!, radius, width);
    const free = spots.find((spot) => taken.isFree(...boxOf(spot, width)));
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

/** Beside a disc, or else above or below it. */
const spotsFor = ({ x, y }: Point, radius: number, width: number): readonly Point[] => [
  { x: x + radius + 6, y },
  { x: x - width / 2, y: y - radius - 11 },
  { x: x - width / 2, y: y + radius + 11 },
];

const boxOf = ({ x, y }: Point, width: number): [number, number, number, number] => [
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
  private readonly cells = new Map<string, (readonly [number, number, number, number])[]>();

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
