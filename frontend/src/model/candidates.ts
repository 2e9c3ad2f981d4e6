/** The stored next states of all expansions, in blocks: what is there is never copied again. */

/** Entries of a block; those of one expansion stand together in one. */
const BLOCK = 1 << 16;
/** Of the first one: most trees are small. */
const FIRST = 1 << 10;

/** The entries of one expansion: those at from ≤ i < end of the arrays, most probable first. */
export interface CandidateRow {
  readonly keys: Uint32Array;
  /** Natural logs under the rule. */
  readonly logProbs: Float32Array;
  readonly from: number;
  readonly end: number;
}

export class CandidateStore {
  private readonly keys: Uint32Array[] = [];
  private readonly logProbs: Float32Array[] = [];
  /** Entries of the last block that are taken, and that it has. */
  private taken = 0;
  private room = 0;

  /** Takes `count` entries that begin at `from`; returns where `row` finds them. */
  add(keys: ArrayLike<number>, logProbs: ArrayLike<number>, from: number, count: number): number {
    if (this.taken + count > this.room) this.begin(count);
    const block = this.keys.length - 1;
    const start = this.taken;
    const [toKeys, toLogs] = [this.keys[block]!, this.logProbs[block]!];
    for (let k = 0; k < count; k++) {
      toKeys[start + k] = keys[from + k]!;
      toLogs[start + k] = logProbs[from + k]!;
    }
    this.taken = start + count;
    return block * BLOCK + start;
  }

  row(start: number, count: number): CandidateRow {
    const block = Math.floor(start / BLOCK);
    const from = start % BLOCK;
    return {
      keys: this.keys[block] ?? NO_KEYS,
      logProbs: this.logProbs[block] ?? NO_LOGS,
      from,
      end: from + count,
    };
  }

  /** The place of a key in such a row; −1 when it is not there. */
  placeOf(start: number, count: number, key: number): number {
    const keys = this.keys[Math.floor(start / BLOCK)];
    if (keys === undefined) return -1;
    const from = start % BLOCK;
    for (let k = 0; k < count; k++) if (keys[from + k] === key) return k;
    return -1;
  }

  private begin(count: number): void {
    // One that is larger than a block has it for itself.
    const size = Math.max(this.keys.length === 0 ? FIRST : BLOCK, count);
    this.keys.push(new Uint32Array(size));
    this.logProbs.push(new Float32Array(size));
    this.taken = 0;
    this.room = size;
  }
}

const NO_KEYS = new Uint32Array(0);
const NO_LOGS = new Float32Array(0);
