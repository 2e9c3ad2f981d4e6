import { readLog } from "../api/client";
import type { Frame } from "../api/frame";
import { asProblem } from "../api/problem";
import type { EventHeader } from "../base/headers";
import { isIn } from "../model/camera";
import { Replay, type LoggedEvent } from "../model/replay";
import { sameRef, type StateRef } from "../model/ref";
import { TreeModel } from "../model/tree";
import type { Frames } from "./frames";
import type { TreeSession } from "./session.svelte";
import type { ViewState } from "./view.svelte";

/** Of the main thread, at a time, ms. */
const SLICE_MS = 6;
/** How long the whole log takes to play at speed 1, and how fast it goes at least. */
const PLAY_S = 24;
const SLOWEST_PER_S = 2;
const LONGEST_FRAME_MS = 200;
export const SPEEDS = [0.5, 1, 2, 4] as const;

/** Where somebody is in a view. */
interface Place {
  selection: StateRef;
  anchor: number;
}

/**
 * Looking back over a tree's log: any event of it, shown in whatever view is open. The log is read
 * in pieces, and the tree of an event is made in slices, so that the page goes on meanwhile.
 */
export class TimeTravel {
  /** Events that have been read. */
  loaded = $state(0);
  /** Events that there are; more may come. */
  total = $state(0);
  /** The event that one wants to see; null: now. */
  wanted = $state<number | null>(null);
  /** How much of the way to it is done, a share; null where it is shown. */
  share = $state<number | null>(null);
  playing = $state(false);
  speed = $state<number>(1);
  /** Why the log could not be read, or null. */
  problem = $state<string | null>(null);

  private readonly replay: Replay;
  private way: Generator<number, void> | null = null;
  private closed = false;
  private reading = false;
  private readonly remove: () => void;
  /** What is being made: the model that is shown, or the first one, beside the live tree. */
  private made: TreeModel | null = null;
  /** Where playing is, between events, and when it was last moved on, ms. */
  private played = 0;
  private movedAt: number | null = null;
  /** What was selected and zoomed into now, and what of it could be shown then. */
  private kept: Place | null = null;
  private put: Place | null = null;

  constructor(
    private readonly session: TreeSession,
    private readonly view: ViewState,
    private readonly frames: Frames,
  ) {
    this.replay = new Replay(session.model.shape);
    this.total = session.latest;
    session.heard = (frame) => this.hear(frame);
    this.remove = frames.add((now) => this.draw(now));
    void this.read();
  }

  /** The events that have been read; `seq` n stands at n − 1. */
  get events(): readonly LoggedEvent[] {
    return this.replay.events;
  }

  /** Goes to an event, as soon as the log has been read so far. The end of the log is now. */
  goTo(seq: number): void {
    if (seq >= this.total) return this.now();
    this.wanted = this.played = Math.max(0, Math.min(this.total, Math.round(seq)));
    this.way = null;
    this.share ??= 0;
    this.frames.wake();
  }

  step(by: number): void {
    this.playing = false;
    this.goTo((this.wanted ?? this.total) + by);
  }

  /** Plays on from where one is; from the beginning where that is the end. */
  play(): void {
    if (this.loaded === 0) return;
    this.goTo(this.wanted ?? 0);
    this.playing = true;
    this.movedAt = null;
  }

  pause(): void {
    this.playing = false;
  }

  /** Back to the tree as it is. */
  now(): void {
    this.playing = false;
    this.wanted = this.share = this.way = this.made = null;
    if (this.session.past === null) return;
    this.session.comeBack();
    const { kept } = this;
    this.kept = this.put = null;
    if (kept) this.place(kept, this.session.model);
  }

  close(): void {
    this.now();
    this.closed = true;
    this.remove();
    this.session.heard = null;
  }

  /** Reads what of the log has not been read. */
  async read(): Promise<void> {
    if (this.reading || this.closed) return;
    this.reading = true;
    this.problem = null;
    try {
      while (!this.closed && this.loaded < this.session.latest) {
        const frames = await readLog(this.session.ref, this.loaded);
        if (frames.length === 0) break;
        for (const frame of frames) this.replay.add(loggedOf(frame));
        this.loaded = this.replay.events.length;
        this.frames.wake();
        this.total = Math.max(this.loaded, this.session.latest);
      }
      this.replay.expect(this.session.now);
    } catch (thrown) {
      this.problem = asProblem(thrown).detail;
    } finally {
      this.reading = false;
    }
  }

  /** What happens meanwhile makes the log longer. */
  private hear(frame: Frame): void {
    this.total = this.session.latest;
    if (this.replay.add(loggedOf(frame))) this.loaded = this.replay.events.length;
    else void this.read();
  }

  /** One frame's share of the work; true while there is more. */
  private draw(now: number): boolean {
    if (this.playing) this.advance(now);
    if ((this.wanted ?? 0) > this.loaded) return false;
    // A tree that is still coming piece by piece takes them where it is shown.
    if (this.session.now.absent > 0) return this.wanted !== null;
    this.work();
    return this.playing || this.share !== null;
  }

  /** Playing: the next event is wanted when its time has come, and the last one is shown. */
  private advance(now: number): void {
    const elapsed = this.movedAt === null ? 0 : Math.min(LONGEST_FRAME_MS, now - this.movedAt);
    this.movedAt = now;
    if (this.share !== null) return;
    const rate = Math.max(SLOWEST_PER_S, this.total / PLAY_S) * this.speed;
    this.played += (elapsed / 1000) * rate;
    const next = Math.min(this.loaded, Math.floor(this.played));
    if (next >= this.total) this.now();
    else if (next > (this.wanted ?? 0)) {
      this.wanted = next;
      this.share = 0;
    }
  }

  /** Works towards what is wanted for one slice. */
  private work(): void {
    const { wanted, session } = this;
    if (wanted === null || this.share === null) return;
    // The live tree is left alone: the first picture of the past is made beside it.
    const isBack = session.past !== null;
    this.made ??= isBack ? session.model : new TreeModel(session.model.shape);
    this.way ??= this.replay.leads(this.made, wanted);
    const end = performance.now() + SLICE_MS;
    for (;;) {
      const { done, value } = this.way.next();
      if (done) break;
      if (performance.now() < end) continue;
      this.share = value;
      return;
    }
    const { made } = this;
    this.way = this.share = this.made = null;
    this.fit(made);
    if (isBack) session.shown();
    else session.lookBack(made);
  }

  /** Selection and zoom fall back to the nearest state that there was. */
  private fit(model: TreeModel): void {
    const { view } = this;
    const here = { selection: view.selection, anchor: view.camera.anchor };
    // What somebody chose while looking back is what they want to see from now on.
    if (this.kept === null || this.put === null) this.kept = here;
    else {
      if (!sameRef(here.selection, this.put.selection)) this.kept.selection = here.selection;
      if (here.anchor !== this.put.anchor) this.kept.anchor = here.anchor;
    }
    const { parent } = this.session.now;
    const nearest = (node: number): number => {
      let at = node;
      while (at !== 0 && !model.has(at)) at = parent[at] ?? 0;
      return at;
    };
    const node = nearest(this.kept.selection.node);
    const { key } = this.kept.selection;
    const isThere = node === this.kept.selection.node && key !== undefined && model.isExpanded(node);
    this.put = {
      selection: isThere ? { node, key } : { node },
      anchor: nearest(this.kept.anchor),
    };
    this.place(this.put, model);
  }

  private place({ selection, anchor }: Place, model: TreeModel): void {
    const { view } = this;
    if (!sameRef(view.selection, selection)) view.selection = selection;
    const { camera } = view;
    if (camera.anchor !== anchor || !isIn(model, camera)) view.zoomTo(anchor);
  }
}

const loggedOf = ({ header, columns }: Frame): LoggedEvent => ({
  header: header as unknown as EventHeader,
  columns,
});
