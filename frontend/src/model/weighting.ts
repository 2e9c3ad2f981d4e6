/** What a sampling procedure makes of the states of a tree, by its result at each state. */
import type { Step } from "../base/headers";

/** Fingerprint of the procedure without steps: the rule itself. */
export const RULE = "rule";
/** `kept` of a procedure that cuts nothing at a state. */
export const ALL_KEPT = 0xffffffff;

/** q(r) = exp(β·log p_r − logZ) for rank r < kept, else 0; entropy in bits. */
export interface Weights {
  readonly logZ: number;
  readonly kept: number;
  readonly entropy: number;
}

/**
 * The next states of one state in a procedure's own order, the most probable under it first: those
 * at from ≤ i < end of arrays that hold the rankings of all states.
 */
export interface Ranking {
  readonly keys: Uint32Array;
  /** Natural logs, under the rule and under the procedure. */
  readonly logProbs: Float32Array;
  readonly logQ: Float32Array;
  readonly from: number;
  readonly end: number;
}

export interface Weighting {
  readonly fingerprint: string;
  /** Inverse temperature; 0 when greedy. Without meaning where there is a ranking of its own. */
  readonly beta: number;
  /** null: the state is not expanded, or not yet under this procedure. */
  weightsAt(node: number): Weights | null;
  /** Whether there are weights at a state. */
  isWeighed(node: number): boolean;
  /** Whether this procedure needs more at a state than the rule tells. */
  isUntold(node: number): boolean;
  /** Its own ranking at a weighed state; null where it keeps the rule's order. */
  ownAt(node: number): Ranking | null;
  /** F(t⁻) of a child outside what is stored of its parent; NaN where not known. */
  tailCumAt(node: number): number;
  /** What stands for `scaled` (see Fan) of such a child; NaN where not known. */
  tailScaledAt(node: number): number;
  /** The share of a state's mass that is left: 1 unless conditioned (model/conditioning.ts). */
  leftAt(node: number): number;
  /** Where a place F of a state's interval lies: itself, unless conditioned. */
  moved(node: number, cum: number): number;
}

/**
 * q of a next state as the length of its interval, rounded to float32: exponentials differ in the
 * last bit between libraries, and a line magnifies that until it takes another path than the
 * server's (core/sampling.py, `widths`).
 */
export function widthOf(beta: number, logProb: number, logZ: number): number {
  return Math.fround(Math.exp(beta * logProb - logZ));
}

/** β = 1/ΠT over the temperature steps; 0 when one of them is 0 (greedy). */
export function inverseTemperature(procedure: readonly Step[]): number {
  let product = 1;
  for (const step of procedure) if (step.kind === "temperature") product *= step.value;
  return product === 0 ? 0 : 1 / product;
}
