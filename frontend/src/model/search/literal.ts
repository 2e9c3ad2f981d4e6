/**
 * Where a text ends, on every trajectory at once. The automaton of Knuth, Morris and Pratt (1977)
 * runs down the tree: a node's state follows from its parent's and its token, and is remembered
 * for both, so that one pass over the nodes in the order of their ids finds every match.
 */
import { grown } from "../nodes";
import type { Corpus } from "./corpus";
import { pointsOf } from "./fold";
import { LONGEST_QUERY, type Search } from "./search";

export class LiteralSearch implements Search {
  readonly rescans = false;
  scanned = 0;
  /** States whose last token completes the text, ascending. */
  ends = new Uint32Array(0);
  found = 0;

  private readonly query: readonly number[];
  /** Of each prefix of the query, its longest border (the failure function). */
  private readonly border: readonly number[];
  /** By node: the automaton's state after it. */
  private after = new Uint32Array(0);
  /** The automaton's states: how much of the query has been read, and bytes of a split character. */
  private readonly read: number[] = [];
  private readonly pending: number[] = [];
  private readonly numbers = new Map<number, number>();
  /** By state, by symbol: twice the next state, and 1 more where a match ends; −1 not known yet. */
  private readonly tables: Int32Array<ArrayBuffer>[] = [];

  constructor(
    private readonly corpus: Corpus,
    query: string,
    private readonly matchCase: boolean,
  ) {
    this.query = pointsOf(query, matchCase);
    this.border = bordersOf(this.query);
    this.numbered(0, 0);
  }

  get isDone(): boolean {
    return this.scanned === this.corpus.size;
  }

  /** Looks through nodes until `isLate` says that it is time to stop. */
  advance(isLate: () => boolean): void {
    while (!this.isDone) {
      this.scan(Math.min(this.corpus.size, this.scanned + 16_384));
      if (isLate()) return;
    }
  }

  /** The end of the text's first occurrence that ends after `from`, in code units; −1 if none. */
  endIn(text: string, from: number): number {
    let matched = 0;
    let at = 0;
    for (const character of text) {
      at += character.length;
      matched = this.next(matched, pointsOf(character, this.matchCase)[0]!);
      if (matched === this.query.length) {
        if (at > from) return at;
        matched = this.border[matched]!;
      }
    }
    return -1;
  }

  /** How many code points it looks for. */
  get length(): number {
    return this.query.length;
  }

  private scan(to: number): void {
    const { parent, symbol, isAlone } = this.corpus;
    if (this.after.length < to) this.after = grown(this.after, parent.length);
    const { after } = this;
    let node = this.scanned;
    if (node === 0 && to > 0) after[node++] = isAlone ? 0 : this.begun();
    for (; node < to; node++) {
      const before = isAlone ? 0 : after[parent[node]!]!;
      const table = this.tables[before]!;
      let step = table[symbol[node]!] ?? -1;
      if (step < 0) step = this.learn(before, symbol[node]!);
      after[node] = step >> 1;
      if ((step & 1) !== 0) this.push(node);
    }
    this.scanned = to;
  }

  /** The state after the prompt. */
  private begun(): number {
    let matched = 0;
    for (const point of pointsOf(this.corpus.prompt, this.matchCase)) {
      matched = this.next(matched, point);
      if (matched === this.query.length) matched = this.border[matched]!;
    }
    return this.numbered(matched, 0);
  }

  private next(matched: number, point: number): number {
    const { query, border } = this;
    let at = matched;
    while (at > 0 && query[at] !== point) at = border[at]!;
    return query[at] === point ? at + 1 : at;
  }

  private learn(state: number, symbol: number): number {
    const piece = this.corpus.decoder.step(this.pending[state]!, symbol);
    let matched = this.read[state]!;
    let hit = 0;
    for (const point of pointsOf(piece.text, this.matchCase)) {
      matched = this.next(matched, point);
      if (matched !== this.query.length) continue;
      hit = 1;
      matched = this.border[matched]!;
    }
    const step = 2 * this.numbered(matched, piece.pending) + hit;
    let table = this.tables[state]!;
    if (symbol >= table.length) {
      const held = table.length;
      table = grown(table, Math.max(256, this.corpus.decoder.count));
      table.fill(-1, held);
      this.tables[state] = table;
    }
    table[symbol] = step;
    return step;
  }

  private numbered(read: number, pending: number): number {
    const name = pending * (LONGEST_QUERY + 1) + read;
    let number = this.numbers.get(name);
    if (number === undefined) {
      number = this.read.length;
      this.numbers.set(name, number);
      this.read.push(read);
      this.pending.push(pending);
      this.tables.push(new Int32Array(0));
    }
    return number;
  }

  private push(node: number): void {
    if (this.found === this.ends.length) {
      this.ends = grown(this.ends, Math.max(256, 2 * this.found));
    }
    this.ends[this.found++] = node;
  }
}

function bordersOf(query: readonly number[]): number[] {
  const border = [0, 0];
  for (let i = 1; i < query.length; i++) {
    let at = border[i]!;
    while (at > 0 && query[at] !== query[i]) at = border[at]!;
    border.push(query[at] === query[i] ? at + 1 : at);
  }
  return border;
}
