/** What a search has found, as it is listed: most probable first, each match in its context. */
import type { Corpus } from "./corpus";
import { ExpressionSearch } from "./expression";
import { LiteralSearch } from "./literal";
import { pendingLength } from "./decoder";
import { lets, type Filter, type Search, type Span } from "./search";

/** One match in its context. */
export interface Row {
  /** The state at which it ends. */
  readonly node: number;
  /** The first state that it touches; the prompt is 0. */
  readonly start: number;
  readonly before: string;
  readonly match: string;
  /** The rest of the last token. */
  readonly after: string;
  readonly isCut: boolean;
}

/** Code units of context that are told on each side, and of the match, at most. */
const CONTEXT = 60;
const MATCH = 160;
/** Tokens before a match that its context is taken from, at most. */
const TOKENS = 24;
/** A character begins so many bytes before a byte of it, at most. */
const CHARACTER = 4;

/**
 * Ends of matches that are not hidden and that the filter lets through, most probable first (to
 * float32), ties by id.
 */
export function ordered(corpus: Corpus, search: Search, filter: Filter): Uint32Array<ArrayBuffer> {
  const { cumLogProb, depth } = corpus;
  const ends = new Uint32Array(search.found);
  let count = 0;
  for (let i = 0; i < search.found; i++) {
    const node = search.ends[i]!;
    if (corpus.isHidden(node) || !lets(filter, cumLogProb[node]!, depth[node]!)) continue;
    ends[count++] = node;
  }
  const kept = ends.slice(0, count).sort();
  const surprisal = Float32Array.from(kept, (node) => -cumLogProb[node]!);
  return byKey(kept, new Uint32Array(surprisal.buffer));
}

/** Values by their keys, smallest first; equal keys keep their order (radix sort, 11 bits a pass). */
function byKey(
  values: Uint32Array<ArrayBuffer>,
  keys: Uint32Array<ArrayBuffer>,
): Uint32Array<ArrayBuffer> {
  let [from, to] = [values, new Uint32Array(values.length)];
  let [fromKey, toKey] = [keys, new Uint32Array(keys.length)];
  for (let shift = 0; shift < 32; shift += 11) {
    const places = new Uint32Array(2048);
    for (const key of fromKey) places[(key >>> shift) & 2047]!++;
    for (let i = 0, sum = 0; i < 2048; i++) {
      const here = places[i]!;
      places[i] = sum;
      sum += here;
    }
    for (let i = 0; i < from.length; i++) {
      const place = places[(fromKey[i]! >>> shift) & 2047]!++;
      to[place] = from[i]!;
      toKey[place] = fromKey[i]!;
    }
    [from, to] = [to, from];
    [fromKey, toKey] = [toKey, fromKey];
  }
  return from;
}

type AnySearch = LiteralSearch | ExpressionSearch;

/** The first state that the match touches which ends at a state; the prompt is 0. */
export function startOf(corpus: Corpus, search: AnySearch, node: number): number {
  if (search instanceof ExpressionSearch) {
    const span = search.spanOf(node);
    return span === null ? node : touched(corpus, span);
  }
  const { path, texts } = pathTo(corpus, node, search.length, node, 0);
  return touched(corpus, literalSpan(search, path, texts));
}

/** The match that ends at a state. */
export function rowOf(corpus: Corpus, search: AnySearch, node: number): Row {
  const least = search instanceof LiteralSearch ? search.length : 0;
  const known = search instanceof ExpressionSearch ? search.spanOf(node) : null;
  const { path, texts } = pathTo(corpus, node, least, known?.start ?? node, TOKENS);
  const span = known ?? literalSpan(search as LiteralSearch, path, texts);
  const first = path.indexOf(span.start);
  const last = texts.length - 1;
  const end = texts[last]!;
  const between = texts.slice(first, last).join("");
  const lead = texts.slice(0, first).join("") + texts[first]!.slice(0, span.startOffset);
  return {
    node,
    start: touched(corpus, span),
    before: tail(lead, CONTEXT),
    match: head((between + end.slice(0, span.endOffset)).slice(span.startOffset), MATCH),
    after: head(end.slice(span.endOffset), CONTEXT),
    isCut: corpus.isCut(node),
  };
}

/**
 * The states that end at `node` and their texts: so many that they hold the first one of the match
 * and `context` tokens at least. Before the first there may be half a character, so a few more are read.
 */
function pathTo(
  corpus: Corpus,
  node: number,
  least: number,
  start: number,
  context: number,
): { path: number[]; texts: string[] } {
  if (corpus.isAlone) {
    return { path: [node], texts: [corpus.decoder.step(0, corpus.symbol[node]!).text] };
  }
  const path: number[] = [];
  let extra = 0;
  let bytes = 0;
  let hasStart = false;
  let at = node;
  for (;;) {
    path.push(at);
    if (at === 0) break;
    hasStart ||= at <= start;
    const length = corpus.decoder.lengthOf(corpus.symbol[at]!);
    // A character may be four bytes, in the tree as in the query.
    const isEnough = hasStart && path.length >= context && bytes >= CHARACTER * (least + 1);
    if (at !== node) bytes += length;
    if (isEnough) extra += length;
    if (extra >= CHARACTER) break;
    at = corpus.parent[at]!;
  }
  path.reverse();
  let pending = 0;
  const texts = path.map((state) => {
    if (state === 0) return corpus.prompt;
    const piece = corpus.decoder.step(pending, corpus.symbol[state]!);
    pending = piece.pending;
    return piece.text;
  });
  return { path, texts };
}

function literalSpan(search: LiteralSearch, path: readonly number[], texts: readonly string[]): Span {
  const text = texts.join("");
  const last = text.length - texts[texts.length - 1]!.length;
  const end = search.endIn(text, last);
  let start = end;
  for (let i = 0; i < search.length; i++) {
    start -= 1;
    const isLow = (text.charCodeAt(start) & 0xfc00) === 0xdc00;
    if (isLow && (text.charCodeAt(start - 1) & 0xfc00) === 0xd800) start -= 1;
  }
  let index = 0;
  let before = 0;
  while (before + texts[index]!.length <= start) before += texts[index++]!.length;
  return { start: path[index]!, startOffset: start - before, endOffset: end - last };
}

/** The state in which the first character of a match begins: it may be split. */
function touched(corpus: Corpus, { start, startOffset }: Span): number {
  if (startOffset > 0 || start === 0 || corpus.isAlone) return start;
  let node = start;
  let left = pendingLength(pendingBefore(corpus, start));
  while (left > 0) {
    node = corpus.parent[node]!;
    left -= corpus.decoder.lengthOf(corpus.symbol[node]!);
  }
  return node;
}

/** What is left of a split character before a state. */
function pendingBefore(corpus: Corpus, node: number): number {
  const symbols: number[] = [];
  let bytes = 0;
  for (let at = corpus.parent[node]!; at > 0 && bytes < CHARACTER; at = corpus.parent[at]!) {
    symbols.push(corpus.symbol[at]!);
    bytes += corpus.decoder.lengthOf(corpus.symbol[at]!);
  }
  return symbols.reduceRight((pending, one) => corpus.decoder.step(pending, one).pending, 0);
}

const isHalf = (text: string, at: number): boolean => (text.charCodeAt(at) & 0xfc00) === 0xdc00;

const tail = (text: string, most: number): string => {
  const from = Math.max(0, text.length - most);
  return text.slice(isHalf(text, from) ? from + 1 : from);
};

const head = (text: string, most: number): string => {
  const end = Math.min(text.length, most);
  return text.slice(0, end < text.length && isHalf(text, end) ? end - 1 : end);
};
