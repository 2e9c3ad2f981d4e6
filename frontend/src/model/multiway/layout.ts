/** Where classes lie: in layers by their first step, or by forces. In a plane of its own, one unit a CSS pixel at scale 1. */
import dagre from "@dagrejs/dagre";
import {
  forceCollide,
  forceLink,
  forceManyBody,
  forceSimulation,
  forceX,
  forceY,
  type SimulationNodeDatum,
} from "d3-force";
import { EDGE, isRest, type Multiway } from "./graph";
import { LAYER, ROW } from "./limits";

export const LAYOUTS = ["layers", "force"] as const;
export type Layout = (typeof LAYOUTS)[number];

/** Positions of classes by their heads: those of an earlier picture. */
export interface Places {
  readonly head: Uint32Array<ArrayBuffer>;
  readonly x: Float32Array<ArrayBuffer>;
  readonly y: Float32Array<ArrayBuffer>;
  /** How many classes there were when everything was last arranged anew. */
  readonly arranged: number;
}

/** Fewer known classes than this, and all is arranged anew. */
const KNOWN = 0.6;
/** So many times as many classes as were last arranged, and all is arranged anew. */
const OUTGROWN = 2;
/** dagre takes seconds beyond; there rows are ordered by the means of their neighbours alone. */
const MOST_FOR_DAGRE = 600;

/**
 * Lays a graph out. The same graph is laid out the same way; what `before` knows stays where it is
 * (layers) or about there (force). Each `next()` says which share is done.
 */
export function* arrange(
  graph: Multiway,
  layout: Layout,
  before: Places | null,
): Generator<number, Places, void> {
  const known = knownPlaces(graph, before);
  const isKept =
    before !== null &&
    known.size >= KNOWN * graph.size &&
    graph.size <= OUTGROWN * before.arranged + 8;
  const arranged = isKept ? before.arranged : graph.size;
  if (layout === "layers") {
    const y = isKept ? keptRows(graph, known) : rows(graph);
    const x = Float32Array.from(graph.step, (step, one) => LAYER * columnOf(graph, one, step));
    return { head: graph.head, x, y, arranged };
  }
  return { ...(yield* forced(graph, known, isKept)), arranged };
}

/** The rest stands behind the last layer. */
function columnOf(graph: Multiway, one: number, step: number): number {
  return isRest(graph, one) ? graph.counts.steps + 1 : step;
}

function knownPlaces(graph: Multiway, before: Places | null): Map<number, readonly [number, number]> {
  const known = new Map<number, readonly [number, number]>();
  if (before === null) return known;
  const places = new Map<number, number>();
  before.head.forEach((head, i) => places.set(head, i));
  graph.head.forEach((head, one) => {
    const i = places.get(head);
    if (i !== undefined) known.set(one, [before.x[i]!, before.y[i]!]);
  });
  return known;
}

function rows(graph: Multiway): Float32Array<ArrayBuffer> {
  return graph.size > MOST_FOR_DAGRE ? meanRows(graph) : dagreRows(graph);
}

/**
 * Rows by dagre: layers are given, since a step from a class leads to one that is first reached a
 * step later at the latest; the edges that lead on by one layer order them with few crossings.
 */
function dagreRows(graph: Multiway): Float32Array<ArrayBuffer> {
  const y = new Float32Array(graph.size);
  const g = new dagre.graphlib.Graph();
  g.setGraph({
    rankdir: "LR",
    nodesep: 4,
    edgesep: 4,
    ranksep: LAYER,
    // dagre puts every other rank between layers, for the labels of edges.
    ranker: ((given: { nodes(): string[]; node(id: string): { rank?: number } | undefined }) => {
      for (const id of given.nodes()) {
        const node = given.node(id);
        if (node) node.rank = 2 * (graph.step[Number(id)] ?? 0);
      }
    }) as never,
  });
  g.setDefaultEdgeLabel(() => ({}));
  for (let one = 0; one < graph.size; one++) {
    if (!isRest(graph, one)) g.setNode(String(one), { width: 1, height: ROW - 4 });
  }
  for (let edge = 0; edge < graph.from.length; edge++) {
    if (!leadsOn(graph, edge)) continue;
    const weight = 1 + Math.round(8 * Math.min(1, graph.flow[edge]!));
    g.setEdge(String(graph.from[edge]!), String(graph.to[edge]!), { weight });
  }
  dagre.layout(g);
  for (let one = 0; one < graph.size; one++) {
    if (!isRest(graph, one)) y[one] = g.node(String(one)).y ?? 0;
  }
  return aboutRoot(y);
}

/** Whether an edge leads from a layer to the next. */
function leadsOn(graph: Multiway, edge: number): boolean {
  const a = graph.from[edge]!;
  const b = graph.to[edge]!;
  return !isRest(graph, a) && !isRest(graph, b) && graph.step[b]! === graph.step[a]! + 1;
}

/**
 * Rows for graphs too large for dagre. From the first layer on, each is put in the order of the
 * means of its predecessors; from the last layer back, each lies as near as its order allows to the
 * means of its successors, so that what branches widely has the room for it.
 */
function meanRows(graph: Multiway): Float32Array<ArrayBuffer> {
  const y = new Float32Array(graph.size);
  const { before, after } = neighbours(graph);
  const layers = layersOf(graph);
  for (const layer of layers) {
    const wanted = new Map(layer.map((one) => [one, meanOf(before[one]!, y)]));
    layer.sort((a, b) => wanted.get(a)! - wanted.get(b)! || a - b);
    layer.forEach((one, i) => (y[one] = (i - (layer.length - 1) / 2) * ROW));
  }
  for (const layer of layers.reverse()) {
    const wanted = layer.map((one) => (after[one]!.length > 0 ? meanOf(after[one]!, y) : y[one]!));
    inOrder(wanted).forEach((place, i) => (y[layer[i]!] = place));
  }
  return aboutRoot(y);
}

/** The places nearest to the wanted ones, in the sum of squares, that keep their order and a row's distance (pool adjacent violators). */
export function inOrder(wanted: readonly number[]): number[] {
  const blocks: { sum: number; count: number }[] = [];
  wanted.forEach((place, i) => {
    let block = { sum: place - i * ROW, count: 1 };
    for (let last = blocks.at(-1); last && last.sum / last.count > block.sum / block.count; last = blocks.at(-1)) {
      block = { sum: block.sum + last.sum, count: block.count + last.count };
      blocks.pop();
    }
    blocks.push(block);
  });
  const places = blocks.flatMap(({ sum, count }) => Array<number>(count).fill(sum / count));
  return places.map((place, i) => place + i * ROW);
}

/** New classes take the nearest free row to their predecessors; the others stay. */
function keptRows(
  graph: Multiway,
  known: ReadonlyMap<number, readonly [number, number]>,
): Float32Array<ArrayBuffer> {
  const y = new Float32Array(graph.size);
  const parents = neighbours(graph).before;
  for (const layer of layersOf(graph)) {
    const taken: number[] = [];
    for (const one of layer) {
      const place = known.get(one);
      if (place === undefined) continue;
      y[one] = place[1];
      taken.push(place[1]);
    }
    taken.sort((a, b) => a - b);
    for (const one of layer) {
      if (known.has(one)) continue;
      y[one] = freeRow(taken, meanOf(parents[one]!, y));
    }
  }
  return y;
}

/** The free row nearest to `wanted`, which is taken then; `taken` stays ascending. */
export function freeRow(taken: number[], wanted: number): number {
  const isFree = (y: number): boolean => taken.every((other) => Math.abs(other - y) >= ROW - 0.01);
  const tries = [wanted, ...taken.flatMap((other) => [other - ROW, other + ROW])];
  const free = tries.filter(isFree);
  const y = free.reduce((best, one) => (Math.abs(one - wanted) < Math.abs(best - wanted) ? one : best));
  const place = taken.findIndex((other) => other > y);
  taken.splice(place === -1 ? taken.length : place, 0, y);
  return y;
}

const meanOf = (ones: readonly number[], y: Float32Array): number =>
  ones.length === 0 ? 0 : ones.reduce((sum, one) => sum + y[one]!, 0) / ones.length;

/** In the layers before and after. */
function neighbours(graph: Multiway): { before: number[][]; after: number[][] } {
  const [before, after] = [0, 0].map(() => Array.from({ length: graph.size }, (): number[] => []));
  for (let edge = 0; edge < graph.from.length; edge++) {
    if (!leadsOn(graph, edge)) continue;
    before![graph.to[edge]!]!.push(graph.from[edge]!);
    after![graph.from[edge]!]!.push(graph.to[edge]!);
  }
  return { before: before!, after: after! };
}

/** The classes by layer, without the rest. */
function layersOf(graph: Multiway): number[][] {
  const layers: number[][] = [];
  for (let one = 0; one < graph.size; one++) {
    if (!isRest(graph, one)) (layers[graph.step[one]!] ??= []).push(one);
  }
  return layers.filter((layer) => layer !== undefined);
}

/** The anchor's class, which is the first, lies at 0. */
function aboutRoot(y: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> {
  const root = y[0] ?? 0;
  return y.map((value) => value - root);
}

interface Body extends SimulationNodeDatum {
  readonly index: number;
}

const TICKS = 240;
const KEPT_TICKS = 90;
const TICKS_AT_ONCE = 10;

/** By d3-force, whose random numbers are the same every time. */
function* forced(
  graph: Multiway,
  known: ReadonlyMap<number, readonly [number, number]>,
  isKept: boolean,
): Generator<number, { head: Multiway["head"]; x: Float32Array<ArrayBuffer>; y: Float32Array<ArrayBuffer> }, void> {
  const start = isKept ? keptPlaces(graph, known) : firstPlaces(graph);
  const bodies = start.map(([x, y], index): Body => ({ index, x, y }));
  const links = Array.from(graph.from, (source, edge) => ({ source, target: graph.to[edge]!, edge })).filter(
    ({ source, target }) => source !== target,
  );
  const simulation = forceSimulation(bodies)
    .force(
      "link",
      forceLink<Body, { source: number | Body; target: number | Body; edge: number }>(links)
        .distance(62)
        .strength(({ edge }) => (graph.edgeKind[edge] === EDGE.cycle ? 0.7 : 0.4)),
    )
    .force("charge", forceManyBody().strength(-190).distanceMax(700))
    .force("collide", forceCollide(17))
    .force("x", forceX(0).strength(0.025))
    .force("y", forceY(0).strength(0.04))
    .stop();
  const ticks = isKept ? KEPT_TICKS : TICKS;
  if (isKept) simulation.alpha(0.12);
  simulation.alphaDecay(1 - Math.pow(0.001, 1 / ticks));
  for (let tick = 0; tick < ticks; tick += TICKS_AT_ONCE) {
    simulation.tick(TICKS_AT_ONCE);
    yield tick / ticks;
  }
  // What stays is not to wander off as a whole.
  const drift: [number, number] = isKept ? driftOf(bodies, known) : [bodies[0]?.x ?? 0, bodies[0]?.y ?? 0];
  return {
    head: graph.head,
    x: Float32Array.from(bodies, ({ x }) => (x ?? 0) - drift[0]),
    y: Float32Array.from(bodies, ({ y }) => (y ?? 0) - drift[1]),
  };
}

function driftOf(
  bodies: readonly Body[],
  known: ReadonlyMap<number, readonly [number, number]>,
): [number, number] {
  const sum: [number, number] = [0, 0];
  for (const [one, [x, y]] of known) {
    sum[0] += (bodies[one]?.x ?? x) - x;
    sum[1] += (bodies[one]?.y ?? y) - y;
  }
  return [sum[0] / known.size, sum[1] / known.size];
}

/** To begin with: layers close together, each spread about the middle. */
function firstPlaces(graph: Multiway): (readonly [number, number])[] {
  const places: (readonly [number, number])[] = [];
  for (const layer of layersOf(graph)) {
    layer.forEach((one, i) => {
      places[one] = [56 * graph.step[one]!, 22 * (i - (layer.length - 1) / 2)];
    });
  }
  if (graph.rest !== null) places[graph.size - 1] = [56 * (graph.counts.steps + 1), 0];
  return places;
}

/** New classes begin beside the ones they are reached from, fanned out so that no two coincide. */
function keptPlaces(
  graph: Multiway,
  known: ReadonlyMap<number, readonly [number, number]>,
): (readonly [number, number])[] {
  const places = firstPlaces(graph);
  for (const [one, place] of known) places[one] = place;
  const placed = new Set(known.keys());
  for (let edge = 0; edge < graph.from.length; edge++) {
    const one = graph.to[edge]!;
    const source = graph.from[edge]!;
    if (placed.has(one) || !placed.has(source)) continue;
    placed.add(one);
    const [x, y] = places[source]!;
    // The golden angle.
    const angle = one * 2.399963;
    places[one] = [x + 34 * Math.cos(angle), y + 34 * Math.sin(angle)];
  }
  return places;
}
