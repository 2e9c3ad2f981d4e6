/** What the worker does: merges and arranges what it was asked last; what is out of date it drops. */
import type { Multiway } from "./graph";
import { arrange } from "./layout";
import { merge } from "./merge";
import type { MergeAnswer, MergeRequest } from "./protocol";
import type { Subtree } from "./subtree";

export class Merging {
  private subtree: Subtree | null = null;
  private latest = -1;

  constructor(
    private readonly answer: (answer: MergeAnswer) => void,
    /** Lets messages that have come be heard. */
    private readonly breathe: () => Promise<void>,
  ) {}

  /** Takes a request; the one before is given up at its next breath. */
  async take(request: MergeRequest): Promise<void> {
    const { id } = request;
    this.latest = id;
    this.subtree = request.subtree ?? this.subtree;
    try {
      await this.work(request);
    } catch (thrown) {
      const message = thrown instanceof Error ? thrown.message : String(thrown);
      if (this.latest === id) this.answer({ type: "failed", id, message });
    }
  }

  private async work({ id, equivalence, layout, most, before }: MergeRequest): Promise<void> {
    // Of several requests that wait, only the last is begun.
    await this.breathe();
    if (this.latest !== id) return;
    if (this.subtree === null) throw new Error("There is no tree to merge.");
    this.answer({ type: "progress", id, phase: "merging", share: 0 });
    const graph: Multiway = merge(this.subtree, equivalence, most);
    await this.breathe();
    if (this.latest !== id) return;
    const work = arrange(graph, layout, before);
    for (;;) {
      const step = work.next();
      if (step.done) {
        this.answer({ type: "done", id, graph, places: step.value });
        return;
      }
      this.answer({ type: "progress", id, phase: "arranging", share: step.value });
      await this.breathe();
      if (this.latest !== id) return;
    }
  }
}
