import { readProfile } from "../api/instruments";
import { asProblem, type Problem } from "../api/problem";
import type { TreeSession } from "./session.svelte";
import type { ViewState } from "./view.svelte";
import type { InstrumentReading } from "./wire";

/** So long the selection has to rest before it is measured. */
const SETTLE_MS = 120;
/** What has grown meanwhile seldom changes the trajectory that is measured. */
const WHILE_GROWING_MS = 1200;

/** The trajectory profile: what it was asked, what it has found, or why it found nothing. */
export class Measuring {
  reading = $state.raw<InstrumentReading | null>(null);
  problem = $state.raw<Problem | null>(null);
  asking = $state(false);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private current: AbortController | null = null;
  private asked = "";

  constructor(
    private readonly session: TreeSession,
    private readonly view: ViewState,
  ) {}

  /** Reads what the instrument depends on, and measures when that has come to rest. */
  follow(): void {
    // A connection that is back is a reason to ask again.
    void [this.session.version, this.session.connection];
    const { selection, heights, base } = this.view;
    const what = `${selection.node}/${heights}/${base.fingerprint}`;
    clearTimeout(this.timer);
    if (selection.node === 0) {
      // There is nothing to measure, and nothing to ask.
      this.stop();
      this.asked = "";
      this.reading = this.problem = null;
      return;
    }
    this.timer = setTimeout(
      () => {
        this.asked = what;
        void this.measure(selection.node, heights);
      },
      what === this.asked ? WHILE_GROWING_MS : SETTLE_MS,
    );
  }

  stop(): void {
    clearTimeout(this.timer);
    this.current?.abort();
    this.current = null;
  }

  private async measure(node: number, heights: "rule" | "procedure"): Promise<void> {
    this.current?.abort();
    const mine = (this.current = new AbortController());
    this.asking = true;
    try {
      const found = await readProfile(this.session.ref, node, heights, mine.signal);
      if (this.current !== mine) return;
      this.reading = found;
      this.problem = null;
    } catch (thrown) {
      if (this.current !== mine) return;
      this.reading = null;
      this.problem = asProblem(thrown);
    } finally {
      if (this.current === mine) this.asking = false;
    }
  }
}
