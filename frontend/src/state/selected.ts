import { Conditioning } from "../model/conditioning";
import type { TreeModel } from "../model/tree";
import type { Weighting } from "../model/weighting";
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
