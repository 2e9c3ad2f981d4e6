import type { StateRef } from "../model/ref";
import { label, pieceAfter, piecesAfter } from "../model/text";
import type { TreeModel } from "../model/tree";
import { ALL_KEPT, type Weighting } from "../model/weighting";

export type Status = "prompt" | "expanded" | "frontier" | "terminal" | "candidate" | "pruned";

/** What is known of one state. Log-probabilities are natural logs. */
export interface StateFacts {
  step: number;
  text: string;
  /** From the prompt, under the rule. */
  logProb: number;
  /** From the prompt, under the procedure; null where not yet known. */
  logProbProcedure: number | null;
  /** Of the last step alone, under the rule. */
  stepLogProb: number;
  /** Of the last step alone, under the procedure; null where not yet known. */
  stepLogProbProcedure: number | null;
  status: Status;
  /** The nearest cut at or above the state; null when there is none. */
  cut: number | null;
  /** Given the state, the mass whose contents the rule does not tell. */
  untold: number;
  /** Somewhere on the way the procedure needs more than the rule tells. */
  unweighable: boolean;
}

export function factsOf(model: TreeModel, weighting: Weighting, state: StateRef): StateFacts {
  const { node, key } = state;
  const along = pathLogProb(model, weighting, node);
  const cut = nearestCut(model, node);
  const unweighable = model.path(node).some((at) => weighting.isUntold(at) && at !== node);
  if (key === undefined) {
    const parent = model.parent[node] ?? 0;
    return {
      step: model.depth[node] ?? 0,
      text: node === 0 ? "" : label(pieceAfter(model, parent, model.key[node] ?? 0)),
      logProb: model.cumLogProb[node] ?? 0,
      logProbProcedure: along,
      stepLogProb: model.logProb[node] ?? 0,
      stepLogProbProcedure:
        node === 0
          ? 0
          : stepLogProb(weighting, parent, model.rank[node] ?? 0, model.logProb[node] ?? 0),
      status: statusOf(model, node, cut),
      cut,
      untold: 1 - model.told(node),
      unweighable,
    };
  }
  const next = candidateAt(model, node, key);
  const q = stepLogProb(weighting, node, next.rank, next.logProb);
  return {
    step: (model.depth[node] ?? 0) + 1,
    text: label(pieceAfter(model, node, key)),
    logProb: (model.cumLogProb[node] ?? 0) + next.logProb,
    logProbProcedure: along === null || q === null ? null : along + q,
    stepLogProb: next.logProb,
    stepLogProbProcedure: q,
    status: cut === null ? "candidate" : "pruned",
    cut,
    untold: 0,
    unweighable: unweighable || weighting.isUntold(node),
  };
}

function statusOf(model: TreeModel, node: number, cut: number | null): Status {
  if (cut !== null) return "pruned";
  if (model.isTerminal(node)) return "terminal";
  if (!model.isExpanded(node)) return "frontier";
  return node === 0 ? "prompt" : "expanded";
}

/** The nearest cut at a state or above it; null when there is none. */
export function nearestCut(model: TreeModel, node: number): number | null {
  if (!model.underCut(node)) return null;
  let at = node;
  while (!model.isCut(at)) at = model.parent[at] ?? 0;
  return at;
}

function candidateAt(
  model: TreeModel,
  node: number,
  key: number,
): { rank: number; logProb: number } {
  const stored = model.candidates(node);
  const rank = stored ? stored.keys.indexOf(key) : -1;
  return { rank, logProb: rank === -1 ? -Infinity : (stored?.logProbs[rank] ?? -Infinity) };
}

/** log q of one next state; −∞ where the procedure forbids it, null where it is not known. */
function stepLogProb(
  weighting: Weighting,
  node: number,
  rank: number,
  logProb: number,
): number | null {
  const weights = weighting.weightsAt(node);
  if (weights === null) return null;
  const isKept = weights.kept === ALL_KEPT || rank < weights.kept;
  return isKept ? weighting.beta * logProb - weights.logZ : -Infinity;
}

function pathLogProb(model: TreeModel, weighting: Weighting, node: number): number | null {
  let sum = 0;
  for (let at = node; at > 0; at = model.parent[at] ?? 0) {
    const rank = model.rank[at] ?? 0;
    const step = stepLogProb(weighting, model.parent[at] ?? 0, rank, model.logProb[at] ?? 0);
    if (step === null) return null;
    sum += step;
  }
  return sum;
}

/** One next state of a distribution, before and after the procedure. */
export interface NextRow {
  key: number;
  text: string;
  /** Under the rule. */
  p: number;
  /** Under the procedure; null where not yet known. */
  q: number | null;
  logProb: number;
  /** The child it was made, or −1. */
  child: number;
  pruned: boolean;
  /** Not among the leading candidates; it is listed because it was grown. */
  extra: boolean;
}

export interface NextStates {
  rows: readonly NextRow[];
  /** Everything that is not in `rows`, exact. */
  restP: number;
  restQ: number | null;
  /** Of `restP`, what the rule does not tell apart. */
  untold: number;
  /** Bits, of the whole distribution; NaN where only a part is told. */
  entropy: number;
  /** Bits that the entropy has at least. */
  leastEntropy: number;
  entropyProcedure: number | null;
  /** How many next states the procedure keeps; null where unknown or all. */
  kept: number | null;
  /** No other next state is possible. */
  complete: boolean;
}

const MOST_EXTRA = 4;

/** The leading next states of an expanded node, and the exact rest; null when not expanded. */
export function nextStatesOf(
  model: TreeModel,
  weighting: Weighting,
  node: number,
  limit: number,
): NextStates | null {
  const stored = model.candidates(node);
  if (stored === null) return null;
  const weights = weighting.weightsAt(node);
  const row = (key: number, logProb: number, rank: number, text: string): NextRow => {
    const child = model.childOf(node, key);
    const q = stepLogProb(weighting, node, rank, logProb);
    return {
      key,
      text: label(text),
      p: Math.exp(logProb),
      q: q === null ? null : Math.exp(q),
      logProb,
      child,
      pruned: child !== -1 && model.isCut(child),
      extra: false,
    };
  };
  const shown = Math.min(limit, stored.count);
  const rows: NextRow[] = [];
  for (let rank = 0; rank < shown; rank++) {
    const key = stored.keys[rank] ?? 0;
    rows.push(row(key, stored.logProbs[rank] ?? -Infinity, rank, pieceAfter(model, node, key)));
  }
  const listed = new Set(rows.map(({ key }) => key));
  for (const child of model.children(node)) {
    if (rows.length >= shown + MOST_EXTRA) break;
    const key = model.key[child] ?? 0;
    if (listed.has(key)) continue;
    const text = pieceAfter(model, node, key);
    rows.push({
      ...row(key, model.logProb[child] ?? 0, model.rank[child] ?? 0, text),
      extra: true,
    });
  }
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const all = stored.complete && rows.length >= stored.count;
  const restP = all ? 0 : Math.max(0, 1 - sum(rows.map(({ p }) => p)));
  const known = rows.every(({ q }) => q !== null);
  const keptAll = weights === null || weights.kept >= (model.shape.alphabetSize ?? Infinity);
  return {
    rows,
    restP,
    restQ: known ? (all ? 0 : Math.max(0, 1 - sum(rows.map(({ q }) => q ?? 0)))) : null,
    // What was typed may be listed though the rule does not tell it among the leading ones.
    untold: Math.min(restP, 1 - model.told(node)),
    entropy: model.entropy(node),
    leastEntropy: leastEntropy(stored.logProbs),
    entropyProcedure: weights?.entropy ?? null,
    kept: keptAll ? null : weights.kept,
    complete: stored.complete,
  };
}

/** A lower bound on the entropy, bits: as if all that is not listed were one next state. */
function leastEntropy(logProbs: Float32Array): number {
  let nats = 0;
  let rest = 1;
  for (const logProb of logProbs) {
    const p = Math.exp(logProb);
    nats -= p * logProb;
    rest -= p;
  }
  return (nats - (rest > 0 ? rest * Math.log(rest) : 0)) / Math.LN2;
}

/** One token of a trajectory, for the reading strip. */
export interface ReadToken {
  state: StateRef;
  text: string;
  /** Under the rule, natural log. */
  logProb: number;
}

/** The trajectory to a state, token by token, without the prompt. */
export function readingOf(model: TreeModel, state: StateRef): ReadToken[] {
  const nodes = model.path(state.node).slice(1);
  const keys = nodes.map((node) => model.key[node] ?? 0);
  if (state.key !== undefined) keys.push(state.key);
  const texts = piecesAfter(model, 0, keys);
  return keys.map((_, index) => {
    const node = nodes[index];
    const text = texts[index] ?? "";
    if (node !== undefined) return { state: { node }, text, logProb: model.logProb[node] ?? 0 };
    const { logProb } = candidateAt(model, state.node, state.key ?? 0);
    return { state, text, logProb };
  });
}

/** The rest of a line's world after a state on it, as far as it is known. */
export function readingAfter(model: TreeModel, state: StateRef, end: StateRef): ReadToken[] {
  const whole = readingOf(model, end);
  const depth = (model.depth[state.node] ?? 0) + (state.key === undefined ? 0 : 1);
  return whole.slice(depth);
}

/** Whether the way to `end` goes through `state`. */
export function passes(model: TreeModel, state: StateRef, end: StateRef): boolean {
  if (!model.isAncestor(state.node, end.node)) return false;
  if (state.key === undefined) return true;
  if (end.node === state.node) return end.key === state.key;
  const child = model.childOf(state.node, state.key);
  return child !== -1 && model.isAncestor(child, end.node);
}

/**
 * Bits put in by choosing: −log₂ of the probability under the rule that is both in view and not
 * pruned (SCIENCE §8); ∞ when nothing of it is left.
 */
export function chosenBits(model: TreeModel, anchor: number): number {
  if (model.underCut(anchor)) return Infinity;
  const from = model.cumLogProb[anchor] ?? 0;
  let cut = 0;
  for (let node = anchor + 1; node < model.size; node += 1) {
    if (!model.isCut(node) || !model.isAncestor(anchor, node)) continue;
    if (model.isHidden(node) || model.underCut(model.parent[node] ?? 0)) continue;
    cut += Math.exp((model.cumLogProb[node] ?? 0) - from);
  }
  return Math.max(0, -from / Math.LN2) - Math.log2(Math.max(0, 1 - cut));
}
