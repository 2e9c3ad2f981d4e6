import { MARK } from "../model/emphasis";
import { logProbOf } from "../model/next";
import { matchedOf, SearchClient, type SearchWorker } from "../model/search/client";
import { compiled } from "../model/search/expression";
import { PAGE, type Query } from "../model/search/messages";
import type { Row } from "../model/search/results";
import { EVERYTHING, left, lets, LONGEST_QUERY, type Filter } from "../model/search/search";
import type { EmphasisSource } from "../model/emphasis";
import { isEverything, NO_FILTER, readFilter, type FilterDraft } from "./filter";
import type { TreeSession } from "./session.svelte";
import type { ViewState } from "./view.svelte";

/** An expression is not asked at every letter of it. */
const REST_MS = 180;

/** A tree that grows is counted anew no more often than so: a million states take some milliseconds. */
const RECOUNT_MS = 300;

const spawn = (): SearchWorker =>
  new Worker(new URL("../model/search/worker.ts", import.meta.url), {
    type: "module",
    name: "search",
  }) as unknown as SearchWorker;

const NOTHING = new Uint32Array(0);

/** A visitor's search over all trajectories of a tree, and the filter on its states. */
export class Find {
  query = $state("");
  isExpression = $state(false);
  matchCase = $state(false);
  /** One sentence on why there is no search, or null. */
  problem = $state<string | null>(null);
  isSearching = $state(false);
  /** Of the states, how many have been looked through; a share of one. */
  share = $state(0);
  count = $state(0);
  /** Matches that the filter holds back, or that are hidden. */
  held = $state(0);
  /** Of the match that one is at, among all, most probable first; −1 at none. */
  index = $state(-1);
  /** A page of the list, and which place its first row has. */
  rows = $state.raw<readonly Row[]>([]);
  rowsFrom = $state(0);

  draft = $state.raw<FilterDraft>(NO_FILTER);
  filterProblem = $state<string | null>(null);

  private readonly client: SearchClient;
  private ends: Uint32Array = NOTHING;
  /** By node: 1 where a match is. */
  private matched: Uint8Array = new Uint8Array(0);
  private current = -1;
  /** The first state that the match one is at touches. */
  private start = -1;
  /** A search from an address, which one is somewhere in. */
  private isTaken = false;
  /** What the view has from here. */
  private wrote: Query | null = null;
  private filtered: FilterDraft = NO_FILTER;
  private filter: Filter = EVERYTHING;
  private changes = 0;
  private source: EmphasisSource | null = null;
  private resting: ReturnType<typeof setTimeout> | undefined;
  private counting: ReturnType<typeof setTimeout> | undefined;
  /** The filter in words; null where there is none. */
  private says: string | null = null;

  constructor(
    private readonly session: TreeSession,
    private readonly view: ViewState,
  ) {
    this.client = new SearchClient(session.model, session.tree.prompt.text, spawn, {
      progress: (scanned, of) => (this.share = of === 0 ? 1 : scanned / of),
      found: (ends, starts, held, isDone) => this.found(ends, starts, held, isDone),
      rows: (from, rows) => this.list(from, rows),
      stuck: () => this.stuck(),
    });
  }

  /** Copies what the search needs, before anything is asked of it. */
  prepare(): void {
    this.client.sync();
  }

  /** The tree has changed; `isOpen`: it is searched. */
  follow(isOpen: boolean): void {
    if (isOpen) this.client.sync();
    if (this.says !== null) this.counting ??= setTimeout(() => this.recount(), RECOUNT_MS);
  }

  /** Asks what stands in the field. */
  search(): void {
    clearTimeout(this.resting);
    const { query: text, isExpression, matchCase } = this;
    this.forget();
    this.problem = problemOf(text, isExpression, matchCase);
    const isAsked = text !== "" && this.problem === null;
    this.wrote = this.view.sought = isAsked ? { text, isExpression, matchCase } : null;
    if (!isAsked) {
      this.client.stop();
      return;
    }
    this.isSearching = true;
    this.resting = setTimeout(
      () => this.client.find({ text, isExpression, matchCase }),
      isExpression ? REST_MS : 0,
    );
  }

  /** Looks for what an address asks for, and is at its match that is selected. */
  take({ text, isExpression, matchCase }: Query): void {
    Object.assign(this, { query: text, isExpression, matchCase });
    this.search();
    this.current = this.start = this.view.selection.node || -1;
    this.isTaken = true;
  }

  /** Whether the view has these from here, and not from an address. */
  isOwn(sought: Query | null): boolean {
    return sought === this.wrote;
  }
  isOwnFilter(filter: FilterDraft): boolean {
    return filter === this.filtered;
  }

  /** The search is over; its matches are marked no more. */
  end(): void {
    this.wrote = this.view.sought = null;
    clearTimeout(this.resting);
    this.client.stop();
    this.forget();
    this.problem = null;
  }

  next(): void {
    if (this.count > 0) this.goTo((this.index + 1) % this.count);
  }

  previous(): void {
    if (this.count > 0) this.goTo(this.index <= 0 ? this.count - 1 : this.index - 1);
  }

  /** Goes to the match at a place of the list. */
  goTo(index: number): void {
    const node = this.ends[index];
    if (node === undefined) return;
    this.index = index;
    this.current = this.start = node;
    const page = index - (index % PAGE);
    if (page !== this.rowsFrom) this.turn(page);
    this.emphasise();
    this.view.goTo({ node });
  }

  /** Shows the rows of the list from a place on. */
  turn(from: number): void {
    this.client.page(from);
  }

  /** Takes what stands in the filter's fields; what makes no sense changes nothing. */
  setFilter(draft: FilterDraft): void {
    this.draft = draft;
    const read = readFilter(draft);
    this.filterProblem = read.problem;
    if (read.problem !== null) return;
    this.filtered = this.view.filter = draft;
    this.filter = read.filter;
    this.client.narrow(this.filter);
    this.says = read.says;
    this.recount();
    this.emphasise();
  }

  /** Says which filter is on, and how many states it leaves; of a tree that has grown, too. */
  recount(): void {
    clearTimeout(this.counting);
    this.counting = undefined;
    const { says, filter, session } = this;
    this.view.held =
      says === null
        ? null
        : { says, ...left(session.model, filter), clear: () => this.setFilter(NO_FILTER) };
  }

  /** What the view looks for stays with the view. */
  close(): void {
    clearTimeout(this.resting);
    clearTimeout(this.counting);
    this.client.close();
    this.view.sources = this.view.sources.filter((one) => one !== this.source);
    this.view.held = null;
  }

  private found(ends: Uint32Array, starts: Uint32Array, held: number, isDone: boolean): void {
    this.ends = ends;
    this.count = ends.length;
    this.held = held;
    this.isSearching = !isDone;
    this.matched = matchedOf(ends, starts, this.session.model);
    this.index = this.current === -1 ? -1 : ends.indexOf(this.current);
    if (this.index === -1 && isDone) this.current = -1;
    if (isDone && this.isTaken) {
      this.isTaken = false;
      if (this.index >= PAGE) this.turn(this.index - (this.index % PAGE));
    }
    this.emphasise();
  }

  private list(from: number, rows: readonly Row[]): void {
    this.rowsFrom = from;
    this.rows = rows;
    this.emphasise();
  }

  private stuck(): void {
    this.forget();
    this.problem =
      "This expression takes too long on one of the texts; make it simpler, with fewer repeats within repeats.";
  }

  private forget(): void {
    this.isSearching = false;
    this.share = 0;
    this.count = this.held = this.rowsFrom = 0;
    this.index = this.current = -1;
    this.rows = [];
    this.ends = NOTHING;
    this.matched = new Uint8Array(0);
    this.emphasise();
  }

  /** What stands out is told to the views anew. */
  private emphasise(): void {
    const { view, matched, filter, session } = this;
    const { model } = session;
    const isNeeded = this.count > 0 || !isEverything(filter);
    if (!isNeeded && this.source === null) return;
    const current = this.currentNodes();
    const source: EmphasisSource = {
      version: ++this.changes,
      marksOf: (node) =>
        (matched[node] === 1 ? MARK.match : 0) | (current.has(node) ? MARK.current : 0),
      ...(!isEverything(filter) && {
        passes: (node: number, key?: number) => {
          const [logProb, depth] = [model.cumLogProb[node]!, model.depth[node]!];
          if (key === undefined) return lets(filter, logProb, depth);
          const step = logProbOf(model, model.ruleWeighting, node, key);
          // Of what the rule does not tell, the step alone is known.
          return lets(filter, Number.isNaN(step) ? filter.minLogProb : logProb + step, depth + 1);
        },
      }),
    };
    view.sources = [...view.sources.filter((one) => one !== this.source), source];
    this.source = source;
  }

  /** All states that the match one is at touches. */
  private currentNodes(): ReadonlySet<number> {
    const { current, session } = this;
    if (current === -1) return new Set();
    this.start = this.rows.find(({ node }) => node === current)?.start ?? this.start;
    const nodes = new Set([current]);
    for (let at = current; at > this.start; ) nodes.add((at = session.model.parent[at]!));
    nodes.delete(0);
    return nodes;
  }
}

function problemOf(text: string, isExpression: boolean, matchCase: boolean): string | null {
  if ([...text].length > LONGEST_QUERY) {
    return `What is looked for may have ${LONGEST_QUERY} characters; this is longer.`;
  }
  if (!isExpression) return null;
  try {
    compiled(text, matchCase);
    return null;
  } catch (thrown) {
    const reason = String((thrown as Error).message).replace(/^.*: /s, "").toLowerCase();
    return `This is no regular expression: ${reason}.`;
  }
}
