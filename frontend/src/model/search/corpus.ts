/** The texts of a tree as a search reads them: columns of its nodes, and the bytes of its symbols. */
import { CUT, grown, HIDDEN, NONE } from "../nodes";
import { Decoder } from "./decoder";

/** Nodes that come after those that are there; `marks` are the bits of nodes.ts. */
export interface NodeChunk {
  readonly parent: Uint32Array<ArrayBuffer>;
  readonly key: Uint32Array<ArrayBuffer>;
  /** Given the parent, natural log, under the rule. */
  readonly logProb: Float32Array<ArrayBuffer>;
  readonly marks: Uint8Array<ArrayBuffer>;
  /** The symbols that no node before has: their keys, and their bytes one after another. */
  readonly symbolKey: Uint32Array<ArrayBuffer>;
  readonly symbolLength: Uint32Array<ArrayBuffer>;
  readonly symbolBytes: Uint8Array<ArrayBuffer>;
}

const LIMITS = HIDDEN | CUT;

export class Corpus {
  size = 0;
  parent = new Uint32Array(0);
  /** The number of its symbol in `decoder`; 0 of the root, which has the prompt instead. */
  symbol = new Uint32Array(0);
  depth = new Uint32Array(0);
  /** From the root, natural log, under the rule. */
  cumLogProb = new Float64Array(0);
  /** HIDDEN and CUT, of the state or of one before it. */
  flags = new Uint8Array(0);
  readonly decoder: Decoder;
  private marks = new Uint8Array(0);
  private readonly symbols = new Map<number, number>();

  /**
   * @param prompt the text of the root, which every trajectory begins with.
   * @param isAlone a state is the text of its last step alone: of a rewriting rule.
   */
  constructor(
    readonly prompt: string,
    readonly isAlone: boolean,
  ) {
    this.decoder = new Decoder(isAlone);
  }

  append(chunk: NodeChunk): void {
    let from = 0;
    for (let i = 0; i < chunk.symbolKey.length; i++) {
      const end = from + chunk.symbolLength[i]!;
      const number = this.decoder.add(chunk.symbolBytes.subarray(from, end));
      this.symbols.set(chunk.symbolKey[i]!, number);
      from = end;
    }
    const first = this.size;
    this.reserve(first + chunk.parent.length);
    this.size += chunk.parent.length;
    for (let i = 0; i < chunk.parent.length; i++) {
      const node = first + i;
      const parent = chunk.parent[i]!;
      this.parent[node] = parent;
      this.marks[node] = chunk.marks[i]! & LIMITS;
      if (parent === NONE) continue;
      this.symbol[node] = this.symbols.get(chunk.key[i]!)!;
      this.depth[node] = this.depth[parent]! + 1;
      this.cumLogProb[node] = this.cumLogProb[parent]! + chunk.logProb[i]!;
    }
    this.spread(first);
  }

  /** Takes the marks of all nodes anew; what of it has changed: HIDDEN, CUT, both or 0. */
  mark(marks: Uint8Array): number {
    let changed = 0;
    const size = Math.min(this.size, marks.length);
    for (let node = 0; node < size; node++) {
      const now = marks[node]! & LIMITS;
      changed |= now ^ this.marks[node]!;
      this.marks[node] = now;
    }
    if (changed !== 0) this.spread(0);
    return changed;
  }

  isHidden(node: number): boolean {
    return (this.flags[node]! & HIDDEN) !== 0;
  }

  isCut(node: number): boolean {
    return (this.flags[node]! & CUT) !== 0;
  }

  private spread(first: number): void {
    const { flags, marks, parent, size } = this;
    for (let node = first; node < size; node++) {
      const above = parent[node]!;
      flags[node] = marks[node]! | (above === NONE ? 0 : flags[above]!);
    }
  }

  private reserve(size: number): void {
    const held = this.parent.length;
    if (size <= held) return;
    const capacity = Math.max(1024, size, Math.ceil(held * 1.6));
    this.parent = grown(this.parent, capacity);
    this.symbol = grown(this.symbol, capacity);
    this.depth = grown(this.depth, capacity);
    this.cumLogProb = grown(this.cumLogProb, capacity);
    this.flags = grown(this.flags, capacity);
    this.marks = grown(this.marks, capacity);
  }
}
