/** The weights of one procedure at the states of a tree, one row a node. */
import { column, type Columns } from "../base/columns";
import { grown } from "./nodes";
import type { Ranking, Weights } from "./weighting";

const NONE = -1;
const SPARE = 1.3;

/** Rows not set read as "not yet". */
export class WeightTable {
  private logZ = new Float64Array(0);
  private kept = new Uint32Array(0);
  private entropy = new Float32Array(0);
  private readonly tailCum = new Map<number, number>();
  private readonly tailLogQ = new Map<number, number>();
  private readonly untold = new Set<number>();
  /** Where the ranking of a node begins, and how long it is; −1 where there is none. */
  private ownStart = new Int32Array(0);
  private ownCount = new Uint32Array(0);
  private ownKeys = new Uint32Array(0);
  private ownLogProbs = new Float32Array(0);
  private ownLogQ = new Float32Array(0);
  private ownSize = 0;
  /** Whether the procedure has rankings of its own. */
  reorders = false;

  /** Takes the weight_* columns of a frame. */
  take(columns: Columns): void {
    const nodes = column(columns, "weight_node");
    const logZ = column(columns, "weight_log_z");
    const kept = column(columns, "weight_kept");
    const entropy = column(columns, "weight_entropy");
    for (let i = 0; i < nodes.length; i++) this.set(nodes[i]!, logZ[i]!, kept[i]!, entropy[i]!);
    for (const node of column(columns, "weight_untold_node")) this.untold.add(node);
    const tails = column(columns, "weight_tail_node");
    const cums = column(columns, "weight_tail_cum");
    const logs = column(columns, "weight_tail_log_q");
    for (let i = 0; i < tails.length; i++) {
      this.tailCum.set(tails[i]!, cums[i]!);
      if (i < logs.length) this.tailLogQ.set(tails[i]!, logs[i]!);
    }
    this.takeRankings(columns);
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

  /** Empty where nothing was stored for a state that is weighed. */
  ownAt(node: number): Ranking | null {
    if (!this.reorders) return null;
    const from = Math.max(0, this.ownStart[node] ?? 0);
    return {
      keys: this.ownKeys,
      logProbs: this.ownLogProbs,
      logQ: this.ownLogQ,
      from,
      end: from + (this.ownCount[node] ?? 0),
    };
  }

  tailCumAt(node: number): number {
    return this.tailCum.get(node) ?? NaN;
  }

  tailLogQAt(node: number): number {
    return this.tailLogQ.get(node) ?? NaN;
  }

  private set(node: number, logZ: number, kept: number, entropy: number): void {
    this.reserve(node + 1);
    this.logZ[node] = logZ;
    this.kept[node] = kept;
    this.entropy[node] = entropy;
  }

  private takeRankings(columns: Columns): void {
    const nodes = column(columns, "weight_own_node");
    const counts = column(columns, "weight_own_count");
    const keys = column(columns, "weight_own_key");
    const logProbs = column(columns, "weight_own_log_prob");
    const logQ = column(columns, "weight_own_log_q");
    if (nodes.length > 0) this.reorders = true;
    this.reserveOwn(this.ownSize + keys.length);
    let from = 0;
    for (let i = 0; i < nodes.length; i++) {
      const node = nodes[i]!;
      const count = counts[i]!;
      this.reserveStarts(node + 1);
      // A state that is weighed again (the same procedure) is of the same length, mostly.
      const again = this.ownStart[node] !== NONE && this.ownCount[node] === count;
      const start = again ? this.ownStart[node]! : this.ownSize;
      for (let k = 0; k < count; k++) {
        this.ownKeys[start + k] = keys[from + k]!;
        this.ownLogProbs[start + k] = logProbs[from + k]!;
        this.ownLogQ[start + k] = logQ[from + k]!;
      }
      this.ownStart[node] = start;
      this.ownCount[node] = count;
      if (!again) this.ownSize += count;
      from += count;
    }
  }

  private reserve(size: number): void {
    if (size <= this.logZ.length) return;
    const held = this.logZ.length;
    const capacity = Math.max(256, size, Math.ceil(held * SPARE));
    this.logZ = grown(this.logZ, capacity).fill(NaN, held);
    this.kept = grown(this.kept, capacity);
    this.entropy = grown(this.entropy, capacity);
  }

  /** Only a procedure that reorders needs this. */
  private reserveStarts(size: number): void {
    const held = this.ownStart.length;
    if (size <= held) return;
    const capacity = Math.max(256, size, Math.ceil(held * SPARE));
    this.ownStart = grown(this.ownStart, capacity).fill(NONE, held);
    this.ownCount = grown(this.ownCount, capacity);
  }

  private reserveOwn(size: number): void {
    const held = this.ownKeys.length;
    if (size <= held) return;
    const capacity = Math.max(1024, size, Math.ceil(held * SPARE));
    this.ownKeys = grown(this.ownKeys, capacity);
    this.ownLogProbs = grown(this.ownLogProbs, capacity);
    this.ownLogQ = grown(this.ownLogQ, capacity);
  }
}
