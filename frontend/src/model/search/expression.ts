/**
 * Where a regular expression matches. Every trajectory, from the prompt to a leaf, is searched like
 * a text: from left to right, matches not overlapping. A match, and what it looks at around it,
 * lies within 64 tokens (the prompt counts as one), so that of a trajectory only the part is
 * searched that the one before it did not share.
 */
import { grown, NONE } from "../nodes";
import type { Corpus } from "./corpus";
import { reachOf } from "./reach";
import type { Search, Span } from "./search";

export const WINDOW = 64;

/** Code units of a trajectory that are kept before where it is searched, about. */
const LONG_TEXT = 16_384;
const LEAVES_BETWEEN_LOOKS = 16;

/** A match on the trajectory that is being searched; places in code units from its beginning. */
interface Match {
  readonly depth: number;
  readonly from: number;
  readonly end: number;
}

/** Throws a SyntaxError where the source is no regular expression. */
export function compiled(source: string, matchCase: boolean): RegExp {
  return new RegExp(source, matchCase ? "gmu" : "gimu");
}

export class ExpressionSearch implements Search {
  readonly rescans: boolean;
  scanned = 0;
  isDone = false;
  ends = new Uint32Array(0);
  found = 0;

  private starts = new Uint32Array(0);
  private startOffsets = new Uint32Array(0);
  private endOffsets = new Uint32Array(0);
  /** By node: 1 + where its match stands in the arrays above. */
  private readonly slot: Uint32Array;
  private readonly firstChild: Uint32Array;
  private readonly nextSibling: Uint32Array;
  private readonly waiting: number[] = [];

  // The trajectory that is being searched, by depth.
  private readonly nodes: number[] = [];
  private readonly texts: string[] = [];
  private readonly pending: number[] = [];
  /** Where each state's text ends, code units from the beginning of the trajectory. */
  private readonly until: number[] = [];
  private matches: Match[] = [];
  /** The text of the trajectory from the state at depth `base` on. */
  private text = "";
  private base = 0;
  private readonly sticky: RegExp;
  /** Code units. */
  private readonly reach: number;
  private readonly size: number;

  constructor(
    private readonly corpus: Corpus,
    private readonly expression: RegExp,
    private readonly window = WINDOW,
  ) {
    this.rescans = !corpus.isAlone;
    this.sticky = new RegExp(expression.source, expression.flags.replace("g", "y"));
    this.reach = reachOf(expression.source);
    this.size = corpus.size;
    this.slot = new Uint32Array(this.size);
    this.firstChild = new Uint32Array(this.size).fill(NONE);
    this.nextSibling = new Uint32Array(this.size).fill(NONE);
    for (let node = this.size - 1; node > 0; node--) {
      if (corpus.isHidden(node)) continue;
      const parent = corpus.parent[node]!;
      this.nextSibling[node] = this.firstChild[parent]!;
      this.firstChild[parent] = node;
    }
    if (this.size > 0) this.waiting.push(0);
    else this.isDone = true;
  }

  advance(isLate: () => boolean): void {
    let leaves = 0;
    while (this.waiting.length > 0) {
      const first = this.corpus.depth[this.waiting[this.waiting.length - 1]!]!;
      const last = this.descend();
      if (this.corpus.isAlone) this.searchAlone(first, last);
      else this.searchPath(first, last);
      leaves += 1;
      if (leaves % LEAVES_BETWEEN_LOOKS === 0 && isLate()) return;
    }
    this.isDone = true;
  }

  /** Where the text of a state's match is; null where none ends. */
  spanOf(node: number): Span | null {
    const at = (this.slot[node] ?? 0) - 1;
    if (at < 0) return null;
    return {
      start: this.starts[at]!,
      startOffset: this.startOffsets[at]!,
      endOffset: this.endOffsets[at]!,
    };
  }

  /** From the next state that waits to a leaf, always by the first child; the leaf's depth. */
  private descend(): number {
    let node = this.waiting.pop()!;
    for (;;) {
      const depth = this.corpus.depth[node]!;
      this.enter(node, depth);
      const child = this.firstChild[node]!;
      const sibling = this.nextSibling[node]!;
      if (sibling !== NONE && node !== 0) this.waiting.push(sibling);
      if (child === NONE) return depth;
      node = child;
    }
  }

  private enter(node: number, depth: number): void {
    this.scanned += 1;
    this.nodes[depth] = node;
    if (depth === 0) {
      this.texts[0] = this.corpus.prompt;
      this.pending[0] = 0;
      this.until[0] = this.corpus.prompt.length;
      return;
    }
    const piece = this.corpus.decoder.step(this.pending[depth - 1]!, this.corpus.symbol[node]!);
    this.texts[depth] = piece.text;
    this.pending[depth] = piece.pending;
    this.until[depth] = this.until[depth - 1]! + piece.text.length;
  }

  /** Under a rewriting rule: every state is a text of its own. */
  private searchAlone(first: number, last: number): void {
    for (let depth = Math.max(1, first); depth <= last; depth++) {
      this.expression.lastIndex = 0;
      const text = this.texts[depth]!;
      for (let hit = this.expression.exec(text); hit !== null; hit = this.expression.exec(text)) {
        if (hit[0].length > 0) {
          this.report(depth, hit.index, depth, hit.index + hit[0].length);
          break;
        }
        this.expression.lastIndex += 1;
      }
    }
  }

  /** The trajectory to the leaf at depth `last`; from `first` on it is new. */
  private searchPath(first: number, last: number): void {
    this.extend(first, last);
    const affected = Math.max(0, first - this.window + 1);
    // Of places so far before what is new, the expression says what it has said before.
    const told = this.startOf(first) - this.reach;
    let known = this.matches.pop();
    while (known !== undefined && known.depth >= affected && known.from > told) {
      known = this.matches.pop();
    }
    if (known !== undefined) this.matches.push(known);
    const origin = this.startOf(this.base);
    const resume = Math.max(this.startOf(affected), told + 1, known?.end ?? 0);
    const { expression, text } = this;
    expression.lastIndex = resume - origin;
    for (let hit = expression.exec(text); hit !== null; hit = expression.exec(text)) {
      const from = origin + hit.index;
      const startDepth = this.depthAt(from, last);
      const length = this.fitting(hit, startDepth, last, origin);
      if (length === 0) {
        const point = text.codePointAt(hit.index) ?? 0;
        expression.lastIndex = hit.index + (point > 0xffff ? 2 : 1);
        continue;
      }
      const end = from + length;
      expression.lastIndex = end - origin;
      this.matches.push({ depth: startDepth, from, end });
      const endDepth = this.depthAt(end - 1, last);
      if (endDepth > 0) {
        this.report(
          startDepth,
          from - this.startOf(startDepth),
          endDepth,
          end - this.startOf(endDepth),
        );
      }
    }
  }

  /** The length of a match, or of the one at its place that ends within the window; 0 if none. */
  private fitting(hit: RegExpExecArray, startDepth: number, last: number, origin: number): number {
    const beyond = startDepth + this.window - 1;
    if (beyond >= last) return hit[0].length;
    const limit = this.until[beyond]! - origin;
    if (hit.index + hit[0].length <= limit) return hit[0].length;
    this.sticky.lastIndex = hit.index;
    return this.sticky.exec(this.text.slice(0, limit))?.[0].length ?? 0;
  }

  private extend(first: number, last: number): void {
    const origin = this.startOf(this.base);
    const kept = this.startOf(first) - origin;
    const base = Math.max(0, first - 2 * this.window);
    // What has to be searched again may begin before the text that is kept.
    const isBefore = this.base > 0 && first - this.window < this.base;
    if (isBefore || (kept > LONG_TEXT && base > this.base)) {
      this.base = base;
      this.text = this.texts.slice(base, last + 1).join("");
      return;
    }
    this.text = this.text.slice(0, kept) + this.texts.slice(first, last + 1).join("");
  }

  private startOf(depth: number): number {
    return depth === 0 ? 0 : this.until[depth - 1]!;
  }

  /** The depth of the state whose text the code unit at `place` belongs to. */
  private depthAt(place: number, last: number): number {
    let low = this.base;
    let high = last;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.until[middle]! > place) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  private report(startDepth: number, startOffset: number, endDepth: number, endOffset: number): void {
    const end = this.nodes[endDepth]!;
    const start = this.nodes[startDepth]!;
    let at = this.slot[end]! - 1;
    if (at >= 0) {
      // Of matches that end at a state, the one that begins first, whichever was found first.
      const known = this.starts[at]!;
      if (known < start || (known === start && this.startOffsets[at]! <= startOffset)) return;
    } else {
      at = this.found++;
      if (at === this.ends.length) this.reserve(Math.max(256, 2 * at));
      this.slot[end] = at + 1;
    }
    this.ends[at] = end;
    this.starts[at] = start;
    this.startOffsets[at] = startOffset;
    this.endOffsets[at] = endOffset;
  }

  private reserve(capacity: number): void {
    this.ends = grown(this.ends, capacity);
    this.starts = grown(this.starts, capacity);
    this.startOffsets = grown(this.startOffsets, capacity);
    this.endOffsets = grown(this.endOffsets, capacity);
  }
}
