import { readOverlay } from "../api/instruments";
import { asProblem } from "../api/problem";
import { endOf, isMeasured, type Measured } from "../model/overlay";
import { notices } from "./notices.svelte";
import type { TreeSession } from "./session.svelte";
import type { ViewState } from "./view.svelte";

/** What has grown meanwhile is measured so much later: at once, where nothing is measured yet. */
const WHILE_GROWING_MS = 600;

/** Keeps what states are coloured by, where that is an instrument's result, up to date. */
export class Overlays {
  private timer: ReturnType<typeof setTimeout> | undefined;
  private current: AbortController | null = null;

  constructor(
    private readonly session: TreeSession,
    private readonly view: ViewState,
  ) {}

  /** Reads what it depends on; to be called in an effect. */
  follow(): void {
    const { colour, heights } = this.view;
    const { version, loading, model } = this.session;
    void version;
    clearTimeout(this.timer);
    if (!isMeasured(colour) || loading !== null) return;
    const wait = model.overlay?.name === colour ? WHILE_GROWING_MS : 0;
    this.timer = setTimeout(() => void this.read(colour, heights), wait);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.current?.abort();
  }

  private async read(name: Measured, heights: "rule" | "procedure"): Promise<void> {
    this.current?.abort();
    const mine = (this.current = new AbortController());
    const { model } = this.session;
    try {
      const { header, columns } = await readOverlay(this.session.ref, name, heights, mine.signal);
      const values = columns["values"];
      if (this.current !== mine || !(values instanceof Float32Array)) return;
      model.overlay = { name, unit: String(header["unit"]), values, hi: endOf(values) };
      this.view.overlaid += 1;
    } catch (thrown) {
      if (this.current === mine) notices.say(asProblem(thrown).message);
    }
  }
}
