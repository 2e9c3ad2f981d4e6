import { grownLines } from "../model/grownLines";
import type { TreeSession } from "./session.svelte";
import { FEWEST_LINES, MOST_LINES } from "./stage";
import type { ViewState } from "./view.svelte";

/**
 * Of how many even worlds the lines are, where the address does not say. One line more or less moves
 * every line, and what was grown for the others is not seen: the number that a tree was grown for, as
 * far as that can be seen, or that is asked for with a new one (`first`).
 */
export function settledLines(
  session: TreeSession,
  view: ViewState,
  fitting: number,
  first: number,
): number {
  const near = Math.abs(fitting - first) <= 2 ? first : fitting;
  // Of a large tree the states on the lines that were asked for come first.
  if (session.isNew || session.loading !== null) return near;
  return grownLines(session.model, view.measure, view, [FEWEST_LINES, near, MOST_LINES]);
}
