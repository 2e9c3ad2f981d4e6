/** What divides a state's interval among its next states, whatever the procedure (core/fan.py). */
import { widthOf } from "./weighting";

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

/** Where a key stands in the arrays of a fan; −1 when it is not there. */
export function placeIn(fan: Pick<Fan, "keys" | "from" | "end">, key: number): number {
  for (let i = fan.from; i < fan.end; i++) if (fan.keys[i] === key) return i;
  return -1;
}

/** Length of the interval of the i-th entry of the arrays. */
export function widthAt(fan: Fan, i: number): number {
  return widthOf(fan.beta, fan.scaled[i]!, fan.logZ);
}
