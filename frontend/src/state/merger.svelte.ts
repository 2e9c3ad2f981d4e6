/** Merges a tree's states in a worker, whenever they change, and gives up what is out of date. */
import type { Equivalence } from "../model/multiway/equivalence";
import type { Multiway } from "../model/multiway/graph";
import type { Layout, Places } from "../model/multiway/layout";
import { MOST_CLASSES } from "../model/multiway/limits";
import type { MergeAnswer, MergeRequest, Phase } from "../model/multiway/protocol";
import { readSubtree, type PromptKeys, type Subtree } from "../model/multiway/subtree";
import type { TreeModel } from "../model/tree";
import type { Weighting } from "../model/weighting";

/** A worker, as far as it is used here. */
export interface MergeWorker {
  postMessage(request: MergeRequest, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent<MergeAnswer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  terminate(): void;
}

/** What is to be merged, and how. */
export interface Wanted {
  readonly tree: TreeModel;
  readonly anchor: number;
  readonly weighting: Weighting;
  /** Names the weighting: one is made anew with every event. */
  readonly measure: string;
  readonly prompt: PromptKeys;
  readonly equivalence: Equivalence;
  readonly layout: Layout;
}

export interface Merged {
  readonly graph: Multiway;
  readonly places: Places;
  readonly equivalence: Equivalence;
  readonly layout: Layout;
}

export interface MergeProgress {
  readonly phase: Phase;
  /** States read, or the share that is done. */
  readonly done: number;
}

/** A tree that grows is merged again after a rest, and one that takes long after a longer one. */
const REST_MS = 160;
const REST_SHARE = 2;

export class Merger {
  merged = $state.raw<Merged | null>(null);
  progress = $state.raw<MergeProgress | null>(null);
  failure = $state<string | null>(null);

  private worker: MergeWorker | null = null;
  private wanted: Wanted | null = null;
  /** Of the wish that is being worked on, or was last. */
  private begun: { readonly wanted: Wanted; readonly version: number; readonly at: number } | null = null;
  private run = 0;
  private busy = false;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private took = 0;
  /** What the worker has been given. */
  private given: { readonly wanted: Wanted; readonly version: number } | null = null;

  constructor(private readonly spawn: () => MergeWorker) {}

  /** Says what to merge now; to be called again whenever any of it, or the tree, has changed. */
  want(wanted: Wanted): void {
    this.wanted = wanted;
    const { begun } = this;
    if (begun !== null && isSame(begun.wanted, wanted)) {
      if (begun.version === wanted.tree.version || this.busy) return;
      const rest = Math.max(REST_MS, REST_SHARE * this.took) - (performance.now() - begun.at - this.took);
      clearTimeout(this.timer);
      this.timer = setTimeout(() => void this.begin(), Math.max(0, rest));
      return;
    }
    // A person has chosen otherwise: what is under way is of no use any more.
    clearTimeout(this.timer);
    if (this.busy) this.stop();
    void this.begin();
  }

  /** Ends all work for good. */
  close(): void {
    clearTimeout(this.timer);
    this.wanted = null;
    this.stop();
    this.worker?.terminate();
    this.worker = null;
  }

  private stop(): void {
    this.run++;
    this.busy = false;
    this.progress = null;
    this.worker?.terminate();
    this.worker = null;
    this.given = null;
  }

  private async begin(): Promise<void> {
    const { wanted } = this;
    if (wanted === null) return;
    const run = ++this.run;
    const { version } = wanted.tree;
    this.busy = true;
    this.begun = { wanted, version, at: performance.now() };
    this.failure = null;
    const known =
      this.given !== null && this.given.version === version && isSameTree(this.given.wanted, wanted);
    const subtree = known ? null : await this.read(wanted, run);
    if (run !== this.run) return;
    if (subtree === null && !known) {
      this.busy = false;
      this.begun = null;
      void this.begin();
      return;
    }
    this.send(wanted, version, subtree, run);
  }

  /** Reads the states a few milliseconds at a time; null where it has to be begun anew. */
  private async read(wanted: Wanted, run: number): Promise<Subtree | null> {
    const { tree, anchor, weighting, prompt } = wanted;
    const reading = readSubtree(tree, anchor, weighting, prompt);
    for (;;) {
      const step = reading.next();
      if (step.done) return step.value;
      this.progress = { phase: "reading", done: step.value };
      await new Promise((done) => setTimeout(done, 0));
      if (run !== this.run) return null;
    }
  }

  private send(wanted: Wanted, version: number, subtree: Subtree | null, run: number): void {
    const { equivalence, layout } = wanted;
    if (subtree !== null) this.given = { wanted, version };
    const before =
      this.merged !== null && this.merged.layout === layout && sameEquivalence(this.merged.equivalence, equivalence)
        ? this.merged.places
        : null;
    this.worker ??= this.spawn();
    this.worker.onmessage = ({ data }) => this.hear(data, wanted, run);
    this.worker.onerror = () => this.broke(run);
    const request: MergeRequest = { id: run, subtree, equivalence, layout, most: MOST_CLASSES, before };
    this.worker.postMessage(request, subtree === null ? [] : buffersOf(subtree));
  }

  private hear(answer: MergeAnswer, wanted: Wanted, run: number): void {
    if (answer.id !== run || run !== this.run) return;
    switch (answer.type) {
      case "progress":
        this.progress = { phase: answer.phase, done: answer.share };
        break;
      case "failed":
        this.fail(run, answer.message);
        break;
      case "done": {
        const { equivalence, layout } = wanted;
        this.merged = { graph: answer.graph, places: answer.places, equivalence, layout };
        this.rest();
        break;
      }
    }
  }

  /** The worker itself came to grief: the next wish has another. */
  private broke(run: number): void {
    this.worker?.terminate();
    this.worker = null;
    this.given = null;
    this.fail(run, "The states could not be merged; choose another way, or reload the page.");
  }

  private fail(run: number, message: string): void {
    if (run !== this.run) return;
    this.failure = message;
    this.rest();
  }

  /** Done; what has grown meanwhile is merged after a rest. */
  private rest(): void {
    this.busy = false;
    this.progress = null;
    this.took = performance.now() - (this.begun?.at ?? 0);
    if (this.wanted !== null) this.want(this.wanted);
  }
}

const isSameTree = (a: Wanted, b: Wanted): boolean =>
  a.tree === b.tree && a.anchor === b.anchor && a.measure === b.measure;

const isSame = (a: Wanted, b: Wanted): boolean =>
  isSameTree(a, b) && a.layout === b.layout && sameEquivalence(a.equivalence, b.equivalence);

const sameEquivalence = (a: Equivalence, b: Equivalence): boolean =>
  a.by === b.by && (a.by !== "last" || b.by !== "last" || a.k === b.k);

const buffersOf = (subtree: Subtree): Transferable[] =>
  Object.values(subtree).flatMap((value: unknown) => (ArrayBuffer.isView(value) ? [value.buffer as ArrayBuffer] : []));
