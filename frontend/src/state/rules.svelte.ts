import { asProblem, type Problem } from "../api/problem";
import { loadRule, readStatus } from "../api/client";
import type { Offer, Status } from "./wire";

const POLL_MS = 700;
const KEY = "semioscope.rule";

/** The rules this server offers, followed while any of them is loading. */
class Rules {
  status = $state.raw<Status | null>(null);
  problem = $state.raw<Problem | null>(null);
  chosenId = $state<string | null>(remembered());
  private timer: ReturnType<typeof setTimeout> | undefined;

  readonly offers: readonly Offer[] = $derived(this.status?.rules ?? []);
  readonly chosen: Offer | null = $derived(
    this.offers.find((offer) => offer.id === this.chosenId) ?? this.offers[0] ?? null,
  );

  choose(id: string): void {
    this.chosenId = id;
    try {
      localStorage.setItem(KEY, id);
    } catch {
      // Nothing is remembered; the choice still holds.
    }
  }

  /** Takes one offer as the socket tells it. */
  take(offer: Offer): void {
    if (!this.status) return;
    const rules = this.status.rules.map((known) => (known.id === offer.id ? offer : known));
    this.status = { ...this.status, rules };
  }

  async refresh(): Promise<void> {
    clearTimeout(this.timer);
    try {
      this.status = await readStatus();
      this.problem = null;
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
    const unsettled =
      this.problem !== null || this.offers.some((offer) => offer.state === "loading");
    if (unsettled) this.timer = setTimeout(() => void this.refresh(), POLL_MS);
  }

  /** Begins to load a rule, or tries it again, and follows how far that is. */
  async load(id: string): Promise<void> {
    try {
      this.take(await loadRule(id));
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
    await this.refresh();
  }

  /** Resolves when a rule is not loading any more, whatever it is then, or when `givenUp`. */
  async settled(id: string, givenUp: () => boolean): Promise<void> {
    for (;;) {
      await this.refresh();
      const offer = this.offers.find((known) => known.id === id);
      if (givenUp() || (!this.problem && offer?.state !== "loading")) return;
      await new Promise((done) => setTimeout(done, POLL_MS));
    }
  }

  /** Stops following until the next refresh. */
  rest(): void {
    clearTimeout(this.timer);
  }
}

function remembered(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

export const rules = new Rules();
