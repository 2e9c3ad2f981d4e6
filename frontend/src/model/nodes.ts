/** The nodes of a tree as growing typed arrays; a parent's id is always smaller than its child's. */

export const NONE = 0xffffffff;
export const UNKNOWN_RANK = 0xffffffff;

/** Bits of `marks`. */
export const HIDDEN = 1;
export const CUT = 2;
export const EXPANDED = 4;

export class Nodes {
  size = 0;
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
  /** F(t⁻) under the rule of a node outside its parent's candidates; NaN elsewhere. */
  tailCum = new Float64Array(0);
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
  /** The mass of the next states that the rule can tell apart; 1 where it tells the whole. */
  told = new Float64Array(0);

  constructor() {
    this.append(NONE, 0, 0);
    this.rank[0] = 0;
  }

  append(parent: number, key: number, logProb: number): number {
    const id = this.size;
    this.reserve(id + 1);
    this.size = id + 1;
    this.parent[id] = parent;
    this.key[id] = key;
    this.logProb[id] = logProb;
    this.rank[id] = UNKNOWN_RANK;
    this.tailCum[id] = NaN;
    this.firstChild[id] = this.lastChild[id] = this.nextSibling[id] = NONE;
    this.start[id] = -1;
    this.entropy[id] = NaN;
    this.told[id] = 1;
    if (parent === NONE) return id;
    this.depth[id] = this.depth[parent]! + 1;
    this.cumLogProb[id] = this.cumLogProb[parent]! + this.logProb[id]!;
    const elder = this.lastChild[parent]!;
    if (elder === NONE) this.firstChild[parent] = id;
    else this.nextSibling[elder] = id;
    this.lastChild[parent] = id;
    return id;
  }

  /** Makes room for `size` nodes, so that many appends cost one copy. */
  reserve(size: number): void {
    const held = this.parent.length;
    if (size <= held) return;
    const capacity = Math.max(256, size, Math.ceil(held * 1.6));
    this.parent = grown(this.parent, capacity);
    this.key = grown(this.key, capacity);
    this.logProb = grown(this.logProb, capacity);
    this.depth = grown(this.depth, capacity);
    this.cumLogProb = grown(this.cumLogProb, capacity);
    this.rank = grown(this.rank, capacity);
    this.visits = grown(this.visits, capacity);
    this.tailCum = grown(this.tailCum, capacity);
    this.marks = grown(this.marks, capacity);
    this.firstChild = grown(this.firstChild, capacity);
    this.lastChild = grown(this.lastChild, capacity);
    this.nextSibling = grown(this.nextSibling, capacity);
    this.start = grown(this.start, capacity);
    this.count = grown(this.count, capacity);
    this.complete = grown(this.complete, capacity);
    this.entropy = grown(this.entropy, capacity);
    this.told = grown(this.told, capacity);
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
  copy.set(values);
  return copy;
}
