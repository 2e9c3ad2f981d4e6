/** How much more probable a next state is in one tree than in another. */
import { type Alignment, otherSide, type Side } from "./alignment";
import { logQOf } from "./next";
import type { TreeModel } from "./tree";
import type { Weighting } from "./weighting";

/**
 * log₂(p_a / p_b) of a next state of a node of `side`, bits. ∞: only a allows it, −∞: only b does.
 * NaN: not known, because the other tree has not grown there or does not store it.
 */
export function logRatio(
  alignment: Alignment,
  side: Side,
  weightings: Readonly<Record<Side, Weighting>>,
  parent: number,
  key: number,
): number {
  const there = alignment.nodeOf(side, parent);
  if (there === -1) return NaN;
  const other = otherSide(side);
  const otherKey = alignment.keyOf(side, key, there);
  const ours = logProb(alignment[side], weightings[side], parent, key);
  const theirs = logProb(alignment[other], weightings[other], there, otherKey);
  if (ours === null || theirs === null || (ours === -Infinity && theirs === -Infinity)) return NaN;
  const bits = (ours - theirs) / Math.LN2;
  return side === "a" ? bits : -bits;
}

function logProb(
  tree: TreeModel,
  weighting: Weighting,
  node: number,
  key: number | null,
): number | null {
  const known = key === null ? null : logQOf(tree, weighting, node, key);
  if (known !== null || !weighting.isWeighed(node)) return known;
  return tree.candidates(node)?.complete ? -Infinity : null;
}
