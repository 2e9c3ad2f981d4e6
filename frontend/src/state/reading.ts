/** A trajectory as one reads it: how it goes on, and what else could have come at each fork. */
import { valueOf } from "../model/measures";
import { nextStates } from "../model/neighbours";
import { logProbOf, logQOf } from "../model/next";
import { sameRef, type StateRef } from "../model/ref";
import type { Colour } from "../model/scene";
import { label, pieceAfter, piecesAfter } from "../model/text";
import type { TreeModel } from "../model/tree";
import type { Weighting } from "../model/weighting";
import { mostProbableChild } from "./onward";

/** Where a trajectory stops, and why. */
export type Stop = "ended" | "pruned" | "open" | "candidate";

/**
 * The states of a trajectory after the prompt: one node and key a step. The last step may be a
 * stored candidate, which is no node: −1.
 */
export interface Trajectory {
  readonly nodes: readonly number[];
  readonly keys: readonly number[];
  readonly stop: Stop;
}

/** The trajectory to `end`. */
export function trajectoryTo(tree: TreeModel, end: StateRef): Trajectory {
  const nodes = tree.path(end.node).slice(1);
  const keys = nodes.map((node) => tree.key[node]!);
  if (end.key === undefined) return { nodes, keys, stop: stopOf(tree, end.node) };
  return { nodes: [...nodes, -1], keys: [...keys, end.key], stop: "candidate" };
}

function stopOf(tree: TreeModel, node: number): Stop {
  if (tree.underCut(node)) return "pruned";
  return tree.isTerminal(node) ? "ended" : "open";
}

/** The state after `step` steps of a trajectory; 0 is the prompt. */
export function stateAt({ nodes, keys }: Trajectory, step: number): StateRef {
  if (step === 0) return { node: 0 };
  const node = nodes[step - 1]!;
  return node === -1 ? { node: nodes[step - 2] ?? 0, key: keys[step - 1]! } : { node };
}

/** After how many steps a trajectory is at a state; −1 where it does not pass it. */
export function stepOf(tree: TreeModel, trajectory: Trajectory, state: StateRef): number {
  if (!tree.has(state.node)) return -1;
  const step = tree.depth[state.node]! + (state.key === undefined ? 0 : 1);
  if (step > trajectory.nodes.length) return -1;
  if (sameRef(stateAt(trajectory, step), state)) return step;
  // A candidate that has been made a node meanwhile.
  const made = state.key === undefined ? -1 : tree.childOf(state.node, state.key);
  return made !== -1 && trajectory.nodes[step - 1] === made ? step : -1;
}

/** One thing that could have come at a fork. */
export interface Alternative {
  readonly ref: StateRef;
  readonly key: number;
  readonly text: string;
  /** Under the rule, natural log; NaN where nothing stored says it. */
  readonly logProb: number;
  /** Under the procedure, natural log; null where not known. */
  readonly logQ: number | null;
  /** It is what the page has. */
  readonly isHere: boolean;
  readonly isGrown: boolean;
  readonly isPruned: boolean;
  /** How its text goes on, as far as it is grown; "" where it is not. */
  readonly after: string;
}

export interface Fork {
  /** The state before. */
  readonly parent: number;
  /** The most probable ones, then the one that is here with its neighbours. */
  readonly rows: readonly Alternative[];
  /** Known next states that are left out between `rows[at − 1]` and `rows[at]`, with their probability under the rule; null: none. */
  readonly gap: { readonly at: number; readonly count: number; readonly share: number } | null;
  /** Known next states that come after the rows. */
  readonly beyond: number;
  /** The probability, under the rule, of everything that is neither in the rows nor in the gap. */
  readonly rest: number;
}

const ROWS = 9;
/** Of the rows, those of the most probable ones that are always there. */
const LEADING = 4;
/** Rows before and after the one that is here. */
const AROUND = 2;
const FIRST_TOKENS = 9;

/**
 * What could have come where `state` came, in the order in which the arrow keys step.
 * `whole`: with what is left out between the most probable ones and the one that is here.
 */
export function forkAt(tree: TreeModel, weighting: Weighting, state: StateRef, whole = false): Fork | null {
  if (state.key === undefined && state.node === 0) return null;
  const parent = state.key === undefined ? tree.parent[state.node]! : state.node;
  const all = nextStates(tree, parent, weighting);
  const here = all.findIndex((one) => sameRef(one, state));
  const first = Math.max(0, Math.min(here - AROUND, all.length - 2 * AROUND - 1));
  // A gap of one would take the room of what is in it.
  const isFar = first > LEADING + 1;
  const end = isFar ? first + 2 * AROUND + 1 : Math.max(ROWS, here + AROUND + 1);
  const left = isFar && !whole ? all.slice(LEADING, first) : [];
  const kept = left.length > 0 ? [...all.slice(0, LEADING), ...all.slice(first, end)] : all.slice(0, end);
  const keyOf = (ref: StateRef): number => ref.key ?? tree.key[ref.node]!;
  const rows = kept.map((ref): Alternative => {
    const key = keyOf(ref);
    const isGrown = ref.key === undefined;
    return {
      ref,
      key,
      text: label(pieceAfter(tree, parent, key)),
      logProb: logProbOf(tree, weighting, parent, key),
      logQ: logQOf(tree, weighting, parent, key),
      isHere: sameRef(ref, state),
      isGrown,
      isPruned: isGrown && tree.isCut(ref.node),
      after: isGrown ? firstWords(tree, weighting, ref.node) : "",
    };
  });
  const shareOf = (logs: readonly number[]): number =>
    logs.reduce((sum, log) => sum + (Number.isNaN(log) ? 0 : Math.exp(log)), 0);
  const between = shareOf(left.map((ref) => logProbOf(tree, weighting, parent, keyOf(ref))));
  const isAll = rows.length + left.length === all.length && (tree.candidates(parent)?.complete ?? false);
  return {
    parent,
    rows,
    gap: left.length === 0 ? null : { at: LEADING, count: left.length, share: between },
    beyond: all.length - left.length - rows.length,
    rest: isAll ? 0 : Math.max(0, 1 - shareOf(rows.map(({ logProb }) => logProb)) - between),
  };
}

/** The beginning of what is grown after a state. */
function firstWords(tree: TreeModel, weighting: Weighting, from: number): string {
  const keys: number[] = [];
  let node = from;
  while (keys.length < FIRST_TOKENS) {
    const next = tree.isCut(node) ? -1 : mostProbableChild(tree, weighting, node);
    if (next === -1) break;
    keys.push(tree.key[next]!);
    node = next;
  }
  return piecesAfter(tree, from, keys).join("").replace(/\s+/g, " ");
}

/** Entropy of what could have come after a state, at which much was possible: this share of the scale. */
const MUCH = 0.6;

/** Whether much was possible after `parent`: by the entropy under the rule, bits. */
export function isOpenFork(tree: TreeModel, parent: number, most: number): boolean {
  return tree.entropy(parent) >= MUCH * most;
}

/** The value of the colour that a step of a trajectory is tinted by; NaN where it is not known. */
export function valueAt(
  tree: TreeModel,
  weighting: Weighting,
  colour: Exclude<Colour, "ratio">,
  trajectory: Trajectory,
  step: number,
): number {
  const parent = stateAt(trajectory, step - 1).node;
  const key = trajectory.keys[step - 1]!;
  const q = logQOf(tree, weighting, parent, key);
  const logProb = logProbOf(tree, weighting, parent, key);
  const likely = q === null ? NaN : Math.exp(q);
  return valueOf(tree, weighting, colour, parent, trajectory.nodes[step - 1]!, logProb, likely);
}

/** How many states of the tree follow `parent` that are not `node`. */
export function siblingsOf(tree: TreeModel, parent: number, node: number): number {
  let count = 0;
  tree.eachChild(parent, (child) => (count += child === node ? 0 : 1));
  return count;
}
