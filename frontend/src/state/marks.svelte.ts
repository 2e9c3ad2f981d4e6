import { MARK, type EmphasisSource } from "../model/emphasis";
import { extended, massOf, MOST_PICKED, standing, toggled } from "../model/picked";
import { sameRef, type StateRef } from "../model/ref";
import type { TreeSession } from "./session.svelte";
import { Visited } from "./visited";

/** What a text is being written on, in the inspector. */
export type Writing = "note" | "label";

/** What is picked and visited on this page, and how that and what all see stands out. */
export class Marks {
  private chosen = $state.raw<readonly StateRef[]>([]);
  private readonly visited: Visited;
  private visits = $state(0);
  /** The note or the name of the selected state is being written. */
  writing = $state<Writing | null>(null);

  constructor(private readonly session: TreeSession) {
    this.visited = new Visited(session.ref);
  }

  /** Chosen together, in the order of choosing. */
  readonly picked: readonly StateRef[] = $derived.by(
    () => (this.session.version, standing(this.session.model, this.chosen)),
  );
  /** The probability of all that is picked, under the rule. */
  readonly mass: number = $derived.by(() => massOf(this.session.model, this.picked));
  /** Goes up with what all see. */
  readonly told: number = $derived.by(
    () => (this.session.version, this.session.model.annotations.version),
  );

  /** Replaced whenever a mark has changed. */
  readonly source: EmphasisSource = $derived.by(() => {
    const { annotations } = this.session.model;
    const { visited } = this;
    const picked = new Set(
      this.picked.flatMap(({ node, key }) => (key === undefined ? [node] : [])),
    );
    return {
      version: this.told + this.visits,
      marksOf: (node) =>
        annotations.marksOf(node) |
        (visited.has(node) ? MARK.visited : 0) |
        (picked.has(node) ? MARK.picked : 0),
    };
  });

  isPicked(ref: StateRef): boolean {
    return this.picked.some((one) => sameRef(one, ref));
  }

  /** Picks a state, or no more; false where as many are picked as can be. */
  toggle(ref: StateRef): boolean {
    return this.choose(toggled(this.picked, ref));
  }

  /** Picks along a step from one state to another. */
  extend(from: StateRef, to: StateRef): boolean {
    return this.choose(extended(this.picked, from, to));
  }

  clear(): void {
    this.chosen = [];
  }

  visit(node: number): void {
    if (node > 0 && this.visited.add(node)) this.visits += 1;
  }

  private choose(picked: readonly StateRef[]): boolean {
    if (picked.length > MOST_PICKED) return false;
    this.chosen = picked;
    return true;
  }
}
