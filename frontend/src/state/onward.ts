/** How a trajectory goes on after a state; apart from what the page of it needs, for the first screen reads it too. */
import { logQOf } from "../model/next";
import type { StateRef } from "../model/ref";
import type { TreeModel } from "../model/tree";
import type { Weighting } from "../model/weighting";
import { passes } from "./facts";

/** What is grown after a state, each time the most probable next state that is; `most` steps at most. */
export function mostProbableEnd(
  tree: TreeModel,
  weighting: Weighting,
  from: number,
  most = Infinity,
): number {
  let node = from;
  for (let step = 0; step < most; step++) {
    const next = tree.isCut(node) ? -1 : mostProbableChild(tree, weighting, node);
    if (next === -1) break;
    node = next;
  }
  return node;
}

/** Under the procedure where it is known, else under the rule; pruned ones only when there are no others. */
export function mostProbableChild(tree: TreeModel, weighting: Weighting, node: number): number {
  let best = -1;
  let most = -Infinity;
  tree.eachChild(node, (child) => {
    const q = logQOf(tree, weighting, node, tree.key[child]!) ?? tree.logProb[child]!;
    const weight = tree.isCut(child) ? -Number.MAX_VALUE : Math.max(q, -1e300);
    if (weight > most) [best, most] = [child, weight];
  });
  return best;
}

/**
 * The end of the page when a state is selected: the page that is open stays as long as the state
 * is on it, and follows what grows at its end; else the state's own most probable way on.
 * `along`: the end of a world that is preferred, where it passes. `most`: steps that are walked on.
 */
export function pageEnd(
  tree: TreeModel,
  weighting: Weighting,
  selected: StateRef,
  open: StateRef | null,
  along: StateRef | null,
  most = Infinity,
): StateRef {
  for (const end of [along, open]) {
    if (end === null || !tree.has(end.node) || !passes(tree, selected, end)) continue;
    const made = end.key === undefined ? end.node : tree.childOf(end.node, end.key);
    return made === -1 ? end : { node: mostProbableEnd(tree, weighting, made, most) };
  }
  if (selected.key !== undefined) {
    const made = tree.childOf(selected.node, selected.key);
    if (made === -1) return selected;
    return { node: mostProbableEnd(tree, weighting, made, most) };
  }
  return { node: mostProbableEnd(tree, weighting, selected.node, most) };
}
