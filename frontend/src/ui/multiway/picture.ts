/** What the canvas draws of a merged graph: places, colours and what stands out. */
import { bitsOf, lerp, smoothstep } from "../../base/interval";
import { MARK, type Emphasis } from "../../model/emphasis";
import { domainOf } from "../../model/measures";
import { membersOf, type Multiway } from "../../model/multiway/graph";
import { spawnMerging } from "../../model/multiway/spawn";
import type { Colour, ColourDomain } from "../../model/scene";
import type { TreeModel } from "../../model/tree";
import type { Weighting } from "../../model/weighting";
import type { GraphPicture } from "../../render/multiway";
import type { Merged, MergeWorker } from "../../state/merger.svelte";

export interface PictureOf {
  readonly tree: TreeModel;
  readonly weighting: Weighting;
  readonly colour: Colour;
  readonly emphasis: Emphasis;
  nameOf(one: number): string;
  rowOf(one: number): Uint8Array | null;
}

export function spawnWorker(): MergeWorker {
  return spawnMerging();
}

/** Members of a class that are asked what stands out: a class of a million would hold up the picture. */
const MOST_ASKED = 400;

export function pictureOf(merged: Merged, options: PictureOf): GraphPicture {
  const { graph, places } = merged;
  const { emphasis } = options;
  const ones = Array.from({ length: graph.size }, (_, one) => one);
  const asked = ones.map((one) => membersOf(graph, one).subarray(0, MOST_ASKED));
  const names = new Map<number, string>();
  return {
    graph,
    x: places.x,
    y: places.y,
    layered: merged.layout === "layers",
    ...coloured(graph, options),
    marks: asked.map((nodes) => nodes.reduce((bits, node) => bits | emphasis.marksOf(node), 0) & ~MARK.visited),
    faint: asked.map((nodes) => (emphasis.filters && !nodes.some((node) => emphasis.passes(node)) ? 1 : 0)),
    order: Array.from(graph.from, (_, edge) => edge).sort(
      (a, b) => graph.flow[b]! - graph.flow[a]! || a - b,
    ),
    nameOf: (one) => {
      let name = names.get(one);
      if (name === undefined) names.set(one, (name = options.nameOf(one)));
      return name;
    },
    rowOf: options.rowOf,
  };
}

/**
 * The colours of a class: entropy of what follows its leading member, its first step, or how
 * probable it is to be reached, as bits or as a share. What belongs to single steps only, such as a
 * time, has no place here: then it is the share.
 */
function coloured(
  graph: Multiway,
  { tree, weighting, colour }: PictureOf,
): { domain: ColourDomain; values: Float64Array } {
  const depth = tree.depth[graph.anchor]!;
  const of = (value: (one: number) => number): Float64Array =>
    Float64Array.from({ length: graph.size }, (_, one) => value(one));
  switch (colour) {
    case "entropy":
      return {
        domain: domainOf(tree, colour, depth, graph.counts.steps),
        values: of((one) => weighting.weightsAt(graph.lead[one]!)?.entropy ?? NaN),
      };
    case "surprisal":
      return {
        domain: domainOf(tree, colour, depth, graph.counts.steps),
        values: of((one) => bitsOf(Math.log(graph.reach[one]!))),
      };
    case "depth":
      return {
        domain: { colour, lo: depth, hi: depth + Math.max(1, graph.counts.steps) },
        values: of((one) => depth + graph.step[one]!),
      };
    default:
      return {
        domain: { colour: "probability", lo: 0, hi: 1 },
        values: of((one) => Math.min(1, graph.reach[one]!)),
      };
  }
}

/** A picture on its way to the next. */
export interface Move {
  /** Where everything is at a moment; null when it has arrived. */
  at(now: number): { x: Float32Array; y: Float32Array } | null;
}

/** From where classes were to where they are now; what is new is in its place at once. */
export function moved(from: Merged | null, to: Merged, duration: number): Move | null {
  if (from === null || from.graph.anchor !== to.graph.anchor) return null;
  const before = new Map(Array.from(from.places.head, (head, i) => [head, i]));
  const starts = Array.from(to.places.head, (head) => before.get(head) ?? -1);
  let start: number | null = null;
  return {
    at: (now) => {
      start ??= now;
      const t = smoothstep(0, 1, (now - start) / duration);
      if (t >= 1) return null;
      const along = (a: ArrayLike<number>, b: Float32Array): Float32Array =>
        b.map((value, one) => (starts[one] === -1 ? value : lerp(a[starts[one]!]!, value, t)));
      return { x: along(from.places.x, to.places.x), y: along(from.places.y, to.places.y) };
    },
  };
}
