/** Where one looks: an interval of one state's own unit interval, which fills the height. */
import type { TreeModel } from "./tree";
import { intervalWithin } from "./walk";
import type { Weighting } from "./weighting";
import { lerp } from "../base/interval";

export interface Camera {
  /** The state whose interval the numbers are measured in: a doubled precision a zoom. */
  readonly anchor: number;
  readonly lo: number;
  readonly hi: number;
}

/** Below this share of a common ancestor a move is not drawn step by step: doubles would show. */
const FINEST = 2 ** -40;

export function cameraOf(anchor: number): Camera {
  return { anchor, lo: 0, hi: 1 };
}

/** Bits chosen by looking here: −log₂ of the probability in view, NaN where it is not known. */
export function bitsInView(tree: TreeModel, weighting: Weighting, camera: Camera): number {
  let bits = -Math.log2(camera.hi - camera.lo);
  for (let node = camera.anchor; node > 0; node = tree.parent[node]!) {
    const parent = tree.parent[node]!;
    const weights = weighting.weightsAt(parent);
    if (weights === null) return NaN;
    if (tree.rank[node]! >= weights.kept) return Infinity;
    bits += (weights.logZ - weighting.beta * tree.logProb[node]!) / Math.LN2;
  }
  return Math.max(0, bits);
}

/**
 * The camera between two others, t in [0, 1]: both are written in the interval of their nearest
 * common ancestor, and the height in view changes by equal factors in equal times about the
 * point that stays in place. A move too deep to be written so, or not known, jumps at once.
 */
export function interpolateCamera(
  tree: TreeModel,
  weighting: Weighting,
  from: Camera,
  to: Camera,
  t: number,
): Camera {
  if (t <= 0) return from;
  if (t >= 1) return to;
  const anchor = commonAncestor(tree, from.anchor, to.anchor);
  const start = seenFrom(tree, weighting, anchor, from);
  const end = seenFrom(tree, weighting, anchor, to);
  if (start === null || end === null) return to;
  const before = start.hi - start.lo;
  const after = end.hi - end.lo;
  const size = before * (after / before) ** t;
  const share = Math.abs(after - before) < 1e-12 ? t : (size - before) / (after - before);
  const lo = lerp(start.lo, end.lo, share);
  return { anchor, lo, hi: Math.min(1, lo + size) };
}

function seenFrom(
  tree: TreeModel,
  weighting: Weighting,
  anchor: number,
  camera: Camera,
): Camera | null {
  const within = intervalWithin(tree, weighting, anchor, camera.anchor);
  if (within === null) return null;
  const size = within.hi - within.lo;
  const lo = within.lo + size * camera.lo;
  const hi = within.lo + size * camera.hi;
  return hi - lo < FINEST ? null : { anchor, lo, hi };
}

function commonAncestor(tree: TreeModel, a: number, b: number): number {
  while (a !== b) {
    if (a > b) a = tree.parent[a]!;
    else b = tree.parent[b]!;
  }
  return a;
}
