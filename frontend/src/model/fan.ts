/** What divides a state's interval among its next states, whatever the procedure (core/fan.py). */
import type { TreeModel } from "./tree";
import { ALL_KEPT, type Weighting, widthOf } from "./weighting";

/**
 * The stored next states that a procedure keeps, in the order of the interval: those at
 * from ≤ i < end of the three arrays. q = exp(β·scaled − logZ), where `scaled` is the rule's own
 * log-probability, or the procedure's where it has a ranking of its own.
 */
export interface Fan {
  readonly keys: Uint32Array;
  /** Natural logs under the rule. */
  readonly logProbs: Float32Array;
  readonly scaled: Float32Array;
  readonly from: number;
  readonly end: number;
  readonly beta: number;
  readonly logZ: number;
  /** These are all that the procedure keeps. */
  readonly complete: boolean;
  /** In the rule's order: the i-th of them is of rank i. */
  readonly ranked: boolean;
}

/** null: the state is not expanded, or not yet under this procedure. */
export function fanOf(tree: TreeModel, node: number, weighting: Weighting): Fan | null {
  const weights = weighting.weightsAt(node);
  if (weights === null) return null;
  const { logZ, kept } = weights;
  const own = weighting.ownAt(node);
  if (own !== null) {
    const { keys, logProbs, logQ, from, end } = own;
    const complete = kept <= end - from;
    return { keys, logProbs, scaled: logQ, from, end, beta: 1, logZ: 0, complete, ranked: false };
  }
  const from = tree.firstCandidate(node);
  return {
    keys: tree.candidateKeys,
    logProbs: tree.candidateLogProbs,
    scaled: tree.candidateLogProbs,
    from,
    end: from + Math.min(kept, tree.candidatesOf(node)),
    beta: weighting.beta,
    logZ,
    complete: tree.holdsAll(node, kept),
    ranked: true,
  };
}

/** Where a key stands in the arrays of a fan; −1 when it is not there. */
export function placeIn(fan: Pick<Fan, "keys" | "from" | "end">, key: number): number {
  for (let i = fan.from; i < fan.end; i++) if (fan.keys[i] === key) return i;
  return -1;
}

/** Length of the interval of the i-th entry of the arrays. */
export function widthAt(fan: Fan, i: number): number {
  return widthOf(fan.beta, fan.scaled[i]!, fan.logZ);
}

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
  const from = tree.firstCandidate(node);
  if (from === -1) return -1;
  const end = from + tree.candidatesOf(node);
  const place = placeIn({ keys: tree.candidateKeys, from, end }, key);
  return place === -1 ? -1 : place - from;
}

function logProbAt(tree: TreeModel, node: number, rank: number): number {
  return tree.candidateLogProbs[tree.firstCandidate(node) + rank]!;
}
