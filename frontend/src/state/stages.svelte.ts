import { readStages } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import type { StateRef } from "../model/ref";
import type { Stages, Step } from "./wire";

const SETTLE_MS = 180;
const MOST_KEPT = 40;

export type Told =
  | { readonly kind: "waiting" }
  | { readonly kind: "told"; readonly stages: Stages }
  | { readonly kind: "refused"; readonly problem: Problem };

/** What each step of a procedure does at the state that is looked at; asked of the server. */
export class StagesHere {
  told = $state.raw<Told>({ kind: "waiting" });
  private readonly kept = new Map<string, Stages>();
  private wanted = "";
  private timer: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly ref: string) {}

  /** The same state under the same procedure is asked about once. */
  look(state: StateRef, steps: readonly Step[]): void {
    const key = JSON.stringify([state.node, state.key ?? null, steps]);
    if (key === this.wanted && this.told.kind !== "refused") return;
    this.wanted = key;
    clearTimeout(this.timer);
    const stages = this.kept.get(key);
    if (stages !== undefined) {
      this.told = { kind: "told", stages };
      return;
    }
    this.told = { kind: "waiting" };
    this.timer = setTimeout(() => void this.ask(key, state, steps), SETTLE_MS);
  }

  stop(): void {
    clearTimeout(this.timer);
    this.wanted = "";
  }

  private async ask(key: string, state: StateRef, steps: readonly Step[]): Promise<void> {
    try {
      const stages = await readStages(this.ref, state, steps);
      if (this.kept.size >= MOST_KEPT) this.kept.clear();
      this.kept.set(key, stages);
      if (key === this.wanted) this.told = { kind: "told", stages };
    } catch (thrown) {
      if (key === this.wanted) this.told = { kind: "refused", problem: asProblem(thrown) };
    }
  }
}
