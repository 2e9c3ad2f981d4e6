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

export interface Weighting {
  readonly fingerprint: string;
  /** Inverse temperature; 0 when greedy. */
  readonly beta: number;
  /** null: the state is not expanded, or not yet under this procedure. */
  weightsAt(node: number): Weights | null;
  /** Whether there are weights at a state. */
  isWeighed(node: number): boolean;
  /** Whether this procedure needs more at a state than the rule tells. */
  isUntold(node: number): boolean;
  /** F(t⁻) of a child outside its parent's stored candidates; NaN where not known. */
  tailCumAt(node: number): number;
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

/** Weights of one procedure, one row a node; rows not set read as "not yet". */
export class WeightTable {
  private logZ = new Float64Array(0);
  private kept = new Uint32Array(0);
  private entropy = new Float32Array(0);
  private tailCum = new Float64Array(0);
  private readonly untold = new Set<number>();

  set(node: number, logZ: number, kept: number, entropy: number): void {
    this.reserve(node + 1);
    this.logZ[node] = logZ;
    this.kept[node] = kept;
    this.entropy[node] = entropy;
  }

  setTailCum(node: number, cum: number): void {
    this.reserve(node + 1);
    this.tailCum[node] = cum;
  }

  setUntold(node: number): void {
    this.untold.add(node);
  }

  isUntold(node: number): boolean {
    return this.untold.has(node);
  }

  at(node: number): Weights | null {
    if (!this.has(node)) return null;
    return { logZ: this.logZ[node]!, kept: this.kept[node]!, entropy: this.entropy[node]! };
  }

  has(node: number): boolean {
    return !Number.isNaN(this.logZ[node] ?? NaN);
  }

  tailCumAt(node: number): number {
    return this.tailCum[node] ?? NaN;
  }

  private reserve(size: number): void {
    if (size <= this.logZ.length) return;
    const capacity = Math.max(256, size, Math.ceil(this.logZ.length * 1.6));
    const logZ = new Float64Array(capacity).fill(NaN);
    const tailCum = new Float64Array(capacity).fill(NaN);
    const kept = new Uint32Array(capacity);
    const entropy = new Float32Array(capacity);
    logZ.set(this.logZ);
    tailCum.set(this.tailCum);
    kept.set(this.kept);
    entropy.set(this.entropy);
    this.logZ = logZ;
    this.tailCum = tailCum;
    this.kept = kept;
    this.entropy = entropy;
  }
}
