import type { StateRef } from "../model/ref";
import { label, pieceAfter, piecesAfter } from "../model/text";
import type { TreeModel } from "../model/tree";
import { logProbOf, logQOf } from "../model/next";
import type { Weighting } from "../model/weighting";

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
          : logQOf(model, weighting, parent, model.key[node] ?? 0),
      status: statusOf(model, node, cut),
      cut,
      untold: 1 - model.told(node),
      unweighable,
    };
  }
  const stepLogProb = logProbOf(model, weighting, node, key);
  const q = logQOf(model, weighting, node, key);
  return {
    step: (model.depth[node] ?? 0) + 1,
    text: label(pieceAfter(model, node, key)),
    logProb: (model.cumLogProb[node] ?? 0) + stepLogProb,
    logProbProcedure: along === null || q === null ? null : along + q,
    stepLogProb,
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

/** From the prompt, natural log; null where a step of the way is not known. */
export function pathLogProb(model: TreeModel, weighting: Weighting, node: number): number | null {
  let sum = 0;
  for (let at = node; at > 0; at = model.parent[at] ?? 0) {
    const step = logQOf(model, weighting, model.parent[at] ?? 0, model.key[at] ?? 0);
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
  /** Where it is not known: what it is not above, as the leading ones of the procedure are. */
  mostQ: number;
  logProb: number;
  /** The child it was made, or −1. */
  child: number;
  pruned: boolean;
  /** Not among the rule's leading ones: listed for the procedure's, or because it was grown. */
  extra: boolean;
}

export interface NextStates {
  rows: readonly NextRow[];
  /** Everything that is not in `rows`, exact. */
  restP: number;
  /** The same under the procedure, with those rows of which q is not known by itself. */
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
  const own = weighting.ownAt(node);
  // What a procedure's own ranking leaves out is no more probable than the last in it.
  const mostQ = own === null || own.end === own.from ? 1 : Math.exp(own.logQ[own.end - 1] ?? 0);
  const row = (key: number, extra: boolean): NextRow => {
    const child = model.childOf(node, key);
    const logProb = logProbOf(model, weighting, node, key);
    const q = logQOf(model, weighting, node, key);
    return {
      key,
      text: label(pieceAfter(model, node, key)),
      p: Math.exp(logProb),
      q: q === null ? null : Math.exp(q),
      mostQ: q === null ? mostQ : Math.exp(q),
      logProb,
      child,
      pruned: child !== -1 && model.isCut(child),
      extra,
    };
  };
  const rows: NextRow[] = Array.from(stored.keys.subarray(0, limit), (key) => row(key, false));
  const listed = new Set(rows.map(({ key }) => key));
  const add = (keys: Iterable<number>): void => {
    let room = MOST_EXTRA;
    for (const key of keys) {
      if (room === 0 || listed.has(key)) continue;
      listed.add(key);
      rows.push(row(key, true));
      room -= 1;
    }
  };
  if (own !== null) add(own.keys.subarray(own.from, Math.min(own.end, own.from + limit)));
  add(model.children(node).map((child) => model.key[child] ?? 0));
  const sum = (values: number[]): number => values.reduce((total, value) => total + value, 0);
  const all = stored.complete && rows.length >= stored.count;
  const restP = all ? 0 : Math.max(0, 1 - sum(rows.map(({ p }) => p)));
  const known = own !== null || rows.every(({ q }) => q !== null);
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

/**
 * The trajectory to a state, token by token, without the prompt; empty for a state that is not
 * there: a picture may still be of another moment than the model.
 */
export function readingOf(
  model: TreeModel,
  state: StateRef,
  weighting: Weighting = model.ruleWeighting,
): ReadToken[] {
  if (state.node >= model.size) return [];
  const nodes = model.path(state.node).slice(1);
  const keys = nodes.map((node) => model.key[node] ?? 0);
  if (state.key !== undefined) keys.push(state.key);
  const texts = piecesAfter(model, 0, keys);
  return keys.map((key, index) => {
    const node = nodes[index];
    const text = texts[index] ?? "";
    if (node !== undefined) return { state: { node }, text, logProb: model.logProb[node] ?? 0 };
    return { state, text, logProb: logProbOf(model, weighting, state.node, key) };
  });
}

/** The rest of a line's world after a state on it, as far as it is known. */
export function readingAfter(
  model: TreeModel,
  state: StateRef,
  end: StateRef,
  weighting: Weighting = model.ruleWeighting,
): ReadToken[] {
  const whole = readingOf(model, end, weighting);
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
