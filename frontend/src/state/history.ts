/** A trajectory state by state: the way to the selected one, and one world's way on from it. */
import { uniform } from "../model/random";
import type { StateRef } from "../model/ref";
import type { TreeModel } from "../model/tree";
import { advance, lineStart, locate } from "../model/walk";
import type { Weighting } from "../model/weighting";
import { passes, readingOf } from "./facts";

export interface HistoryStep {
  readonly ref: StateRef;
  /** The state under a rewriting rule, as it is written. */
  readonly text: string;
}

export interface History {
  /** After the initial state. */
  readonly steps: readonly HistoryStep[];
  /** How many of them lead to the selected state. */
  readonly selected: number;
  /** The line whose world goes on; null where none passes. */
  readonly line: number | null;
}

/** The lines that are in view: n of them over [lo, hi) of the anchor's interval. */
export interface Lines {
  readonly anchor: number;
  readonly lo: number;
  readonly hi: number;
  readonly lines: number;
  readonly offset: number;
  readonly seed: number;
}

/**
 * To the selected state, and on from it by the world of a line, as far as it is grown: that of
 * `line` where it passes, else of the first that does.
 */
export function historyOf(
  model: TreeModel,
  weighting: Weighting,
  selection: StateRef,
  view: Lines,
  line: number | null,
): History {
  const before = readingOf(model, selection);
  const tries = [...(line === null ? [] : [line]), ...Array(view.lines).keys()];
  for (const index of tries) {
    const end = endOf(model, weighting, view, index);
    if (!passes(model, selection, end)) continue;
    return { steps: readingOf(model, end).map(stepOf), selected: before.length, line: index };
  }
  return { steps: before.map(stepOf), selected: before.length, line: null };
}

const stepOf = ({ state, text }: { state: StateRef; text: string }): HistoryStep => ({
  ref: state,
  text: text.trim(),
});

/** How far a line's world is grown. */
export function endOf(model: TreeModel, weighting: Weighting, view: Lines, index: number): StateRef {
  const { anchor, lo, hi, lines, offset, seed } = view;
  let node = anchor;
  let at = lineStart(lo, hi, index, lines, offset);
  for (;;) {
    const place = locate(model, node, at.u, weighting);
    if (place === null) return { node };
    if (place.child === -1) return { node, key: place.key };
    const fresh = uniform(seed, index, model.depth[node]! - model.depth[anchor]!);
    at = advance(at, place.start, place.q, fresh);
    node = place.child;
  }
}
