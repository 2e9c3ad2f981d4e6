/** What stands out among the states of a tree, whichever view draws it. */

/** One bit each; a state may have several. */
export const MARK = {
  bookmark: 1,
  note: 2,
  label: 4,
  visited: 8,
  match: 16,
  /** The match that one is at. */
  current: 32,
  /** Chosen together with others, to be pruned or kept. */
  picked: 64,
} as const;

/** One reason to stand out: annotations, a search, a filter. */
export interface EmphasisSource {
  /** Goes up with every change; a source that is replaced instead may leave it at 0. */
  readonly version: number;
  /** Bits of MARK. */
  marksOf?(node: number): number;
  /** Whether a state is let through, or its next state by `key`; others are drawn faint. */
  passes?(node: number, key?: number): boolean;
}

/** All reasons together. */
export interface Emphasis {
  readonly version: number;
  marksOf(node: number): number;
  passes(node: number, key?: number): boolean;
  /** Whether anything is held back at all. */
  readonly filters: boolean;
}

export function emphasisOf(sources: readonly EmphasisSource[]): Emphasis {
  const marking = sources.flatMap(({ marksOf }, i) => (marksOf ? [sources[i]!] : []));
  const filtering = sources.flatMap(({ passes }, i) => (passes ? [sources[i]!] : []));
  return {
    version: sources.reduce((sum, { version }) => sum + version, 0),
    marksOf: (node) => marking.reduce((bits, source) => bits | source.marksOf!(node), 0),
    passes: (node, key) => filtering.every((source) => source.passes!(node, key)),
    filters: filtering.length > 0,
  };
}

/** Nothing stands out. */
export const PLAIN: Emphasis = emphasisOf([]);
