/** What literal searches and searches by an expression have in common. */

/** Code points of a query, at most. */
export const LONGEST_QUERY = 200;

/** One search over a corpus; what was appended to the corpus meanwhile is looked through too. */
export interface Search {
  /** Nodes looked through so far. */
  readonly scanned: number;
  readonly isDone: boolean;
  /** The states at which a match ends, each once; the first `found` of them. */
  readonly ends: Uint32Array;
  readonly found: number;
  /** A tree that has grown has to be looked through anew. */
  readonly rescans: boolean;
  /** Goes on until it is done or `isLate` says that it is time to stop. */
  advance(isLate: () => boolean): void;
}

/** Where the text of a match is, within the texts of the first and the last of its states. */
export interface Span {
  readonly start: number;
  /** Code units of the first state's text that come before it. */
  readonly startOffset: number;
  /** Code units of the last state's text that belong to it, or come before them. */
  readonly endOffset: number;
}

/** Of states, those that are looked at: by probability under the rule (natural log), and by depth. */
export interface Filter {
  readonly minLogProb: number;
  readonly minDepth: number;
  readonly maxDepth: number;
}

export const EVERYTHING: Filter = { minLogProb: -Infinity, minDepth: 0, maxDepth: Infinity };

export function lets(filter: Filter, logProb: number, depth: number): boolean {
  return logProb >= filter.minLogProb && depth >= filter.minDepth && depth <= filter.maxDepth;
}

/** Of the states that are shown, how many there are and how many a filter leaves. */
export function left(
  tree: {
    readonly size: number;
    readonly cumLogProb: ArrayLike<number>;
    readonly depth: ArrayLike<number>;
    isHidden(node: number): boolean;
  },
  filter: Filter,
): { left: number; of: number } {
  const { size, cumLogProb, depth } = tree;
  const found = { left: 0, of: 0 };
  for (let node = 0; node < size; node++) {
    if (tree.isHidden(node)) continue;
    found.of += 1;
    if (lets(filter, cumLogProb[node]!, depth[node]!)) found.left += 1;
  }
  return found;
}
