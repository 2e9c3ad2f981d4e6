/** What stops a line at a state, and what the procedure forbids there. */
import type { LineEnd, WorldsOptions } from "./scene";
import type { TreeModel } from "./tree";
import { ALL_KEPT, type Weighting, widthOf } from "./weighting";

/** How a line that reaches a node stops there; null when it can go on. */
export function stopAt(tree: TreeModel, heights: Weighting, node: number): LineEnd | null {
  if (tree.isCut(node)) return "cut";
  if (tree.isTerminal(node)) return "ended";
  if (!tree.isExpanded(node)) return "open";
  return heights.isWeighed(node) ? null : "unweighed";
}

/**
 * With heights by the rule, where what the procedure forbids begins in a state's interval: the
 * ranks from `rank` on, the positions from `start` on. 1 where nothing is forbidden or where the
 * cut lies beyond what is stored.
 */
export interface Forbidden {
  readonly rank: number;
  readonly start: number;
}

const NOTHING: Forbidden = { rank: ALL_KEPT, start: 1 };

export function forbiddenAt(
  tree: TreeModel,
  procedure: Weighting,
  node: number,
  heights: WorldsOptions["heights"],
): Forbidden {
  if (heights === "procedure") return NOTHING;
  const weights = procedure.weightsAt(node);
  if (weights === null || weights.kept === ALL_KEPT) return NOTHING;
  if (weights.kept <= tree.candidatesOf(node)) {
    const first = tree.firstCandidate(node);
    let start = 0;
    for (let i = 0; i < weights.kept; i++) start += widthOf(1, tree.candidateLogProbs[first + i]!, 0);
    return { rank: weights.kept, start };
  }
  // At temperature 1 the procedure's normaliser is the mass that it keeps.
  return procedure.beta === 1 ? { rank: weights.kept, start: Math.exp(weights.logZ) } : NOTHING;
}
