import type { Camera } from "../model/camera";
import { Conditioning } from "../model/conditioning";
import type { TreeModel } from "../model/tree";
import type { Weighting } from "../model/weighting";
import { locate } from "../model/walk";
import { logQOf } from "../model/next";
import type { StateRef } from "../model/ref";
import { pathLogProb } from "./facts";

/** What has been put in by choosing, in bits (SCIENCE §8). */
export interface Selected {
  /** −log₂ of the probability that is both in view and not pruned; ∞ when nothing of it is left. */
  bits: number;
  /** Of these, what pruning gave up: −log₂ of what is left of the whole tree. */
  pruning: number;
  /** Of these, what looking closer did: −log₂ P(in view | nothing pruned happens). */
  focus: number;
  /** −log₂ of what is left at the place in view. */
  pruningHere: number;
  cuts: number;
}

/** So many states down an edge of the view is followed; what is left of it there is negligible. */
const DEEPEST = 40;
const NEGLIGIBLE = 1e-6;

/**
 * Of what is in view, as it is drawn: the probability under the rule that it happens and is not
 * pruned, given the camera's state. Where an edge of the view runs through what is not known yet,
 * that is shared out evenly.
 */
export function massInView(model: TreeModel, { lo, hi, anchor }: Camera, measure: Weighting): number {
  const conditioning = new Conditioning(model, model.ruleWeighting);
  const within = (node: number, from: number, to: number, depth: number): number => {
    const left = conditioning.leftAt(node);
    if (from <= 0 && to >= 1) return left;
    if (depth === DEEPEST || to - from < NEGLIGIBLE || left === 0) return left * (to - from);
    let sum = 0;
    for (let at = from; at < to; ) {
      const place = locate(model, node, at, measure);
      if (place === null || place.start + place.q <= at) return sum + to - at;
      const { child, start, q, logProb } = place;
      const share = [Math.max(0, (from - start) / q), Math.min(1, (to - start) / q)] as const;
      const inside = child === -1 ? share[1] - share[0] : within(child, ...share, depth + 1);
      sum += Math.exp(logProb) * inside;
      at = start + q;
    }
    return sum;
  };
  return Math.min(1, within(anchor, Math.max(0, lo), Math.min(1, hi), 0));
}

/**
 * Of what a camera shows, or of a whole state, under the rule, or as much as is known under another
 * weighting. inView: what of the state is in view and not pruned; without it all that is not pruned.
 */
export function selectedBits(
  model: TreeModel,
  anchor: number,
  base: Weighting = model.ruleWeighting,
  inView?: number,
): Selected {
  const conditioning = new Conditioning(model, base);
  const here = inView ?? conditioning.leftAt(anchor);
  const along = pathLogProb(model, base, anchor) ?? NaN;
  const pruning = bitsOfShare(conditioning.leftAt(0));
  const bits = Math.max(0, -along / Math.LN2) + bitsOfShare(here);
  const focus = pruning === Infinity ? 0 : Math.max(0, bits - pruning);
  return { bits, pruning, focus, pruningHere: bitsOfShare(here), cuts: conditioning.cuts };
}

/** −log₂ of a share of one; +0 of all of it. */
const bitsOfShare = (share: number): number => (share >= 1 ? 0 : -Math.log2(share));

/** A state given that nothing pruned happens: natural logs, null where not known yet. */
export interface ConditionedFacts {
  /** From the prompt, and of the last step alone. */
  logProb: number | null;
  stepLogProb: number | null;
}

export function conditionedFacts(
  model: TreeModel,
  { weighting }: Conditioning,
  { node, key }: StateRef,
): ConditionedFacts {
  const parent = key === undefined ? (model.parent[node] ?? 0) : node;
  const along = pathLogProb(model, weighting, key === undefined && node > 0 ? parent : node);
  // Below a cut there is nothing to be shared out.
  if (along === null || along === -Infinity) return { logProb: along, stepLogProb: null };
  if (key === undefined && node === 0) return { logProb: 0, stepLogProb: 0 };
  const step = logQOf(model, weighting, parent, key ?? model.key[node] ?? 0);
  return { logProb: step === null ? null : along + step, stepLogProb: step };
}
