/** What stops a line at a state, and where in a state no line goes on. */
import type { LineEnd, WorldsOptions } from "./scene";
import type { TreeModel } from "./tree";
import { ALL_KEPT, type Weighting, widthOf } from "./weighting";

/** How a line that reaches a node stops there; null when it can go on. */
export function stopAt(tree: TreeModel, heights: Weighting, node: number): LineEnd | null {
  if (tree.isCut(node)) return "cut";
  if (tree.isTerminal(node)) return "ended";
  if (!tree.isExpanded(node)) return "open";
  if (heights.isWeighed(node)) return null;
  return heights.isUntold(node) ? "unweighable" : "unweighed";
}

/**
 * Where in a state's interval no line goes on: the ranks from `rank` on, the positions from
 * `start` on. Either the procedure forbids what lies there (with heights by the rule), or the rule
 * does not tell what it is. 1 where there is no such place, or where it is beyond what is stored.
 */
export interface Beyond {
  readonly kind: "forbidden" | "untold";
  readonly rank: number;
  readonly start: number;
}

const NOTHING: Beyond = { kind: "untold", rank: ALL_KEPT, start: 1 };

/** `procedure` is what forbids; the heights are by it or by the rule. */
export function beyondAt(
  tree: TreeModel,
  procedure: Weighting,
  node: number,
  heights: WorldsOptions["heights"],
): Beyond {
  const weights = procedure.weightsAt(node);
  if (weights === null || weights.kept === ALL_KEPT) {
    // A procedure is weighed only where all that it keeps is told: this is the rule, or heights by it.
    const isRule = heights === "rule" || weights !== null;
    return isRule ? { ...NOTHING, start: tree.told(node) } : NOTHING;
  }
  if (heights === "procedure") return NOTHING;
  if (weights.kept <= tree.candidatesOf(node)) {
    const first = tree.firstCandidate(node);
    let start = 0;
    for (let i = 0; i < weights.kept; i++) start += widthOf(1, tree.candidateLogProbs[first + i]!, 0);
    return { kind: "forbidden", rank: weights.kept, start };
  }
  // At temperature 1 the procedure's normaliser is the mass that it keeps.
  if (procedure.beta !== 1) return { ...NOTHING, start: tree.told(node) };
  return { kind: "forbidden", rank: weights.kept, start: Math.exp(weights.logZ) };
}
