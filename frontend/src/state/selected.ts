import { Conditioning } from "../model/conditioning";
import type { TreeModel } from "../model/tree";
import type { Weighting } from "../model/weighting";
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

/** Of a zoom into a state, under the rule, or as much as is known under another weighting. */
export function selectedBits(
  model: TreeModel,
  anchor: number,
  base: Weighting = model.ruleWeighting,
): Selected {
  const conditioning = new Conditioning(model, base);
  const here = conditioning.leftAt(anchor);
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
