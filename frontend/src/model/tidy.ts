/**
 * The tidy tree, left to right: the most probable states of a subtree, one row for each end, and
 * everything else in wedges that say how much they hold.
 *
 * States are taken in the order of their probability given the root, the most probable first, until
 * the rows are used up: what costs time is the rows on the screen, not the size of the tree. More
 * rows (a closer look) open the wedges that hold the most. A parent stands in the middle of its
 * children (Reingold and Tilford 1981, for rows of one height).
 */
import TinyQueue from "tinyqueue";
import { logQOf } from "./next";
import type { Subtrees } from "./subtrees";
import type { TreeModel } from "./tree";
import type { Weighting } from "./weighting";

export interface TidyOptions {
  readonly root: number;
  /** How many rows there are to fill, at least 1. */
  readonly rows: number;
  /** States whose continuations are kept in their wedge. */
  readonly collapsed: ReadonlySet<number>;
  /** States whose wedge was opened by hand: how many of their next states are shown at least. */
  readonly opened: ReadonlyMap<number, number>;
  /** States that are shown whatever their probability, with all on the way to them. */
  readonly kept: readonly number[];
}

/** One state that is shown. Rows are counted from the top, in rows. */
export interface TidyNode {
  readonly node: number;
  /** Index of the parent in `nodes`; −1 of the root. */
  readonly parent: number;
  /** Steps from the root. */
  readonly column: number;
  /** Given the root, under the weighting; where that is not known, under the rule. */
  readonly share: number;
  /** Of the last step. */
  readonly step: number;
  /** Not known under the weighting, and told under the rule instead. */
  readonly unweighed: boolean;
  /** Middle of its row. */
  y: number;
  /** What of its next states is not shown, or null. */
  wedge: Wedge | null;
}

/** Next states of one state that are not shown, with all that follows them. */
export interface Wedge {
  /** All of them, at every depth. */
  readonly states: number;
  /** Given the root: the sum over the next states in it. */
  readonly share: number;
  /** Kept shut by hand. */
  readonly collapsed: boolean;
  /** The most probable of the next states in it. */
  readonly first: number;
  y: number;
}

export interface TidyTree {
  readonly nodes: readonly TidyNode[];
  /** Rows that are used. */
  readonly rows: number;
  readonly columns: number;
  /** Whether there is anything left in wedges that a closer look would open. */
  readonly hasMore: boolean;
}

/** Priority of what is shown whatever its probability. */
const KEPT = 2;
/** So many states are shown at most: chains take no rows of their own. */
const MOST_STATES = 6000;

interface Draft extends TidyNode {
  /** Next states, most probable first. */
  readonly next: readonly Next[];
  readonly shown: Draft[];
  readonly index: number;
  rows: number;
  top: number;
}

interface Next {
  readonly node: number;
  readonly share: number;
  readonly step: number;
  readonly unweighed: boolean;
}

interface Waiting extends Next {
  readonly parent: Draft;
  /** Higher goes first. */
  readonly priority: number;
}

/** Lays out the subtree at `root`. Bounded by the rows and `MOST_STATES`. */
export function layoutTidy(
  tree: TreeModel,
  weighting: Weighting,
  subtrees: Subtrees,
  options: TidyOptions,
): TidyTree {
  const { root, rows, collapsed, opened } = options;
  subtrees.follow();
  const kept = new Set(options.kept.flatMap((node) => tree.path(node)));
  const queue = new TinyQueue<Waiting>(
    [],
    (a, b) => b.priority - a.priority || a.node - b.node,
  );
  const drafts: Draft[] = [];
  let used = 0;

  const add = (parent: Draft | null, { node, share, step, unweighed }: Next): void => {
    const next = nextOf(tree, weighting, node, share);
    const draft: Draft = {
      node,
      parent: parent?.index ?? -1,
      column: parent === null ? 0 : parent.column + 1,
      share,
      step,
      unweighed,
      y: 0,
      wedge: null,
      next,
      shown: [],
      index: drafts.length,
      rows: 0,
      top: 0,
    };
    drafts.push(draft);
    if (parent === null) used += 1;
    else {
      // It takes the row of the wedge; what is left in that needs another.
      if (parent.shown.length + 1 < parent.next.length) used += 1;
      parent.shown.push(draft);
    }
    if (collapsed.has(node)) {
      // What is kept in sight is kept also here.
      for (const one of next) if (kept.has(one.node)) queue.push({ ...one, parent: draft, priority: KEPT });
      return;
    }
    const most = opened.get(node) ?? 0;
    next.forEach((one, i) => {
      const isForced = i < most || kept.has(one.node);
      queue.push({ ...one, parent: draft, priority: isForced ? KEPT + one.share : one.share });
    });
  };

  add(null, { node: root, share: 1, step: 1, unweighed: false });
  let hasMore = false;
  while (drafts.length < MOST_STATES) {
    const first = queue.pop();
    if (first === undefined) break;
    const { parent, priority } = first;
    // The only next state, or the last one, needs no row that is not there already.
    const isFree = parent.shown.length + 1 === parent.next.length;
    if (used < rows || priority >= KEPT || isFree) add(parent, first);
    else hasMore = true;
  }
  place(drafts, subtrees, collapsed);
  return {
    nodes: drafts,
    rows: drafts[0]!.rows,
    columns: drafts.reduce((most, { column }) => Math.max(most, column + 1), 1),
    hasMore: hasMore || queue.length > 0,
  };
}

/** The visible next states that are states of the tree, the most probable first. */
function nextOf(tree: TreeModel, weighting: Weighting, node: number, share: number): Next[] {
  const found: Next[] = [];
  tree.eachChild(node, (child) => {
    const logQ = logQOf(tree, weighting, node, tree.key[child]!);
    const step = Math.exp(logQ ?? tree.logProb[child]!);
    found.push({ node: child, share: share * step, step, unweighed: logQ === null });
  });
  return found.sort((a, b) => b.step - a.step || tree.key[a.node]! - tree.key[b.node]!);
}

/** Gives every state and every wedge its row. Parents stand before their children in `drafts`. */
function place(drafts: readonly Draft[], subtrees: Subtrees, collapsed: ReadonlySet<number>): void {
  for (let i = drafts.length - 1; i >= 0; i--) {
    const draft = drafts[i]!;
    draft.wedge = wedgeOf(draft, subtrees, collapsed);
    // In the order of probability, though what was kept in sight came first.
    draft.shown.sort((a, b) => b.step - a.step || a.node - b.node);
    draft.rows = draft.shown.reduce((sum, { rows }) => sum + rows, draft.wedge === null ? 0 : 1);
    draft.rows = Math.max(1, draft.rows);
  }
  for (const draft of drafts) {
    let top = draft.top;
    for (const child of draft.shown) {
      child.top = top;
      top += child.rows;
    }
    if (draft.wedge !== null) draft.wedge.y = top + 0.5;
  }
  for (let i = drafts.length - 1; i >= 0; i--) {
    const { shown, wedge, top } = drafts[i]!;
    const last = wedge?.y ?? shown.at(-1)?.y;
    drafts[i]!.y = last === undefined ? top + 0.5 : ((shown[0]?.y ?? last) + last) / 2;
  }
}

function wedgeOf(draft: Draft, subtrees: Subtrees, collapsed: ReadonlySet<number>): Wedge | null {
  if (draft.shown.length === draft.next.length) return null;
  const shown = new Set(draft.shown.map(({ node }) => node));
  const held = draft.next.filter(({ node }) => !shown.has(node));
  return {
    states: held.reduce((sum, { node }) => sum + subtrees.sizeOf(node), 0),
    share: held.reduce((sum, { share }) => sum + share, 0),
    collapsed: collapsed.has(draft.node),
    first: held[0]!.node,
    y: 0,
  };
}
