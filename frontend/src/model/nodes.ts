/** The nodes of a tree as growing typed arrays; a parent's id is always smaller than its child's. */

export const NONE = 0xffffffff;
export const UNKNOWN_RANK = 0xffffffff;

/** Bits of `marks`. */
export const HIDDEN = 1;
export const CUT = 2;
export const EXPANDED = 4;
/** Known to be there, and not here yet; such a node is hidden. */
const ABSENT = 8;

/** Room to spare when a column is copied to a larger one, and when the next one is due. */
const SPARE = 1.25;
const DUE = 0.92;
const LEAST = 256;

export class Nodes {
  size = 0;
  /** Nodes that are not here yet. */
  absent = 0;
  parent = new Uint32Array(0);
  key = new Uint32Array(0);
  /** Given the parent, natural log, under the rule. */
  logProb = new Float32Array(0);
  depth = new Uint32Array(0);
  /** From the root, natural log, under the rule. */
  cumLogProb = new Float64Array(0);
  /** Among all next states of the parent, 0 the most probable; UNKNOWN_RANK where not known. */
  rank = new Uint32Array(0);
  visits = new Uint32Array(0);
  marks = new Uint8Array(0);
  firstChild = new Uint32Array(0);
  lastChild = new Uint32Array(0);
  nextSibling = new Uint32Array(0);
  /** Where the node's candidates begin; −1 when it was never expanded. */
  start = new Int32Array(0);
  count = new Uint32Array(0);
  complete = new Uint8Array(0);
  /** Of the whole distribution under the rule, bits. */
  entropy = new Float32Array(0);
  /** F(t⁻) under the rule of nodes outside their parent's candidates. */
  readonly tailCum = new Map<number, number>();
  /** The mass of the next states that the rule can tell apart, where that is not the whole. */
  readonly told = new Map<number, number>();

  /** Each copies one column to so much room. */
  private readonly columns: readonly ((capacity: number) => void)[] = [
    (n) => (this.parent = grown(this.parent, n)),
    (n) => (this.key = grown(this.key, n)),
    (n) => (this.logProb = grown(this.logProb, n)),
    (n) => (this.depth = grown(this.depth, n)),
    (n) => (this.cumLogProb = grown(this.cumLogProb, n)),
    (n) => (this.rank = grown(this.rank, n)),
    (n) => (this.visits = grown(this.visits, n)),
    (n) => (this.marks = grown(this.marks, n)),
    (n) => (this.firstChild = grown(this.firstChild, n)),
    (n) => (this.lastChild = grown(this.lastChild, n)),
    (n) => (this.nextSibling = grown(this.nextSibling, n)),
    (n) => (this.start = grown(this.start, n)),
    (n) => (this.count = grown(this.count, n)),
    (n) => (this.complete = grown(this.complete, n)),
    (n) => (this.entropy = grown(this.entropy, n)),
  ];
  private readonly room = this.columns.map(() => 0);

  constructor() {
    this.append(NONE, 0, 0);
    this.rank[0] = 0;
  }

  append(parent: number, key: number, logProb: number): number {
    const id = this.size;
    this.reserve(id + 1);
    this.size = id + 1;
    this.put(id, parent, key, logProb);
    if (parent === NONE) return id;
    const elder = this.lastChild[parent]!;
    if (elder === NONE) this.firstChild[parent] = id;
    else this.nextSibling[elder] = id;
    this.lastChild[parent] = id;
    return id;
  }

  /** Makes room for `size` nodes, so that many appends cost one copy. */
  reserve(size: number): void {
    this.columns.forEach((copy, i) => {
      if (size > this.room[i]!) this.copy(i, copy, Math.max(LEAST, size, Math.ceil(size * SPARE)));
    });
  }

  /**
   * Copies at most one column, if room is getting short. Called once an event, it leaves nothing for
   * `reserve` to do: to copy all columns of a large tree at once would hold up the page.
   */
  prepare(): void {
    const least = this.room.indexOf(Math.min(...this.room));
    if (this.size > LEAST && this.size > this.room[least]! * DUE) {
      this.copy(least, this.columns[least]!, Math.ceil(this.size * SPARE));
    }
  }

  // -- a tree that comes in pieces

  /** Room for exactly `size` nodes, none of which is here yet, but for the root. */
  expect(size: number): void {
    this.columns.forEach((copy, i) => this.copy(i, copy, size));
    this.marks.fill(HIDDEN | ABSENT, 1);
    this.size = size;
    this.absent = size - 1;
  }

  isAbsent(id: number): boolean {
    return (this.marks[id]! & ABSENT) !== 0;
  }

  /** Puts nodes of the first piece in their places, ids ascending. */
  putFirst(
    ids: ArrayLike<number>,
    parents: ArrayLike<number>,
    keys: ArrayLike<number>,
    logProbs: ArrayLike<number>,
  ): void {
    const { firstChild, lastChild, nextSibling } = this;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i]!;
      const parent = parents[i]!;
      this.put(id, parent, keys[i]!, logProbs[i]!);
      const elder = lastChild[parent]!;
      if (elder === NONE) firstChild[parent] = id;
      else nextSibling[elder] = id;
      lastChild[parent] = id;
    }
    this.absent -= ids.length;
    // From here on the last child is the last of those that `putNext` has come past.
    for (let i = 0; i < ids.length; i++) lastChild[parents[i]!] = NONE;
  }

  /** The node of the next id: puts it in its place, unless it came with the first piece. */
  putNext(id: number, parent: number, key: number, logProb: number): void {
    const { firstChild, lastChild, nextSibling } = this;
    const isHere = !this.isAbsent(id);
    if (!isHere) {
      this.put(id, parent, key, logProb);
      this.absent--;
      const elder = lastChild[parent]!;
      if (elder === NONE) {
        nextSibling[id] = firstChild[parent]!;
        firstChild[parent] = id;
      } else {
        nextSibling[id] = nextSibling[elder]!;
        nextSibling[elder] = id;
      }
    }
    lastChild[parent] = id;
  }

  private put(id: number, parent: number, key: number, logProb: number): void {
    this.parent[id] = parent;
    this.key[id] = key;
    this.logProb[id] = logProb;
    this.rank[id] = UNKNOWN_RANK;
    this.marks[id] = 0;
    this.firstChild[id] = this.lastChild[id] = this.nextSibling[id] = NONE;
    this.start[id] = -1;
    this.entropy[id] = NaN;
    if (parent === NONE) return;
    this.depth[id] = this.depth[parent]! + 1;
    this.cumLogProb[id] = this.cumLogProb[parent]! + this.logProb[id]!;
  }

  private copy(column: number, copy: (capacity: number) => void, capacity: number): void {
    copy(capacity);
    this.room[column] = capacity;
  }
}

type Growing =
  | Uint8Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Float32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** A longer copy, zeros after what was there. */
export function grown<T extends Growing>(values: T, capacity: number): T {
  const Maker = values.constructor as new (length: number) => T;
  const copy = new Maker(capacity);
  copy.set(values.length > capacity ? (values.subarray(0, capacity) as T) : values);
  return copy;
}
