/** What stops a line at a state, and where in a state no line goes on. */
import type { LineEnd, WorldsOptions } from "./scene";
import type { TreeModel } from "./tree";
import { placeIn, widthAt } from "./fan";
import { candidatePlace } from "./next";
import { ALL_KEPT, type Weighting } from "./weighting";

/** How a line that reaches a node stops there; null when it can go on. */
export function stopAt(tree: TreeModel, heights: Weighting, node: number): LineEnd | null {
  if (tree.isCut(node)) return "cut";
  if (tree.isTerminal(node)) return "ended";
  if (!tree.isExpanded(node)) return "open";
  if (heights.isWeighed(node)) return heights.leftAt(node) > 0 ? null : "cut";
  return heights.isUntold(node) ? "unweighable" : "unweighed";
}

/**
 * Where in a state's interval no line goes on: the places of its fan from `rank` on, the positions from
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
  heights: Weighting,
  procedure: Weighting,
  node: number,
  by: WorldsOptions["heights"],
): Beyond {
  const weights = procedure.weightsAt(node);
  const untold = { ...NOTHING, start: heights.moved(node, tree.told(node)) };
  if (weights === null || weights.kept === ALL_KEPT) {
    // A procedure is weighed only where all that it keeps is told: this is the rule, or heights by it.
    return by === "rule" || weights !== null ? untold : NOTHING;
  }
  if (by === "procedure") return NOTHING;
  const last = lastAllowed(tree, procedure, node, weights.kept);
  if (last !== null) return forbiddenAfter(tree, heights, node, last);
  // At temperature 1 the procedure's normaliser is the mass that it keeps.
  if (procedure.beta !== 1 || procedure.ownAt(node) !== null) return untold;
  return { kind: "forbidden", rank: weights.kept, start: heights.moved(node, Math.exp(weights.logZ)) };
}

/** Whether a procedure is sure to take out one of a state's stored candidates. */
export function isForbidden(
  tree: TreeModel,
  procedure: Weighting,
  node: number,
  key: number,
): boolean {
  const own = procedure.ownAt(node);
  const kept = procedure.weightsAt(node)?.kept ?? ALL_KEPT;
  if (own === null) return kept !== ALL_KEPT && candidatePlace(tree, node, key) >= kept;
  return kept <= own.end - own.from && placeIn(own, key) === -1;
}

/** The rank of the last candidate that is allowed; null when others than candidates may be. */
function lastAllowed(
  tree: TreeModel,
  procedure: Weighting,
  node: number,
  kept: number,
): number | null {
  const own = procedure.ownAt(node);
  if (own === null) return kept <= tree.candidatesOf(node) ? kept - 1 : null;
  if (kept > own.end - own.from) return null;
  let last = -1;
  for (let i = own.from; i < own.end; i++) {
    const place = candidatePlace(tree, node, own.keys[i]!);
    if (place === -1) return null;
    last = Math.max(last, place);
  }
  return last;
}

/** The heights are by the rule, so that their fan is in its order (without what is cut away). */
function forbiddenAfter(tree: TreeModel, heights: Weighting, node: number, last: number): Beyond {
  const fan = tree.fan(node, heights);
  let start = 0;
  let rank = 0;
  if (fan !== null) {
    const isAllowed = (i: number): boolean =>
      (fan.ranked ? i - fan.from : candidatePlace(tree, node, fan.keys[i]!)) <= last;
    for (let i = fan.from; i < fan.end && isAllowed(i); i++) {
      start += widthAt(fan, i);
      rank++;
    }
    if (fan.complete && rank === fan.end - fan.from) return NOTHING;
  }
  return { kind: "forbidden", rank, start };
}
