import { growTree } from "../api/client";
import type { Scene } from "../model/scene";
import { rules } from "./rules.svelte";
import type { TreeSession, ViewFailure } from "./session.svelte";
import { MOST_STEPS } from "./stage";
import type { ViewState } from "./view.svelte";

const SETTLE_MS = 70;
const MORE_STEPS = 12;
/** After a growth of the view failed: how long until the view asks again, doubled each time. */
const AGAIN_MS = 2000;
const LATEST_AGAIN_MS = 30_000;
/** So often it asks by itself; then only when a person wants it. */
export const MOST_AGAIN = 6;
/** Expansions of one growth, where the server has not told its own bound. */
const USUAL_BUDGET = 4096;

/**
 * Grows what is in view: one automatic growth of worlds for the camera's state, asked for when
 * the picture has come to rest and lines wait. The same view is asked for once; more steps are
 * asked for only when the last ones came, so that it never goes round in circles. What failed is
 * asked for again as it was, later and later, and in the end no more.
 */
export class Grower {
  private asked = new Map<string, { steps: number; at: number }>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;

  constructor(
    private readonly session: TreeSession,
    private readonly view: ViewState,
  ) {}

  /** The growth that came with the tree's creation counts as asked. */
  begun(lines: number, steps: number): void {
    this.asked.set(this.key(lines), { steps, at: Date.now() });
  }

  /** Looks at a picture at rest, and grows it if it waits for something. */
  consider(scene: Scene, lines: number, steps: number): void {
    clearTimeout(this.timer);
    if (!this.wanted(scene)) return;
    this.timer = setTimeout(() => void this.ask(lines, steps), SETTLE_MS + this.rest(lines));
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private wanted(scene: Scene): boolean {
    const { session, view } = this;
    if (session.loading !== null) return false;
    return scene.open > 0 && view.growing && session.canWrite && session.tree.rule_available;
  }

  private async ask(lines: number, fill: number): Promise<void> {
    const key = this.key(lines);
    const before = this.asked.get(key)?.steps ?? 0;
    const running = this.session.jobs.some((job) => job.automatic && job.state === "running");
    if (this.busy || (running && before > 0)) return;
    const failure = this.failed(lines);
    if (failure !== null && failure.count > MOST_AGAIN) return;
    const more = before === 0 ? fill : Math.min(mostSteps(lines), before + MORE_STEPS);
    const steps = failure === null ? more : before;
    if (failure === null && steps <= before) return;
    this.asked.set(key, { steps, at: Date.now() });
    this.busy = true;
    try {
      const { camera, seed, offset, heights, isConditioned } = this.view;
      const { lo, hi } = camera;
      const job = await growTree(this.session.ref, {
        state: { node: camera.anchor },
        strategy: {
          kind: "worlds", lines, steps, lo, hi, offset, seed, conditioned: isConditioned,
        },
        heights,
        automatic: true,
        client: this.session.client,
      });
      this.session.takeJob(job);
    } catch {
      // Nobody asked for this growth by hand: the picture waits, and a change of view asks again.
      this.session.refresh();
    } finally {
      this.busy = false;
    }
  }

  /** How the growth of this view failed since it was last asked for; null: it did not. */
  private failed(lines: number): ViewFailure | null {
    const { failure } = this.session;
    const last = this.asked.get(this.key(lines));
    return failure !== null && last !== undefined && failure.at >= last.at ? failure : null;
  }

  /** How long to leave the engine alone. */
  private rest(lines: number): number {
    const failure = this.failed(lines);
    if (failure === null || failure.isWaived) return 0;
    const wait = Math.min(LATEST_AGAIN_MS, AGAIN_MS * 2 ** (failure.count - 1));
    return Math.max(0, failure.at + wait - Date.now());
  }

  private key(lines: number): string {
    const { camera, seed, heights, isConditioned } = this.view;
    const { model, epoch } = this.session;
    const { anchor, lo, hi } = camera;
    return [anchor, lo, hi, lines, seed, heights, isConditioned, model.fingerprint, epoch].join("/");
  }
}

/** A growth over the server's budget would be refused as a whole. */
function mostSteps(lines: number): number {
  const budget = rules.status?.limits.max_budget ?? USUAL_BUDGET;
  return Math.min(MOST_STEPS, Math.max(1, Math.floor(budget / lines)));
}
