/** One next state of a state, by its key: what is stored of it, under the rule and a procedure. */
import { placeIn } from "./fan";
import type { TreeModel } from "./tree";
import { ALL_KEPT, type Weighting } from "./weighting";

/**
 * log q of one next state, from what is stored; −∞ where the procedure takes it out, null where it
 * is not known.
 */
export function logQOf(
  tree: TreeModel,
  weighting: Weighting,
  node: number,
  key: number,
): number | null {
  const weights = weighting.weightsAt(node);
  if (weights === null) return null;
  const child = tree.childOf(node, key);
  const own = weighting.ownAt(node);
  if (own !== null) {
    const place = placeIn(own, key);
    if (place !== -1) return own.logQ[place]!;
    if (weights.kept <= own.end - own.from) return -Infinity;
    const told = child === -1 ? NaN : weighting.tailScaledAt(child);
    return Number.isNaN(told) ? null : told;
  }
  const place = candidatePlace(tree, node, key);
  if (place === -1 && child === -1) return null;
  const rank = place === -1 ? tree.rank[child]! : place;
  const logProb = place === -1 ? tree.logProb[child]! : logProbAt(tree, node, place);
  const isKept = weights.kept === ALL_KEPT || rank < weights.kept;
  return isKept ? weighting.beta * logProb - weights.logZ : -Infinity;
}

/** log p of one next state under the rule; NaN where nothing stored says it. */
export function logProbOf(
  tree: TreeModel,
  weighting: Weighting,
  node: number,
  key: number,
): number {
  const place = candidatePlace(tree, node, key);
  if (place !== -1) return logProbAt(tree, node, place);
  const child = tree.childOf(node, key);
  if (child !== -1) return tree.logProb[child]!;
  const own = weighting.ownAt(node);
  const there = own === null ? -1 : placeIn(own, key);
  return own === null || there === -1 ? NaN : own.logProbs[there]!;
}

/** The rank of a key among the stored candidates; −1 when it is none. */
export function candidatePlace(tree: TreeModel, node: number, key: number): number {
  const row = tree.candidateRow(node);
  if (row === null) return -1;
  const place = placeIn(row, key);
  return place === -1 ? -1 : place - row.from;
}

function logProbAt(tree: TreeModel, node: number, rank: number): number {
  const row = tree.candidateRow(node)!;
  return row.logProbs[row.from + rank]!;
}
