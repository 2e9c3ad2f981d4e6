/**
 * The trajectory tree in the browser: what the log says, as typed arrays. Changed by frames only;
 * never reactive, but for the counter `version`, which goes up with every change.
 */
import type { Overlay } from "./overlay";
import { column, type Column, type Columns } from "../base/columns";
import type {
  EventHeader,
  Ledger,
  PieceHeader,
  Step,
  TreeFrameHeader,
  TreeHeader,
  WeightsHeader,
} from "../base/headers";
import { Annotations, cutNodes } from "./annotations";
import { CandidateStore, type CandidateRow } from "./candidates";
import { CUT, EXPANDED, HIDDEN, Nodes, NONE, UNKNOWN_RANK } from "./nodes";
import { Origins } from "./origins";
import { Symbols } from "./symbols";
import type { Fan } from "./fan";
import { ALL_KEPT, inverseTemperature, RULE, type Weighting } from "./weighting";
import { WeightTable } from "./weights";

/** What is fixed for the whole life of a tree. */
export interface TreeShape {
  readonly kind: "appending" | "rewriting";
  /** States are rows of cells, 0 and 1: a cellular automaton's. */
  readonly cells?: boolean;
  /** Keys that end a trajectory. */
  readonly endKeys: readonly number[];
  /** N; null where the alphabet is no fixed finite set. */
  readonly alphabetSize: number | null;
  /** Tokens of the prompt. */
  readonly promptLength: number;
  /** L, the prompt included. */
  readonly maxLength: number;
  /** Public id of who looks at it. */
  readonly me?: string;
}

/** The stored next states of one expanded node, most probable first; the arrays are views. */
export interface Candidates {
  readonly keys: Uint32Array;
  /** Natural logs under the rule, descending. */
  readonly logProbs: Float32Array;
  readonly count: number;
  /** No other next state is possible. */
  readonly complete: boolean;
}

const EMPTY_LEDGER: Ledger = { terminal: 0, frontier: 1, residual: 0, pruned: 0 };

export class TreeModel {
  version = 0;
  /** Goes up when states were hidden, shown or replaced, and not when some were only added. */
  reshapes = 0;
  seq = 0;
  /** What an instrument has found of its states, if they are coloured by that. */
  overlay: Overlay | null = null;
  name = "";
  procedure: readonly Step[] = [];
  fingerprint: string = RULE;
  ledger: Ledger = EMPTY_LEDGER;
  /** How many states have been expanded. */
  expansions = 0;
  symbols = new Symbols();
  /** Who grew its states, and when. */
  readonly origins = new Origins();
  /** What people set down on its states. */
  readonly annotations = new Annotations();

  private nodes = new Nodes();
  private readonly ends: ReadonlySet<number>;
  private stored = new CandidateStore();
  private tables = new Map<string, WeightTable>();
  private readonly cuts = new Set<number>();

  constructor(readonly shape: TreeShape) {
    this.ends = new Set(shape.endKeys);
  }

  // -- columns; longer than `size`, and replaced when the tree grows

  get size(): number {
    return this.nodes.size;
  }
  get parent(): Uint32Array {
    return this.nodes.parent;
  }
  get key(): Uint32Array {
    return this.nodes.key;
  }
  get logProb(): Float32Array {
    return this.nodes.logProb;
  }
  get depth(): Uint32Array {
    return this.nodes.depth;
  }
  get cumLogProb(): Float64Array {
    return this.nodes.cumLogProb;
  }
  get rank(): Uint32Array {
    return this.nodes.rank;
  }
  /** Bits of nodes.ts, of a node by itself. */
  get marks(): Uint8Array {
    return this.nodes.marks;
  }
  get visits(): Uint32Array {
    return this.nodes.visits;
  }

  /** Nodes that are known to be there, and have not come yet; until then they are hidden. */
  get absent(): number {
    return this.nodes.absent;
  }

  // -- one node

  /** Whether there is a visible node of this id. */
  has(node: number): boolean {
    return node >= 0 && node < this.size && !this.isHidden(node);
  }

  /** It, or a state before it, is hidden. */
  isHidden(node: number): boolean {
    return this.marked(node, HIDDEN);
  }

  isExpanded(node: number): boolean {
    return (this.nodes.marks[node]! & EXPANDED) !== 0;
  }

  /** An end token, length L, or a state where nothing applies. */
  isTerminal(node: number): boolean {
    const { key, depth, count, complete } = this.nodes;
    if (node > 0 && this.ends.has(key[node]!)) return true;
    if (this.shape.promptLength + depth[node]! >= this.shape.maxLength) return true;
    return this.isExpanded(node) && complete[node] !== 0 && count[node] === 0;
  }

  /** Whether `key` is an end token of the rule. */
  isEndKey(key: number): boolean {
    return this.ends.has(key);
  }

  /** Whether the next state of `node` by `key` would be terminal. */
  endsAt(node: number, key: number): boolean {
    const length = this.shape.promptLength + this.nodes.depth[node]! + 1;
    return this.ends.has(key) || length >= this.shape.maxLength;
  }

  isCut(node: number): boolean {
    return (this.nodes.marks[node]! & CUT) !== 0;
  }

  /** It, or a state before it, is cut. */
  underCut(node: number): boolean {
    return this.marked(node, CUT);
  }

  /** The cuts that are visible and under no other cut, ascending. */
  topCuts(): number[] {
    return [...this.cuts].filter((node) => this.isTopCut(node)).sort((a, b) => a - b);
  }

  private isTopCut(node: number): boolean {
    if (this.isHidden(node)) return false;
    for (let at = this.nodes.parent[node]!; at !== NONE; at = this.nodes.parent[at]!) {
      // Of a state whose expansion is hidden, nothing that follows is there.
      if (this.isCut(at) || !this.isExpanded(at)) return false;
    }
    return true;
  }

  /** Of the whole next-state distribution under the rule, bits; NaN when not expanded. */
  entropy(node: number): number {
    return this.isExpanded(node) ? this.nodes.entropy[node]! : NaN;
  }

  /** The mass of its next states that the rule can tell apart; what is beyond it stays unknown. */
  told(node: number): number {
    return this.isExpanded(node) ? (this.nodes.told.get(node) ?? 1) : 1;
  }

  /** What is stored of its expansion, or null. */
  candidates(node: number): Candidates | null {
    const row = this.candidateRow(node);
    if (row === null) return null;
    return {
      keys: row.keys.subarray(row.from, row.end),
      logProbs: row.logProbs.subarray(row.from, row.end),
      count: row.end - row.from,
      complete: this.nodes.complete[node] !== 0,
    };
  }

  /** Where its candidates stand, without copies; null when it is not expanded. */
  candidateRow(node: number): CandidateRow | null {
    if (!this.isExpanded(node)) return null;
    return this.stored.row(this.nodes.start[node]!, this.nodes.count[node]!);
  }

  /** How many candidates are stored of an expanded node. */
  candidatesOf(node: number): number {
    return this.nodes.count[node]!;
  }

  /** Whether the stored candidates of `node` are all that a procedure keeping `kept` allows. */
  holdsAll(node: number, kept: number): boolean {
    return this.nodes.complete[node] !== 0 || kept <= this.nodes.count[node]!;
  }

  /** The bytes of a token, or the label of a rewriting step. */
  symbolBytes(key: number): Uint8Array {
    return this.symbols.bytesOf(key);
  }

  // -- from node to node

  /** From the root to the node, both included; a RangeError for one that was never added. */
  path(node: number): number[] {
    if (node >= this.size) throw new RangeError(`no state ${node} among ${this.size}`);
    const found: number[] = [];
    for (let at = node; at !== NONE; at = this.nodes.parent[at]!) found.push(at);
    return found.reverse();
  }

  /** The visible children, most probable first, ties by key. */
  children(node: number): number[] {
    const { logProb, key } = this.nodes;
    const found: number[] = [];
    this.eachChild(node, (child) => found.push(child));
    return found.sort((a, b) => logProb[b]! - logProb[a]! || key[a]! - key[b]!);
  }

  /** Calls `take` with every visible child, in the order in which they were added; one that was
      never added has none. */
  eachChild(node: number, take: (child: number) => void): void {
    if (node >= this.size) return;
    const { firstChild, nextSibling, marks } = this.nodes;
    for (let child = firstChild[node]!; child !== NONE; child = nextSibling[child]!) {
      if ((marks[child]! & HIDDEN) === 0) take(child);
    }
  }

  /** The visible child by that key, or −1. */
  childOf(node: number, key: number): number {
    const { firstChild, nextSibling, marks, key: keys } = this.nodes;
    for (let child = firstChild[node]!; child !== NONE; child = nextSibling[child]!) {
      if (keys[child] === key) return (marks[child]! & HIDDEN) === 0 ? child : -1;
    }
    return -1;
  }

  /** Whether `ancestor` is on the path to `node` (a node is its own ancestor). */
  isAncestor(ancestor: number, node: number): boolean {
    let at = node;
    while (at > ancestor && at !== NONE) at = this.nodes.parent[at]!;
    return at === ancestor;
  }

  // -- procedures

  /** What divides a state's interval under a procedure; null where that is not known. */
  fan(node: number, weighting: Weighting): Fan | null {
    const weights = weighting.weightsAt(node);
    if (weights === null) return null;
    const { logZ, kept } = weights;
    const own = weighting.ownAt(node);
    if (own !== null) {
      const { keys, logProbs, logQ, from, end } = own;
      const complete = kept <= end - from;
      return { keys, logProbs, scaled: logQ, from, end, beta: 1, logZ: 0, complete, ranked: false };
    }
    const row = this.stored.row(
      this.nodes.start[node]!,
      Math.min(kept, this.nodes.count[node]!),
    );
    return {
      ...row,
      scaled: row.logProbs,
      beta: weighting.beta,
      logZ,
      complete: this.holdsAll(node, kept),
      ranked: true,
    };
  }

  /** What a procedure makes of this tree, as far as its log says so; follows the tree's growth. */
  weightingFor(fingerprint: string, procedure: readonly Step[]): Weighting {
    if (fingerprint === RULE) return this.ruleWeighting;
    return this.weightingOf(fingerprint, procedure, () => this.tables.get(fingerprint));
  }

  /** A reader's own view of the tree under another procedure, from the weight_* columns. */
  weightingFrom(header: WeightsHeader, columns: Columns): Weighting {
    if (header.fingerprint === RULE) return this.ruleWeighting;
    const table = new WeightTable();
    table.take(columns);
    return this.weightingOf(header.fingerprint, header.procedure, () => table);
  }

  /** The rule itself: the procedure without steps. */
  readonly ruleWeighting: Weighting = {
    fingerprint: RULE,
    beta: 1,
    weightsAt: (node) =>
      this.isExpanded(node)
        ? { logZ: 0, kept: ALL_KEPT, entropy: this.nodes.entropy[node]! }
        : null,
    isWeighed: (node) => this.isExpanded(node),
    isUntold: () => false,
    ownAt: () => null,
    tailCumAt: (node) => this.nodes.tailCum.get(node) ?? NaN,
    tailScaledAt: (node) => this.nodes.logProb[node]!,
    leftAt: () => 1,
    moved: (_, cum) => cum,
  };

  // -- change

  /** Takes a tree frame (which replaces everything) or the next event; old events are ignored. */
  applyFrame(header: TreeFrameHeader, columns: Columns): void {
    if (header.type === "tree") this.applyTree(header, columns);
    else if (header.seq > this.seq) this.applyEvent(header, columns);
    else return;
    this.seq = header.seq;
    this.ledger = header.ledger;
    this.version++;
  }

  /** Takes over what another model of the same tree holds; that one is not to be used any more. */
  become(other: TreeModel): void {
    const { ruleWeighting, version, reshapes } = this;
    const anew = { ruleWeighting, version: version + 1, reshapes: reshapes + 1 };
    // Whoever has seen this number has seen other annotations.
    other.annotations.version = Math.max(other.annotations.version, this.annotations.version) + 1;
    Object.assign(this, other, anew);
  }

  private applyTree(header: TreeHeader, columns: Columns): void {
    this.reshapes++;
    this.nodes = new Nodes();
    this.symbols = new Symbols();
    this.stored = new CandidateStore();
    this.expansions = 0;
    this.tables = new Map();
    this.cuts.clear();
    this.name = header.name;
    this.procedure = header.procedure;
    this.fingerprint = header.fingerprint;
    this.annotations.restore(header.annotations);
    this.origins.restore(header.people, columns);
    const ids = column(columns, "node_id");
    const states = header.states ?? 0;
    if (states <= 1 + column(columns, "node_parent").length) this.grow(columns, header.fingerprint);
    else {
      this.nodes.expect(states);
      this.take(columns, header.fingerprint, () => this.putFirst(ids, columns));
    }
    this.markWhole(columns);
  }

  /** Takes the next piece of a tree whose first has come (core/pieces.py). */
  applyPiece(header: PieceHeader, columns: Columns): void {
    this.take(columns, this.fingerprint, () => this.putNext(header.first, columns));
    this.markWhole(columns);
    if (this.absent === 0) this.reshapes++;
    this.version++;
  }

  private markWhole(columns: Columns): void {
    this.mark(column(columns, "cut_node"), CUT, true);
    this.mark(column(columns, "hidden_node"), HIDDEN, true);
    this.mark(column(columns, "hidden_expansion"), EXPANDED, false);
  }

  private applyEvent(header: EventHeader, columns: Columns): void {
    const { payload } = header;
    const brings = column(columns, "shown_node").length > 0;
    if (header.kind === "hide" || header.kind === "show" || brings) this.reshapes++;
    switch (header.kind) {
      case "grow":
        this.origins.take(header, this.size, column(columns, "node_parent").length);
        this.grow(columns, (payload["fingerprint"] as string | undefined) ?? RULE);
        break;
      case "weigh":
        this.weigh(payload["fingerprint"] as string, columns);
        break;
      case "prune":
      case "restore":
        this.mark(cutNodes(header, columns), CUT, header.kind === "prune");
        break;
      case "hide":
        this.mark(column(columns, "hidden_node"), HIDDEN, true);
        this.mark(column(columns, "hidden_expansion"), EXPANDED, false);
        break;
      case "show":
        this.mark(column(columns, "shown_node"), HIDDEN, false);
        this.mark(column(columns, "shown_expansion"), EXPANDED, true);
        break;
      case "procedure":
        this.procedure = payload["procedure"] as readonly Step[];
        this.fingerprint = payload["fingerprint"] as string;
        break;
      case "rename":
        this.name = payload["name"] as string;
        break;
      default:
        this.annotations.take(header);
    }
  }

  private grow(columns: Columns, fingerprint: string): void {
    this.take(columns, fingerprint, () => this.append(columns));
    this.nodes.prepare();
  }

  /** `put` adds the nodes, and returns the ids of those that are new. */
  private take(columns: Columns, fingerprint: string, put: () => Iterable<number>): void {
    this.symbols.add(columns);
    const fresh = put();
    this.addExpansions(columns);
    for (const node of fresh) this.rankAmongCandidates(node);
    const tails = column(columns, "tail_node");
    const ranks = column(columns, "tail_rank");
    const cums = column(columns, "tail_cum");
    for (let i = 0; i < tails.length; i++) {
      this.nodes.rank[tails[i]!] = ranks[i]!;
      this.nodes.tailCum.set(tails[i]!, cums[i]!);
    }
    this.mark(column(columns, "shown_node"), HIDDEN, false);
    const visited = column(columns, "visited_node");
    const counts = column(columns, "visited_count");
    for (let i = 0; i < visited.length; i++) this.nodes.visits[visited[i]!]! += counts[i]!;
    this.weigh(fingerprint, columns);
  }

  private append(columns: Columns): Iterable<number> {
    const parents = column(columns, "node_parent");
    const keys = column(columns, "node_key");
    const logProbs = column(columns, "node_log_prob");
    const first = this.size;
    this.nodes.reserve(first + parents.length);
    for (let i = 0; i < parents.length; i++) {
      this.nodes.append(parents[i]!, keys[i]!, logProbs[i]!);
    }
    return range(Math.max(1, first), this.size);
  }

  private putFirst(ids: Column, columns: Columns): Iterable<number> {
    const parents = column(columns, "node_parent");
    this.nodes.putFirst(
      ids, parents, column(columns, "node_key"), column(columns, "node_log_prob"),
    );
    return ids;
  }

  private putNext(first: number, columns: Columns): Iterable<number> {
    const parents = column(columns, "node_parent");
    const keys = column(columns, "node_key");
    const logProbs = column(columns, "node_log_prob");
    for (let i = 0; i < parents.length; i++) {
      this.nodes.putNext(first + i, parents[i]!, keys[i]!, logProbs[i]!);
    }
    return range(first, first + parents.length);
  }

  private addExpansions(columns: Columns): void {
    const expanded = column(columns, "expanded_node");
    const counts = column(columns, "expanded_count");
    const complete = column(columns, "expanded_complete");
    const entropy = column(columns, "expanded_entropy");
    const told = column(columns, "expanded_told");
    const keys = column(columns, "candidate_key");
    const logProbs = column(columns, "candidate_log_prob");
    let from = 0;
    for (let i = 0; i < expanded.length; i++) {
      const node = expanded[i]!;
      const count = counts[i]!;
      this.nodes.marks[node]! |= EXPANDED;
      if (this.nodes.start[node] === -1) {
        this.nodes.start[node] = this.stored.add(keys, logProbs, from, count);
        this.nodes.count[node] = count;
        this.nodes.complete[node] = complete[i]!;
        this.nodes.entropy[node] = entropy[i]!;
        if ((told[i] ?? 1) !== 1) this.nodes.told.set(node, told[i]!);
        this.expansions++;
        this.eachChild(node, (child) => this.rankAmongCandidates(child));
      }
      from += count;
    }
  }

  private rankAmongCandidates(node: number): void {
    const { rank, parent, key, start, count } = this.nodes;
    if (rank[node] !== UNKNOWN_RANK) return;
    const above = parent[node]!;
    if (start[above]! === -1) return;
    const place = this.stored.placeOf(start[above]!, count[above]!, key[node]!);
    if (place !== -1) rank[node] = place;
  }

  private weigh(fingerprint: string, columns: Columns): void {
    if (fingerprint === RULE) return;
    let table = this.tables.get(fingerprint);
    if (table === undefined) {
      table = new WeightTable();
      this.tables.set(fingerprint, table);
    }
    table.take(columns);
  }

  private weightingOf(
    fingerprint: string,
    procedure: readonly Step[],
    table: () => WeightTable | undefined,
  ): Weighting {
    return {
      fingerprint,
      beta: inverseTemperature(procedure),
      weightsAt: (node) => (this.isExpanded(node) ? (table()?.at(node) ?? null) : null),
      isWeighed: (node) => this.isExpanded(node) && (table()?.has(node) ?? false),
      isUntold: (node) => this.isExpanded(node) && (table()?.isUntold(node) ?? false),
      ownAt: (node) => (this.isExpanded(node) ? (table()?.ownAt(node) ?? null) : null),
      tailCumAt: (node) => table()?.tailCumAt(node) ?? NaN,
      tailScaledAt: (node) => {
        const known = table();
        return known?.reorders ? known.tailLogQAt(node) : this.nodes.logProb[node]!;
      },
      leftAt: () => 1,
      moved: (_, cum) => cum,
    };
  }

  private mark(nodes: ArrayLike<number>, bit: number, on: boolean): void {
    const { marks } = this.nodes;
    for (let i = 0; i < nodes.length; i++) {
      if (on) marks[nodes[i]!]! |= bit;
      else marks[nodes[i]!]! &= ~bit;
      if (bit !== CUT) continue;
      if (on) this.cuts.add(nodes[i]!);
      else this.cuts.delete(nodes[i]!);
    }
  }

  private marked(node: number, bit: number): boolean {
    for (let at = node; at !== NONE; at = this.nodes.parent[at]!) {
      if ((this.nodes.marks[at]! & bit) !== 0) return true;
    }
    return false;
  }
}

function* range(first: number, end: number): Generator<number> {
  for (let node = first; node < end; node++) yield node;
}
