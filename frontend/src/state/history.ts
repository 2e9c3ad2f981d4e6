/** A trajectory state by state: the way to the selected one, and one world's way on from it. */
import type { StateRef } from "../model/ref";
import type { Scene } from "../model/scene";
import type { TreeModel } from "../model/tree";
import { passes, readingAfter, readingOf } from "./facts";

export interface HistoryStep {
  readonly ref: StateRef;
  /** Of the state, under a rewriting rule, as it is written. */
  readonly text: string;
}

export interface History {
  /** After the initial state. */
  readonly steps: readonly HistoryStep[];
  /** How many of them lead to the selected state. */
  readonly selected: number;
  /** The line of the scene whose world goes on; null where none passes. */
  readonly line: number | null;
}

/** `line`: the one that somebody chose; another that passes is taken where it does not. */
export function historyOf(
  model: TreeModel,
  selection: StateRef,
  scene: Scene | null,
  line: number | null,
): History {
  const through = (scene?.lines ?? []).filter(({ at }) => passes(model, selection, at));
  const chosen = through.find(({ index }) => index === line) ?? through[0];
  const before = readingOf(model, selection);
  const after = chosen ? readingAfter(model, selection, chosen.at) : [];
  return {
    steps: [...before, ...after].map(({ state, text }) => ({ ref: state, text: text.trim() })),
    selected: before.length,
    line: chosen?.index ?? null,
  };
}
