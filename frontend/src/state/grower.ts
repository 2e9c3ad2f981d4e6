import { cancelGrowth, growTree } from "../api/client";
import { asProblem } from "../api/problem";
import { homeOf, isWhole } from "../model/camera";
import { latticeOf, levelOf, mostLinesIn, type LatticeOptions } from "../model/lattice";
import type { Scene } from "../model/scene";
import { FULL_BITS } from "../model/walk";
import { rules } from "./rules.svelte";
import type { TreeSession, ViewFailure } from "./session.svelte";
import { MOST_STEPS } from "./stage";
import type { ViewState } from "./view.svelte";
import type { Strategy } from "./wire";

const SETTLE_MS = 70;
const MORE_STEPS = 12;
/** After a growth of the view failed: how long until the view asks again, doubled each time. */
const AGAIN_MS = 2000;
const LATEST_AGAIN_MS = 30_000;
/** So often it asks by itself; then only when a person wants it. */
export const MOST_AGAIN = 6;
/** Expansions of one growth, where the server has not told its own bound. */
const USUAL_BUDGET = 4096;
/** An allowance that is used up is looked at again so much later. */
const ALLOWANCE_MS = 60_000;
/** Views that are remembered as asked for. */
const REMEMBERED = 200;

/**
 * Grows what is in view: one automatic growth of worlds, asked for when the picture has come to
 * rest and lines wait. The same view is asked for once; more steps are asked for only when the last
 * ones came, so that it never goes round in circles. What failed is asked for again as it was, later
 * and later, and in the end no more. What is out of view, or not wanted any more, is called off.
 */
export class Grower {
  private asked = new Map<string, { steps: number; at: number }>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;
  /** What grows for a view, by this page. */
  private current: { key: string; job: string } | null = null;

  constructor(
    private readonly session: TreeSession,
    private readonly view: ViewState,
  ) {}

  /** The growth that came with the tree's creation counts as asked. */
  begun(lines: number, steps: number): void {
    this.asked.set(this.key({ ...this.view.shape, lines, room: lines }), { steps, at: Date.now() });
  }

  /**
   * Looks at a picture at rest, and grows it if it waits for something. isMeant: one went there by
   * one step, so that nothing else need be waited for.
   */
  consider(scene: Scene, shape: LatticeOptions, steps: number, isMeant = false): void {
    clearTimeout(this.timer);
    if (!this.wanted(scene)) {
      if (this.current !== null && (!this.view.growing || this.current.key !== this.key(shape))) {
        this.drop();
      }
      return;
    }
    const settle = isMeant ? 0 : SETTLE_MS;
    this.timer = setTimeout(() => void this.ask(scene, shape, steps), settle + this.rest(shape));
  }

  /** What grows for a view that is gone is called off; what has grown stays. */
  private drop(): void {
    const { session, current } = this;
    this.current = null;
    const job = session.jobs.find(({ id, state }) => id === current?.job && state === "running");
    if (job === undefined) return;
    // It may have come to its end by now, and then there is nothing to call off.
    cancelGrowth(session.ref, job.id).then(
      (ended) => session.takeJob(ended),
      () => session.refresh(),
    );
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private wanted(scene: Scene): boolean {
    const { session, view } = this;
    if (session.loading !== null) return false;
    return scene.open > 0 && view.growing && session.canWrite && session.tree.rule_available;
  }

  private async ask(scene: Scene, shape: LatticeOptions, fill: number): Promise<void> {
    const key = this.key(shape);
    const before = this.asked.get(key)?.steps ?? 0;
    const running = this.session.jobs.some((job) => job.automatic && job.state === "running");
    if (this.busy || (running && before > 0)) return;
    const failure = this.failed(shape);
    if (failure !== null && failure.count > MOST_AGAIN) return;
    const most = this.isAsTold(shape) ? shape.lines : mostLinesIn(shape.room ?? shape.lines);
    const more = before === 0 ? fill : Math.min(mostSteps(most), before + MORE_STEPS);
    const steps = failure === null ? more : before;
    if (failure === null && steps <= before) return;
    this.asked.delete(key);
    this.asked.set(key, { steps, at: Date.now() });
    for (const old of this.asked.keys()) if (this.asked.size > REMEMBERED) this.asked.delete(old);
    this.busy = true;
    try {
      const { camera, heights } = this.view;
      const job = await growTree(this.session.ref, {
        state: { node: camera.anchor },
        strategy: this.worlds(scene, shape, steps),
        heights,
        automatic: true,
        client: this.session.client,
      });
      this.current = { key, job: job.id };
      this.session.takeJob(job);
    } catch (thrown) {
      // Nobody asked for this growth by hand: the picture waits, and a change of view asks again.
      const { allowance } = this.session;
      if (asProblem(thrown).code === "view-allowance-used" && allowance !== null) {
        this.asked.delete(key);
        this.session.allow({ ...allowance, states: 0 });
        this.consider(scene, shape, fill);
      } else this.session.refresh();
    } finally {
      this.busy = false;
    }
  }

  /**
   * All lines of a whole state, by their number; where others or fewer are in view those that wait,
   * one by one: the largest on the screen first.
   */
  private worlds(scene: Scene, shape: LatticeOptions, steps: number): Strategy {
    const { camera, seed, offset, isConditioned, measure } = this.view;
    const common = { kind: "worlds" as const, steps, offset, seed, conditioned: isConditioned };
    const { model } = this.session;
    if (this.isAsTold(shape)) return { ...common, lines: shape.lines, lo: 0, hi: 1, origin: 0 };
    const lattice = latticeOf(model, measure, camera, shape);
    const all = [...lattice.ids.keys()];
    const waiting = scene.lines.filter(({ end }) => end === "open").map(({ index }) => index);
    const heightOf = (line: number): number =>
      scene.blocks.reduce(
        (least, { first, last, y0, y1 }) =>
          first <= line && line < last ? Math.min(least, y1 - y0) : least,
        scene.height,
      );
    const wanted = (waiting.length > 0 ? waiting : all).sort((a, b) => heightOf(b) - heightOf(a));
    const places = wanted.map((i) => {
      const inner = lattice.inner[i]!;
      const line = lattice.ids[i]!;
      return Number.isNaN(inner)
        ? { node: camera.anchor, u: lattice.u[i]!, left: lattice.left[i]!, line }
        : { node: lattice.home, u: inner, left: FULL_BITS, line };
    });
    return { ...common, lines: places.length, lo: 0, hi: 1, places, origin: lattice.origin };
  }

  /** Whether the lines in view are all n of a whole state. */
  private isAsTold({ lines, room = lines }: LatticeOptions): boolean {
    return isWhole(this.view.camera) && levelOf(lines, room, 1) === 0;
  }

  /** How the growth of this view failed since it was last asked for; null: it did not. */
  private failed(shape: LatticeOptions): ViewFailure | null {
    const { failure } = this.session;
    const last = this.asked.get(this.key(shape));
    return failure !== null && last !== undefined && failure.at >= last.at ? failure : null;
  }

  /** How long to leave the engine alone. */
  private rest(shape: LatticeOptions): number {
    const { allowance } = this.session;
    if (allowance !== null && allowance.states < 1) {
      return Math.max(0, allowance.at + ALLOWANCE_MS - Date.now());
    }
    const failure = this.failed(shape);
    if (failure === null || failure.isWaived) return 0;
    const wait = Math.min(LATEST_AGAIN_MS, AGAIN_MS * 2 ** (failure.count - 1));
    return Math.max(0, failure.at + wait - Date.now());
  }

  private key({ lines, room = lines }: LatticeOptions): string {
    const { camera, seed, heights, isConditioned } = this.view;
    const { model, epoch } = this.session;
    const { anchor, lo, hi } = camera;
    const level = levelOf(lines, room, hi - lo);
    return [anchor, lo, hi, homeOf(camera), lines, level, seed, heights, isConditioned, model.fingerprint, epoch].join("/");
  }
}

/** A growth over the server's budget would be refused as a whole. */
function mostSteps(lines: number): number {
  const budget = rules.status?.limits.max_budget ?? USUAL_BUDGET;
  return Math.min(MOST_STEPS, Math.max(1, Math.floor(budget / lines)));
}
