/** The search's worker: it keeps the texts of one tree, and answers one search at a time. */
import { Corpus } from "./corpus";
import { compiled, ExpressionSearch } from "./expression";
import { LiteralSearch } from "./literal";
import { MOST_STARTS, PAGE, type Answer, type Port, type Query, type Request } from "./messages";
import { ordered, rowOf, startOf } from "./results";
import { EVERYTHING, type Filter } from "./search";

/** It works so long before it listens again, ms. */
const SLICE_MS = 25;
/** The first match is told at once; what is found then, no more often than so, ms. */
const TELL_MS = 120;
/** … nor for more than a part of the time: what matches nearly everywhere takes long to put in order. */
const TELL_SHARE = 8;
/** A tree that grows is looked through anew for an expression no more often than so, ms. */
const RESCAN_MS = 500;
/** … nor for more than a part of the time. */
const RESCAN_SHARE = 4;

class SearchServer {
  private corpus = new Corpus("", false);
  /** All nodes that the page has are here. */
  private isFed = false;
  private query: Query | null = null;
  private id = 0;
  private search: LiteralSearch | ExpressionSearch | null = null;
  /** What takes the place of `search` once it is done, because the tree has changed since. */
  private next: ExpressionSearch | null = null;
  private isStale = false;
  private began = 0;
  private restUntil = 0;

  private filter: Filter = EVERYTHING;
  private page = 0;
  private list = new Uint32Array(0);
  /** What was told last is not what would be told now. */
  private isUntold = false;
  private toldFound = 0;
  private toldDone = false;
  private toldAt = 0;
  private tellTook = 0;
  private timer: ReturnType<typeof setTimeout> | null = null;
  private due = 0;

  constructor(private readonly port: Port<Answer, Request>) {
    port.onmessage = ({ data }) => this.hear(data);
  }

  private hear(request: Request): void {
    switch (request.type) {
      case "tree":
        this.corpus = new Corpus(request.prompt, request.isAlone);
        this.isFed = false;
        this.begin();
        break;
      case "nodes":
        this.corpus.append(request.chunk);
        this.isFed = request.isLast;
        this.isStale = true;
        break;
      case "marks":
        if (this.corpus.mark(request.marks) !== 0) this.isStale = this.isUntold = true;
        break;
      case "find":
        this.id = request.id;
        this.query = request.query;
        this.page = 0;
        this.begin();
        break;
      case "filter":
        this.filter = request.filter;
        this.isUntold = true;
        break;
      case "page":
        this.page = request.from;
        this.tellRows();
        break;
      case "stop":
        this.query = null;
        this.begin();
        break;
    }
    if (this.query !== null) this.wake(0);
  }

  private begin(): void {
    const { query } = this;
    this.search = this.next = null;
    this.list = new Uint32Array(0);
    this.toldFound = 0;
    this.toldDone = false;
    this.isUntold = this.isStale = true;
    if (query !== null && !query.isExpression) {
      this.search = new LiteralSearch(this.corpus, query.text, query.matchCase);
    }
  }

  /** Works in slices, so that whoever types on, or gives up, is heard. */
  private wake(afterMs: number): void {
    const due = performance.now() + afterMs;
    if (this.timer !== null && this.due <= due) return;
    if (this.timer !== null) clearTimeout(this.timer);
    this.due = due;
    this.timer = setTimeout(() => {
      this.timer = null;
      const wait = this.slice();
      if (wait !== null) this.wake(wait);
    }, afterMs);
  }

  /** Does one slice of work; after how many ms the next one is due, or null. */
  private slice(): number | null {
    this.renew();
    const at = this.next ?? this.search;
    if (at === null) return null;
    if (!at.isDone) {
      const until = performance.now() + SLICE_MS;
      at.advance(() => performance.now() > until);
      this.sayProgress(at);
      if (at.isDone) this.rest();
    }
    if (at.isDone && at === this.next) {
      this.search = at;
      this.next = null;
      this.isUntold = true;
    }
    this.tell();
    return at.isDone ? this.renew() : 0;
  }

  /**
   * An expression is asked of whole trajectories: it waits for all of them, and when they have
   * grown it is asked of all of them again. After how many ms that is due; null when it is not.
   */
  private renew(): number | null {
    const { query } = this;
    const isWanted = query !== null && query.isExpression && this.isFed && this.isStale;
    if (!isWanted || this.next !== null || this.search?.isDone === false) return null;
    const wait = this.search === null ? 0 : this.restUntil - performance.now();
    if (wait > 0) return wait;
    const search = new ExpressionSearch(this.corpus, compiled(query.text, query.matchCase));
    if (this.search === null) this.search = search;
    else this.next = search;
    this.isStale = false;
    this.began = performance.now();
    // Said before it begins: an expression may never come back from its first exec.
    this.sayProgress(search);
    return 0;
  }

  private sayProgress({ scanned, isDone }: LiteralSearch | ExpressionSearch): void {
    const { id, isFed, corpus } = this;
    this.say({ type: "progress", id, scanned, of: corpus.size, isDone: isDone && isFed });
  }

  private rest(): void {
    const now = performance.now();
    this.restUntil = now + Math.max(RESCAN_MS, RESCAN_SHARE * (now - this.began));
  }

  private tell(): void {
    const { search } = this;
    if (search === null) return;
    const isDone = search.isDone && this.isFed;
    const isNew = this.isUntold || search.found !== this.toldFound || isDone !== this.toldDone;
    const now = performance.now();
    const rest = Math.max(TELL_MS, TELL_SHARE * this.tellTook);
    if (!isNew || (!isDone && this.toldFound > 0 && now - this.toldAt < rest)) return;
    this.toldFound = search.found;
    this.toldDone = isDone;
    this.toldAt = now;
    this.isUntold = false;
    this.list = ordered(this.corpus, search, this.filter);
    const ends = this.list.slice();
    const held = search.found - ends.length;
    const { corpus } = this;
    const starts = Uint32Array.from(ends.subarray(0, MOST_STARTS), (node) => startOf(corpus, search, node));
    this.say({ type: "found", id: this.id, ends, starts, held, isDone }, [ends.buffer, starts.buffer]);
    this.tellRows();
    this.tellTook = performance.now() - now;
  }

  private tellRows(): void {
    const { corpus, search, list, page } = this;
    if (search === null) return;
    const rows = Array.from(list.subarray(page, page + PAGE), (node) => rowOf(corpus, search, node));
    this.say({ type: "rows", id: this.id, from: page, rows });
  }

  private say(answer: Answer, transfer: Transferable[] = []): void {
    this.port.postMessage(answer, transfer);
  }
}

/** Answers a page; `port` is the worker itself. */
export function serve(port: Port<Answer, Request>): void {
  new SearchServer(port);
}
