/** Small multiway systems for tests: string rewriting, as the server's rule does it. */
import { ToyTree } from "../toy";
import { readSubtree, type PromptKeys, type Subtree } from "./subtree";
import type { Weighting } from "../weighting";
import type { TreeModel } from "../tree";

const encoder = new TextEncoder();

/** The states that follow a string, each match with the same probability, equal strings together. */
export function rewritten(state: string, rules: readonly (readonly [string, string])[]): Map<string, number> {
  const found: string[] = [];
  for (const [left, right] of rules) {
    for (let at = state.indexOf(left); at !== -1; at = state.indexOf(left, at + 1)) {
      found.push(state.slice(0, at) + right + state.slice(at + left.length));
    }
  }
  const next = new Map<string, number>();
  for (const one of found) next.set(one, (next.get(one) ?? 0) + 1 / found.length);
  return next;
}

/** A tree of any system on strings; states are interned as they are met. */
export function systemTree(
  first: string,
  next: (state: string) => ReadonlyMap<string, number>,
): ToyTree {
  const states = [first];
  const numbers = new Map([[first, 0]]);
  const intern = (state: string): number => {
    let number = numbers.get(state);
    if (number === undefined) {
      number = states.push(state) - 1;
      numbers.set(state, number);
    }
    return number;
  };
  return new ToyTree(
    (path) => {
      const state = states[path.at(-1) ?? 0]!;
      const row: number[] = [];
      for (const [one, p] of next(state)) row[intern(one)] = p;
      return Array.from(row, (p) => p ?? 0);
    },
    {
      shape: { kind: "rewriting", alphabetSize: null, promptLength: 1 },
      bytesOf: () => encoder.encode("step"),
      stateOf: (key) => encoder.encode(states[key]!),
    },
  );
}

/** Reads a subtree to its end. */
export function subtreeOf(
  model: TreeModel,
  prompt: Partial<PromptKeys> = {},
  anchor = 0,
  weighting: Weighting = model.ruleWeighting,
): Subtree {
  const reading = readSubtree(model, anchor, weighting, { tokens: [], text: "", ...prompt }, Infinity);
  const { value } = reading.next();
  if (value === null || typeof value === "number") throw new Error("The tree changed.");
  return value;
}
