import { readOverlay } from "../api/instruments";
import { asProblem } from "../api/problem";
import { isMeasured, overlayOf, type Measured } from "../model/overlay";
import { notices } from "./notices.svelte";
import type { TreeSession } from "./session.svelte";
import type { ViewState } from "./view.svelte";

/** What has grown meanwhile is measured so much later; at once, where something else is asked. */
const WHILE_GROWING_MS = 600;

/** Keeps what states are coloured by, where that is an instrument's result, up to date. */
export class Overlays {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private current: AbortController | null = null;
  /** What was asked for last, and of which moment of the tree. */
  private asked = { what: "", seq: -1 };

  constructor(
    private readonly session: TreeSession,
    private readonly view: ViewState,
  ) {}

  /** Reads what it depends on; to be called in an effect. */
  follow(): void {
    const { colour, heights, base } = this.view;
    const { version, loading, model } = this.session;
    void version;
    clearTimeout(this.timer);
    if (!isMeasured(colour)) this.asked.what = "";
    if (!isMeasured(colour) || loading !== null) return;
    const what = `${colour}/${heights}/${base.fingerprint}`;
    const isOther = what !== this.asked.what;
    if (!isOther && model.seq === this.asked.seq) return;
    this.timer = setTimeout(
      () => {
        this.asked = { what, seq: model.seq };
        void this.read(colour, heights);
      },
      isOther ? 0 : WHILE_GROWING_MS,
    );
  }

  stop(): void {
    clearTimeout(this.timer);
    this.current?.abort();
    this.current = null;
  }

  private async read(name: Measured, heights: "rule" | "procedure"): Promise<void> {
    this.current?.abort();
    const mine = (this.current = new AbortController());
    try {
      const { columns } = await readOverlay(this.session.ref, name, heights, mine.signal);
      const values = columns["values"];
      if (this.current !== mine || !(values instanceof Float32Array)) return;
      this.session.overlay(overlayOf(name, values));
    } catch (thrown) {
      if (this.current === mine) notices.say(asProblem(thrown).message);
    }
  }
}
