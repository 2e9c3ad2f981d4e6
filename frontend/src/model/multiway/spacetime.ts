/** A cellular automaton's history with its forks: at each row, the rows that could have come instead. */
import { cellsOf } from "../cells";
import { nextStates } from "../neighbours";
import { logQOf } from "../next";
import type { StateRef } from "../ref";
import type { TreeModel } from "../tree";
import type { Weighting } from "../weighting";

export interface Alternative {
  readonly ref: StateRef;
  readonly row: Uint8Array;
  /** Given the row before, under the weighting; NaN where it is not known. */
  readonly p: number;
}

/** Of each state of a history, what else could have followed the one before: the likeliest `most`. */
export function alternativesOf(
  tree: TreeModel,
  weighting: Weighting,
  history: readonly StateRef[],
  most: number,
): readonly (readonly Alternative[])[] {
  return history.map((own, i) => {
    const before = history[i - 1];
    if (before === undefined || before.key !== undefined) return [];
    const { node } = before;
    const found: Alternative[] = [];
    for (const ref of nextStates(tree, node, weighting)) {
      if (found.length === most) break;
      if (ref.node === own.node && ref.key === own.key) continue;
      const key = ref.key ?? tree.key[ref.node]!;
      const row = cellsOf(tree.symbols.wholeText(key) ?? "");
      if (row === null) continue;
      found.push({ ref, row, p: Math.exp(logQOf(tree, weighting, node, key) ?? NaN) });
    }
    return found;
  });
}
