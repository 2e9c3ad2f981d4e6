/** A trajectory state by state: the way to the selected one, and one world's way on from it. */
import type { Camera } from "../model/camera";
import { enteredAt, freshAt, type Lattice, latticeOf, type LatticeOptions } from "../model/lattice";
import type { StateRef } from "../model/ref";
import type { TreeModel } from "../model/tree";
import { advance, locate, type Position } from "../model/walk";
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

/** The lines that are in view. */
export interface Lines extends Camera, LatticeOptions {}

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
  const lattice = latticeOf(model, weighting, view, view);
  const ids = [...lattice.ids];
  const chosen = line === null ? -1 : ids.indexOf(line);
  for (const index of [...(chosen === -1 ? [] : [chosen]), ...ids.keys()]) {
    const end = endOf(model, weighting, view, lattice, index);
    if (!passes(model, selection, end)) continue;
    return { steps: readingOf(model, end).map(stepOf), selected: before.length, line: ids[index]! };
  }
  return { steps: before.map(stepOf), selected: before.length, line: null };
}

/** How far the world of one line is grown; null where no such line is in view. */
export function worldOf(
  model: TreeModel,
  weighting: Weighting,
  view: Lines,
  line: number,
): StateRef | null {
  const lattice = latticeOf(model, weighting, view, view);
  const index = [...lattice.ids].indexOf(line);
  return index === -1 ? null : endOf(model, weighting, view, lattice, index);
}

const stepOf = ({ state, text }: { state: StateRef; text: string }): HistoryStep => ({
  ref: state,
  text: text.trim(),
});

/** How far a line's world is grown. */
function endOf(
  model: TreeModel,
  weighting: Weighting,
  { anchor, seed }: Lines,
  lattice: Lattice,
  index: number,
): StateRef {
  let node = anchor;
  let at: Position = { u: lattice.u[index]!, left: lattice.left[index]! };
  for (;;) {
    const place = locate(model, node, at.u, weighting);
    if (place === null) return { node };
    if (place.child === -1) return { node, key: place.key };
    const fresh = freshAt(lattice, seed, index, model.depth[node]!);
    at = enteredAt(lattice, index, place.child) ?? advance(at, place.start, place.q, fresh);
    node = place.child;
  }
}
