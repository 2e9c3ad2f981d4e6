import { createTree, openTree, readTree, readTreeRule, readWeights, type Sight, type SocketMessage } from "../api/client";
import type { Frame } from "../api/frame";
import { asProblem, type Problem } from "../api/problem";
import { TreeSocket, type Connection } from "../api/socket";
import type { EventHeader, TreeHeader, WeightsHeader } from "../base/headers";
import type { Overlay } from "../model/overlay";
import { TreeModel } from "../model/tree";
import type { Weighting } from "../model/weighting";
import { Loading } from "./loading.svelte";
import { notices } from "./notices.svelte";
import { rules } from "./rules.svelte";
import type { StoredSpec } from "./spec";
import type { Job, Ledger, NewTree, Step, TreeView } from "./wire";

export type { NewTree } from "./wire";

const JOB_STAYS_MS = 2500;
/** Growths that have ended and told something: so many stay to be read. */
const MOST_REPORTS = 3;
const REFRESH_MS = 250;
const REWEIGH_MS = 700;

/** Why nothing can be changed while one looks back. */
export const LOOKING_BACK = "You are looking at the tree as it was. Go back to now to change it.";

/** Events after which lines that ended may go on, or lines that went on may end. */
const STRUCTURAL = new Set(["prune", "restore", "hide", "show", "procedure"]);

/** Whether a growth has found something worth keeping in sight. */
const tells = ({ report }: Job): boolean =>
  report != null && report.figures.length + report.found.length > 0;

const seqOf = (frame: Frame | undefined): number | undefined =>
  frame?.header["seq"] as number | undefined;

function modelOf(tree: TreeView): TreeModel {
  const model = new TreeModel({
    kind: tree.rule.kind,
    cells: tree.rule.family === "automaton",
    endKeys: tree.rule.end_keys,
    alphabetSize: tree.rule.alphabet_size,
    promptLength: tree.prompt.tokens.length,
    maxLength: tree.max_length,
    me: tree.me,
  });
  model.name = tree.name;
  model.procedure = tree.procedure;
  model.fingerprint = tree.fingerprint;
  return model;
}

/** One open tree as the server tells it. `version` is the only thing about its nodes that reacts. */
/** A growth of the view that failed, the last of `count`; isWaived: a person wants it now. */
export interface ViewFailure {
  readonly count: number;
  readonly at: number;
  readonly message: string;
  readonly isWaived: boolean;
}

/** What may still grow by itself for this person, as it was told at a time (ms). */
export interface Allowed {
  readonly states: number;
  readonly most: number;
  readonly at: number;
}

export class TreeSession {
  /** What every view draws: the tree as it is, or while one looks back as it was. */
  readonly model: TreeModel;
  /** The tree as it is; `model` itself unless one looks back. */
  private live: TreeModel;
  /** The last event of what is shown while one looks back; null: now. */
  past = $state.raw<number | null>(null);
  /** Hears every event frame after it was applied. */
  heard: ((frame: Frame) => void) | null = null;
  tree = $state.raw<TreeView>() as TreeView;
  version = $state(0);
  /** Counts prunes, restores, undos, procedures and returns of the socket: what makes a view's growth worth asking anew. */
  epoch = $state(0);
  jobs = $state.raw<readonly Job[]>([]);
  people = $state(1);
  /** Growths of the view that failed, one after another; null since one has come to its end. */
  failure = $state.raw<ViewFailure | null>(null);
  allowance = $state.raw<Allowed | null>(null);
  connection = $state<Connection>("connecting");
  revoked = $state(false);
  canUndo = $state(false);
  canRedo = $state(false);
  /** The change that undo would take back, and the one that redo would do again. */
  undoLabel = $state<string | null>(null);
  redoLabel = $state<string | null>(null);
  /** A reader's own procedure; null is the tree's. */
  override = $state.raw<{ steps: readonly Step[]; weighting: Weighting } | null>(null);
  /** Made by this page just now, with its first growth. */
  isNew = false;
  /** This page's socket, by which the server ends its automatic growths. */
  client: string | null = null;

  /** How much of a large tree is here; null when all of it is. */
  loading = $state.raw<Loading | null>(null);
  private whole: Promise<void> = Promise.resolve();
  /** Events that came before the whole tree had. */
  private readonly early: Frame[] = [];

  private socket: TreeSocket<SocketMessage> | null = null;
  private readonly ended = new Set<string>();
  private readonly waiting: { seq: number; done: () => void }[] = [];
  private refreshing: ReturnType<typeof setTimeout> | undefined;
  private reweighing: ReturnType<typeof setTimeout> | undefined;

  readonly ref: string;
  /** Whether this visitor may change the tree, now or when they look at it as it is. */
  readonly mayWrite: boolean = $derived(this.tree.role !== "reader" && this.tree.kind === "live");
  readonly canWrite: boolean = $derived(this.mayWrite && this.past === null);
  readonly name: string = $derived.by(() => (this.version, this.model.name || this.tree.name));
  readonly ledger: Ledger = $derived.by(() => (this.version, this.model.ledger));
  /** The tree's. */
  readonly procedure: readonly Step[] = $derived.by(() => (this.version, this.model.procedure));
  /** What this page looks under: the reader's own, or the tree's. */
  readonly steps: readonly Step[] = $derived(this.override?.steps ?? this.procedure);
  readonly weighting: Weighting = $derived.by(
    () => (
      this.version,
      this.override?.weighting ??
        this.model.weightingFor(this.model.fingerprint, this.model.procedure)
    ),
  );
  readonly states: number = $derived.by(() => (this.version, this.model.size));
  /** Why nothing can be grown here, or null. */
  readonly refusal: string | null = $derived.by(() => {
    if (this.past !== null) return LOOKING_BACK;
    if (this.tree.kind === "frozen") return "This link shows the tree as it was; fork to grow on.";
    if (this.tree.role === "reader") return "You are reading; fork to grow your own.";
    if (!this.tree.rule_available) {
      return this.tree.rule_message ?? "The rule that grew this tree is not here any more.";
    }
    return null;
  });

  private constructor(tree: TreeView) {
    this.ref = tree.ref;
    this.model = this.live = modelOf(tree);
    this.take(tree);
  }

  /** Makes a tree and follows it from its first event. */
  static async create(request: NewTree): Promise<TreeSession> {
    const session = new TreeSession(await createTree(request));
    session.isNew = true;
    session.follow();
    return session;
  }

  /** Opens a tree that is there: what it is and all its columns, then its events. */
  static async open(ref: string, sight: Sight = {}): Promise<TreeSession> {
    const frames = openTree(ref, sight);
    const [tree, first] = await Promise.all([readTree(ref), frames.next()]);
    const session = new TreeSession(tree);
    session.apply(first.value as Frame);
    if (session.model.absent > 0) session.load(frames, sight);
    if (tree.kind === "live") session.follow();
    else session.connection = "open";
    return session;
  }

  /** The pieces of a large tree after the first; what happens meanwhile waits for them. */
  private load(frames: AsyncGenerator<Frame>, sight: Sight): void {
    const loading = new Loading(this.model, this.ref, sight, {
      more: () => (this.version += 1),
      lost: (problem) => this.lost(problem),
    });
    this.loading = loading;
    this.whole = loading.run(frames).then(() => {
      this.loading = null;
      if (this.model.absent > 0) return;
      this.version += 1;
      for (const frame of this.early.splice(0)) this.apply(frame);
    });
  }

  /** Resolves when the event of that number is applied (or after a while, if it never comes). */
  async reached(seq: number): Promise<void> {
    await this.whole;
    if (this.live.seq >= seq) return;
    return new Promise((done) => {
      this.waiting.push({ seq, done });
      setTimeout(done, 4000);
    });
  }

  /** Number of the last event that has come. */
  get latest(): number {
    return this.live.seq;
  }

  /** The tree as it is now, whatever is shown. */
  get now(): TreeModel {
    return this.live;
  }

  /** Shows the tree as another model of it has it, which is not to be used any more. */
  lookBack(past: TreeModel): void {
    if (this.live === this.model) {
      this.live = new TreeModel(this.model.shape);
      this.live.become(this.model);
    }
    this.model.become(past);
    this.shown();
  }

  /** While one looks back: what is shown has changed. */
  shown(): void {
    this.past = this.model.seq;
    this.version += 1;
  }

  /** What an instrument has found of the states colours them from now on. */
  overlay(found: Overlay): void {
    this.model.overlay = found;
    this.version += 1;
  }

  /** Shows the tree as it is. */
  comeBack(): void {
    if (this.live === this.model) return;
    this.model.become(this.live);
    this.live = this.model;
    this.past = null;
    this.epoch += 1;
    this.version += 1;
  }

  /** Asks anew for what is not in the log: rights, jobs, what can be undone. */
  refresh(): void {
    clearTimeout(this.refreshing);
    this.refreshing = setTimeout(() => {
      readTree(this.ref).then(
        (tree) => this.take(tree),
        (thrown: unknown) => this.lost(asProblem(thrown)),
      );
    }, REFRESH_MS);
  }

  /** A reader's procedure, for this page only. */
  async lookUnder(steps: readonly Step[] | null): Promise<void> {
    if (steps === null) {
      this.override = null;
      return;
    }
    const frame = await readWeights(this.ref, steps);
    const header = frame.header as unknown as WeightsHeader;
    this.override = { steps, weighting: this.model.weightingFrom(header, frame.columns) };
  }

  /** Takes what may still grow by itself. */
  allow({ states, most }: { states: number; most: number }): void {
    this.allowance = { states, most, at: Date.now() };
  }

  takeJob(job: Job): void {
    if (job.allowance != null && job.by === this.tree.me) this.allow(job.allowance);
    // The socket may tell of the end of a short growth before the answer to its command is here.
    if (job.state === "running" && this.ended.has(job.id)) return;
    if (job.state !== "running") this.ended.add(job.id);
    const others = this.jobs.filter((known) => known.id !== job.id);
    this.jobs = [...others, job].sort((a, b) => a.started_at - b.started_at);
    if (job.state === "running") return;
    if (job.automatic) this.note(job);
    else if (job.state === "failed" && job.message) notices.refuse(new Error(job.message));
    if (!job.automatic && tells(job)) {
      const told = this.jobs.filter((known) => known.state !== "running" && tells(known));
      for (const old of told.slice(0, -MOST_REPORTS)) this.dismiss(old.id);
      return;
    }
    setTimeout(() => this.dismiss(job.id), job.automatic ? 0 : JOB_STAYS_MS);
  }

  /** What a growth has told is not shown any more. */
  dismiss(job: string): void {
    this.jobs = this.jobs.filter((known) => known.id !== job);
  }

  /** All that it takes to make the tree's rule again; null for one of the server's own. */
  async spec(): Promise<StoredSpec | null> {
    try {
      return (await readTreeRule(this.ref)).spec;
    } catch {
      // It is there to be read; the card does without.
      return null;
    }
  }

  /** How growing what is in view goes. What fails is shown there until it is done. */
  private note(job: Job): void {
    if (job.state === "done") this.failure = null;
    if (job.state !== "failed") return;
    const count = (this.failure?.count ?? 0) + 1;
    const message = job.message ?? "This could not be grown.";
    this.failure = { count, at: Date.now(), message, isWaived: false };
  }

  here(node: number): void {
    this.socket?.here(node);
  }

  close(): void {
    clearTimeout(this.refreshing);
    clearTimeout(this.reweighing);
    this.loading?.stop();
    this.socket?.close();
    this.socket = null;
  }

  private follow(): void {
    this.socket = new TreeSocket<SocketMessage>(this.ref, {
      event: (frame) => void (this.loading === null ? this.apply(frame) : this.early.push(frame)),
      message: (message) => this.hear(message),
      connection: (state) => (this.connection = state),
      seq: () => seqOf(this.early.at(-1)) ?? this.live.seq,
    });
  }

  private apply(frame: Frame): void {
    const header = frame.header as unknown as EventHeader | TreeHeader;
    this.live.applyFrame(header, frame.columns);
    if (header.type === "event") {
      if (STRUCTURAL.has(header.kind)) this.epoch += 1;
      if (header.by === this.tree.me && header.payload["automatic"] !== true) this.refresh();
    }
    if (this.past === null) this.version += 1;
    if (header.type === "event") this.heard?.(frame);
    if (this.override) this.lookAgain();
    for (const wait of this.waiting.splice(0)) {
      if (wait.seq <= this.live.seq) wait.done();
      else this.waiting.push(wait);
    }
  }

  /** What has grown since is not under the reader's own procedure yet. */
  private lookAgain(): void {
    clearTimeout(this.reweighing);
    this.reweighing = setTimeout(() => {
      if (this.override) this.lookUnder(this.override.steps).catch(notices.refuse.bind(notices));
    }, REWEIGH_MS);
  }

  private hear(message: SocketMessage): void {
    switch (message.type) {
      case "hello":
        // Whoever comes back may find that growths of the view have ended with the old socket.
        if (this.client !== null) this.epoch += 1;
        this.client = message.client;
        this.people = message.people;
        this.allow(message.allowance);
        this.jobs = [
          ...this.jobs.filter((known) => known.state !== "running" && tells(known)),
          ...message.jobs,
        ];
        break;
      case "progress":
        this.takeJob(message.job);
        break;
      case "presence":
        this.people = message.people;
        break;
      case "rule":
        rules.take(message.offer);
        if (message.offer.id === this.tree.rule.id && message.offer.state !== this.tree.rule_state) {
          this.refresh();
        }
        break;
      case "roles":
        this.refresh();
        break;
      case "revoked":
        this.revoke();
        break;
    }
  }

  private take(tree: TreeView): void {
    this.tree = tree;
    this.canUndo = tree.can_undo;
    this.canRedo = tree.can_redo;
    this.undoLabel = tree.undo_label;
    this.redoLabel = tree.redo_label;
    // One that has just ended stays in sight for a moment; only the socket tells of its end.
    const ended = this.jobs.filter((known) => known.state !== "running");
    const running = tree.jobs.filter(
      (job) => job.state === "running" && !this.ended.has(job.id),
    );
    this.jobs = [...ended, ...running].sort((a, b) => a.started_at - b.started_at);
  }

  private lost(problem: Problem): void {
    if (problem.status === 404 || problem.status === 410) this.revoke();
  }

  private revoke(): void {
    this.revoked = true;
    this.close();
  }
}
