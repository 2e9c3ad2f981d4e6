/** The merged graph: classes of equal states and the steps between them. */

/** Bits of `traits`. */
export const TRAIT = {
  /** Every member is terminal. */
  ended: 1,
  /** No member is expanded, and not every one is terminal: nothing is known of what follows. */
  open: 2,
  /** In a component in which states recur. */
  recurs: 4,
  /** In a component that probability cannot leave, as far as it is grown. */
  closed: 8,
  /** What follows it is known whole. */
  settled: 16,
} as const;

/** How an edge lies in the layers of first steps. */
export const EDGE = { forward: 0, back: 1, cycle: 2 } as const;

/** A strongly connected component in which states recur: a cycle, or cycles that share states. */
export interface Recurrence {
  /** Its classes, as first reached; only those that are shown. */
  readonly classes: readonly number[];
  /** How many classes it has, shown or not. */
  readonly size: number;
  /** Every class has one step that stays in it: one cycle, whose period is `size`. */
  readonly isCycle: boolean;
  /** Nothing that is grown leads out of it. */
  readonly closed: boolean;
  /** It is closed, and what follows every class of it is known whole: nothing can lead out. */
  readonly exact: boolean;
  /** The probability of reaching it from the anchor, within what is grown. */
  readonly reach: number;
  /** Of the probability that comes to its expanded states, the share that goes where nothing is grown. */
  readonly leak: number;
}

/** What was left together because it would not fit: the least probable classes. */
export interface Rest {
  readonly classes: number;
  readonly states: number;
  /** The probability of reaching any of them from the anchor. */
  readonly reach: number;
}

/**
 * Columns by class, those shown only; the rest, where there is one, is the last. A class is named by
 * its `head`, the member with the least id, which stays the same while the tree grows.
 */
export interface Multiway {
  readonly anchor: number;
  /** Shown, the rest included. */
  readonly size: number;
  readonly head: Uint32Array<ArrayBuffer>;
  /** The most probable member, as an id of the tree. */
  readonly lead: Uint32Array<ArrayBuffer>;
  /** The first step, from the anchor, at which it is reached. */
  readonly step: Uint32Array<ArrayBuffer>;
  /** The probability of ever reaching it from the anchor, within what is grown: at most 1. */
  readonly reach: Float64Array<ArrayBuffer>;
  /** The expected number of visits: the sum of its members' probabilities. More than 1 where states recur. */
  readonly visits: Float64Array<ArrayBuffer>;
  readonly traits: Uint8Array<ArrayBuffer>;
  /** Members of class c are memberNode[memberStart[c]] …, ids of the tree, most probable first. */
  readonly memberStart: Uint32Array<ArrayBuffer>;
  readonly memberNode: Uint32Array<ArrayBuffer>;
  /** The class of a node of the tree is classAt[node − anchor]; −1 where it is in none. */
  readonly classAt: Int32Array<ArrayBuffer>;

  readonly from: Uint32Array<ArrayBuffer>;
  readonly to: Uint32Array<ArrayBuffer>;
  /** How often the step is taken, expected: the sum of the probabilities of its paths. */
  readonly flow: Float64Array<ArrayBuffer>;
  readonly edgeKind: Uint8Array<ArrayBuffer>;
  /** The most probable state that the step leads to, an id of the tree: its key names the step. */
  readonly edgeLead: Uint32Array<ArrayBuffer>;

  /** Closed ones first, then by probability. */
  readonly recurrences: readonly Recurrence[];
  readonly rest: Rest | null;
  readonly counts: Counts;
}

export interface Counts {
  /** States that were merged. */
  readonly states: number;
  readonly classes: number;
  /** Components in which states recur, and how many of them are closed as far as grown. */
  readonly recurring: number;
  readonly closed: number;
  readonly ended: number;
  /** Pruned branches that were left out. */
  readonly pruned: number;
  /** States whose probability is not known yet under the measure. */
  readonly unknown: number;
  readonly steps: number;
}

/** The class of a node of the tree; −1 where it is in none. */
export function classOfNode({ anchor, classAt }: Multiway, node: number): number {
  const place = node - anchor;
  return place >= 0 && place < classAt.length ? classAt[place]! : -1;
}

export function membersOf(graph: Multiway, one: number): Uint32Array {
  return graph.memberNode.subarray(graph.memberStart[one]!, graph.memberStart[one + 1]!);
}

export const hasTrait = (graph: Multiway, one: number, trait: number): boolean =>
  (graph.traits[one]! & trait) !== 0;

/** Whether a class stands for all that would not fit. */
export const isRest = (graph: Multiway, one: number): boolean =>
  graph.rest !== null && one === graph.size - 1;
