import { readProfile } from "../api/instruments";
import { asProblem, type Problem } from "../api/problem";
import type { InstrumentKind } from "./instrumentKinds";
import type { TreeSession } from "./session.svelte";
import type { ViewState } from "./view.svelte";
import type { InstrumentReading } from "./wire";

/** So long the selection has to rest before it is measured. */
const SETTLE_MS = 120;

/** The instrument that is open: what it was asked, what it has found, or why it found nothing. */
export class Measuring {
  reading = $state.raw<InstrumentReading | null>(null);
  problem = $state.raw<Problem | null>(null);
  asking = $state(false);
  private timer: ReturnType<typeof setTimeout> | undefined;
  private current: AbortController | null = null;

  constructor(
    private readonly session: TreeSession,
    private readonly view: ViewState,
  ) {}

  /** Reads what the instrument depends on, and measures when that has come to rest. */
  follow(kind: InstrumentKind): void {
    const { version, past } = this.session;
    const { selection, heights } = this.view;
    void [version, past, kind];
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.measure(selection.node, heights), SETTLE_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.current?.abort();
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
