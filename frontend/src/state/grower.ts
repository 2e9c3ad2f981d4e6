import { growTree } from "../api/client";
import type { Scene } from "../model/scene";
import { rules } from "./rules.svelte";
import type { TreeSession } from "./session.svelte";
import { MOST_STEPS } from "./stage";
import type { ViewState } from "./view.svelte";

const SETTLE_MS = 70;
const MORE_STEPS = 12;
/** Expansions of one growth, where the server has not told its own bound. */
const USUAL_BUDGET = 4096;

/**
 * Grows what is in view: one automatic growth of worlds for the camera's state, asked for when
 * the picture has come to rest and lines wait. The same view is asked for once; more steps are
 * asked for only when the last ones came, so that it never goes round in circles.
 */
export class Grower {
  private asked = new Map<string, number>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;

  constructor(
    private readonly session: TreeSession,
    private readonly view: ViewState,
  ) {}

  /** The growth that came with the tree's creation counts as asked. */
  begun(lines: number, steps: number): void {
    this.asked.set(this.key(lines), steps);
  }

  /** Looks at a picture at rest, and grows it if it waits for something. */
  consider(scene: Scene, lines: number, steps: number): void {
    clearTimeout(this.timer);
    if (!this.wanted(scene)) return;
    this.timer = setTimeout(() => void this.ask(lines, steps), SETTLE_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private wanted(scene: Scene): boolean {
    const { session, view } = this;
    return scene.open > 0 && view.growing && session.canWrite && session.tree.rule_available;
  }

  private async ask(lines: number, fill: number): Promise<void> {
    const key = this.key(lines);
    const before = this.asked.get(key) ?? 0;
    const running = this.session.jobs.some((job) => job.automatic && job.state === "running");
    if (this.busy || (running && before > 0)) return;
    const steps = before === 0 ? fill : Math.min(mostSteps(lines), before + MORE_STEPS);
    if (steps <= before) return;
    this.asked.set(key, steps);
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
