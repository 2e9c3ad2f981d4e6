/** Making a tree with a rule that may have to be loaded first. */
import { app } from "./app.svelte";
import { asProblem } from "./problem";
import { rules } from "./rules.svelte";
import type { NewTree } from "./wire";

const AGAIN_MS = 300;

/** Somebody's patience: `givenUp` ends the waiting. */
export interface Wait {
  givenUp: boolean;
}

/**
 * Makes the tree and goes there. While its rule is loading it asks again each time the rule has
 * come; `onwait` is told that it waits. Throws the Problem of a refusal.
 */
export async function begin(tree: NewTree, onwait: (wait: Wait) => void): Promise<void> {
  const wait: Wait = { givenUp: false };
  for (;;) {
    try {
      return await app.grow(tree);
    } catch (thrown) {
      if (asProblem(thrown).code !== "rule-loading") throw thrown;
    }
    onwait(wait);
    // What a made rule is made of may be loading while it is ready itself.
    await new Promise((done) => setTimeout(done, AGAIN_MS));
    await rules.settled(tree.rule, () => wait.givenUp);
    // What failed says so where it is chosen, with a way to try it again.
    const failed = rules.offers.some(({ id, state }) => id === tree.rule && state === "failed");
    if (wait.givenUp || failed) return;
  }
}
