import {
  bookmarkState,
  branchByKeys,
  branchByText,
  cancelGrowth,
  createLink,
  forkTree,
  growTree,
  keepStates,
  labelState,
  listLinks,
  noteState,
  pruneState,
  pruneStates,
  redoChange,
  renameTree,
  restoreState,
  revokeLink,
  setProcedure,
  undoChange,
} from "../api/client";
import { Problem } from "../api/problem";
import { MOST_PICKED } from "../model/picked";
import { sameRef, type StateRef } from "../model/ref";
import { readPlace } from "./address";
import { app } from "./app.svelte";
import { notices } from "./notices.svelte";
import { LOOKING_BACK, type TreeSession } from "./session.svelte";
import type { ViewState } from "./view.svelte";
import type { Edited, Link, Step, Stop, Strategy } from "./wire";

const TOO_MANY = `At most ${new Intl.NumberFormat("en-GB").format(MOST_PICKED)} states can be picked together.`;

/** Everything that changes a tree. Each command asks the server; the log brings the change back. */
export class Commands {
  constructor(
    private readonly session: TreeSession,
    private readonly view: ViewState,
  ) {}

  async grow(state: StateRef, strategy: Strategy, stop: Stop | null): Promise<void> {
    await this.attempt(async () => {
      const job = await growTree(this.session.ref, {
        state: wireRef(state),
        strategy,
        stop,
        heights: this.view.heights,
        automatic: false,
        client: this.session.client,
      });
      this.session.takeJob(job);
    });
  }

  async cancel(job: string): Promise<void> {
    await this.attempt(async () => {
      this.session.takeJob(await cancelGrowth(this.session.ref, job));
    });
  }

  /** Makes a candidate a state of the tree, and selects it; gives its node. */
  async branch(state: StateRef): Promise<number | null> {
    if (state.key === undefined) return state.node;
    const { node, key } = state;
    return this.arriveAt(() => branchByKeys(this.session.ref, node, [key]));
  }

  /** One's own continuation; throws the server's Problem, to stand beside the field. */
  async type(from: number, text: string): Promise<readonly number[]> {
    this.mustBeNow();
    const branched = await branchByText(this.session.ref, from, text);
    await this.session.reached(branched.seq);
    this.view.select({ node: branched.node });
    return branched.path;
  }

  async prune(state: StateRef): Promise<void> {
    if (state.node === 0 && state.key === undefined) {
      notices.say("The prompt itself cannot be pruned; choose a branch of it.");
      return;
    }
    await this.attempt(async () => {
      const edited = await pruneState(this.session.ref, wireRef(state));
      await this.session.reached(edited.seq);
      if (edited.node !== null) this.view.select({ node: edited.node });
    });
  }

  /** Prunes several states in one change. */
  async pruneAll(states: readonly StateRef[]): Promise<void> {
    const edited = await this.edit(() => pruneStates(this.session.ref, states.map(wireRef)));
    if (edited === null) return;
    this.view.marks.clear();
    notices.say(`${edited.label}.`);
  }

  /** Prunes what has grown beside the paths to these states. */
  async keep(states: readonly StateRef[]): Promise<void> {
    const edited = await this.edit(() => keepStates(this.session.ref, states.map(wireRef)));
    if (edited === null) return;
    this.view.marks.clear();
    notices.say(`${edited.label}.`);
    if (edited.node !== null && states.length === 1) this.view.select({ node: edited.node });
  }

  /** Bookmarks a state, or no more. */
  async bookmark(state: StateRef): Promise<void> {
    const on = state.key !== undefined || !this.session.model.annotations.isBookmarked(state.node);
    await this.set(state, () => bookmarkState(this.session.ref, state, on));
  }

  /** An empty text takes the note away; throws the server's Problem, to stand beside the field. */
  async note(state: StateRef, text: string): Promise<void> {
    this.mustBeNow();
    await this.follow(state, await noteState(this.session.ref, state, text));
  }

  /** An empty name takes it away; throws the server's Problem, to stand beside the field. */
  async label(state: StateRef, name: string): Promise<void> {
    this.mustBeNow();
    await this.follow(state, await labelState(this.session.ref, state, name));
  }

  /** Picks a state beside others, or no more. */
  pick(state: StateRef): void {
    if (state.node === 0 && state.key === undefined) {
      notices.say("The prompt itself cannot be picked; choose a branch of it.");
    } else if (!this.view.marks.toggle(state)) notices.say(TOO_MANY);
  }

  /** Picks along a step to another state, and goes there. */
  pickTo(state: StateRef): void {
    const { marks, selection } = this.view;
    const isPrompt = (ref: StateRef): boolean => ref.node === 0 && ref.key === undefined;
    if (isPrompt(state)) return;
    if (!marks.extend(isPrompt(selection) ? state : selection, state)) notices.say(TOO_MANY);
    this.view.select(state);
  }

  async restore(node: number): Promise<void> {
    await this.attempt(async () => {
      const edited = await restoreState(this.session.ref, node);
      await this.session.reached(edited.seq);
    });
  }

  async undo(): Promise<void> {
    await this.attempt(async () => this.tell("Undone", await undoChange(this.session.ref)));
  }

  async redo(): Promise<void> {
    await this.attempt(async () => this.tell("Redone", await redoChange(this.session.ref)));
  }

  async rename(name: string): Promise<void> {
    await this.attempt(async () => {
      await this.session.reached((await renameTree(this.session.ref, name)).seq);
    });
  }

  /**
   * The tree's procedure, or for a reader the procedure of this page alone; throws the server's
   * Problem, to stand beside the steps.
   */
  async reshape(steps: readonly Step[]): Promise<void> {
    this.mustBeNow();
    if (!this.session.canWrite) return this.session.lookUnder(steps);
    const set = await setProcedure(this.session.ref, [...steps]);
    if (set.job) this.session.takeJob(set.job);
    await this.session.reached(set.seq);
  }

  async fork(): Promise<void> {
    await this.attempt(async () => {
      const tree = await forkTree(this.session.ref);
      await app.visit(tree.ref);
      notices.say("This copy is yours: grow, prune and share it as you like.");
    });
  }

  links(): Promise<Link[]> {
    return listLinks(this.session.ref);
  }

  link(kind: Link["kind"]): Promise<Link> {
    return createLink(this.session.ref, kind);
  }

  revoke(link: string): Promise<Link[]> {
    return revokeLink(this.session.ref, link);
  }

  /** Goes on under another address of the same tree, with a dialog open. */
  async moveTo(path: string, dialog: "share" | null): Promise<void> {
    const place = readPlace(path, "");
    if (place.page === "tree") await app.visit(place.ref, dialog);
  }

  private async edit(ask: () => Promise<Edited>): Promise<Edited | null> {
    return this.attempt(async () => {
      const edited = await ask();
      await this.session.reached(edited.seq);
      return edited;
    });
  }

  private async set(state: StateRef, ask: () => Promise<Edited>): Promise<void> {
    await this.attempt(async () => this.follow(state, await ask()));
  }

  /** A candidate that was made a state on the way is selected as that. */
  private async follow(state: StateRef, edited: Edited): Promise<void> {
    await this.session.reached(edited.seq);
    const isHere = sameRef(this.view.selection, state);
    if (state.key !== undefined && isHere && edited.node !== null) {
      this.view.select({ node: edited.node });
    }
  }

  private async tell(what: string, edited: { seq: number; label: string }): Promise<void> {
    await this.session.reached(edited.seq);
    notices.say(edited.label || what);
    this.leaveHidden();
  }

  /** After an undo the selection or the zoom may stand on a state that is hidden now. */
  private leaveHidden(): void {
    const { model } = this.session;
    const visible = (start: number): number => {
      let node = start;
      while (node !== 0 && model.isHidden(node)) node = model.parent[node] ?? 0;
      return node;
    };
    const selected = visible(this.view.selection.node);
    if (selected !== this.view.selection.node) this.view.select({ node: selected });
    const anchor = visible(this.view.camera.anchor);
    if (anchor !== this.view.camera.anchor) this.view.zoomTo(anchor);
  }

  private async arriveAt(
    ask: () => Promise<{ node: number; seq: number }>,
  ): Promise<number | null> {
    const branched = await this.attempt(ask);
    if (!branched) return null;
    await this.session.reached(branched.seq);
    this.view.select({ node: branched.node });
    return branched.node;
  }

  /** Throws while one looks back: what is shown is not what would be changed. */
  private mustBeNow(): void {
    if (this.session.past !== null) throw new Problem(409, "looking-back", LOOKING_BACK);
  }

  private async attempt<T>(command: () => Promise<T>): Promise<T | null> {
    const asked = async (): Promise<T> => {
      this.mustBeNow();
      return command();
    };
    const done = await asked().then(
      (value) => ({ value }),
      (thrown: unknown) => {
        notices.refuse(thrown);
        return null;
      },
    );
    return done?.value ?? null;
  }
}

const wireRef = ({ node, key }: StateRef): { node: number; key?: number } =>
  key === undefined ? { node } : { node, key };
