import { createTree, encodeText, forkTree, setProcedure } from "../api/client";
import { asProblem } from "../api/problem";
import { rules } from "./rules.svelte";
import type { TreeSession } from "./session.svelte";
import type { NewTree, Step } from "./wire";

/** In what the second tree differs from the first. */
export type Difference =
  | { kind: "rule"; rule: string }
  | { kind: "procedure"; procedure: readonly Step[] }
  | { kind: "prompt"; prompt: string };

/** The tree to begin: the first one's, in all but one thing. */
export function newTreeOf(first: TreeSession, difference: Difference): NewTree {
  const { tree } = first;
  return {
    rule: difference.kind === "rule" ? difference.rule : tree.rule.id,
    prompt: difference.kind === "prompt" ? difference.prompt : tree.prompt.text,
    // Another rule has another window.
    max_length: difference.kind === "rule" ? null : tree.max_length,
    procedure: difference.kind === "procedure" ? [...difference.procedure] : [...first.steps],
    chat: false,
  };
}

/** Makes the second tree, waiting for its rule to load; its ref, or null when it was given up. */
export async function makeSecond(
  first: TreeSession,
  difference: Difference,
  givenUp: () => boolean,
): Promise<string | null> {
  if (difference.kind === "procedure" && !(await isWrittenAsText(first))) {
    const copy = await forkTree(first.ref);
    await setProcedure(copy.ref, [...difference.procedure]);
    return copy.ref;
  }
  const tree = newTreeOf(first, difference);
  for (;;) {
    try {
      return (await createTree(tree)).ref;
    } catch (thrown) {
      if (asProblem(thrown).code !== "rule-loading") throw thrown;
    }
    await rules.settled(tree.rule, givenUp);
    if (givenUp()) return null;
  }
}

/** Whether the prompt's text alone gives its tokens: that of a chat has special ones in it. */
async function isWrittenAsText({ tree }: TreeSession): Promise<boolean> {
  if (tree.rule.kind === "rewriting") return true;
  try {
    const tokens = await encodeText(tree.rule.id, tree.prompt.text);
    return (
      tokens.length === tree.prompt.tokens.length &&
      tokens.every(({ key }, place) => key === tree.prompt.tokens[place]!.key)
    );
  } catch {
    return false;
  }
}
