/** How a state is named: a node of the tree, or a stored candidate of a node by its key. */
export interface StateRef {
  readonly node: number;
  /** When given: the next state of `node` by this key, which is no node of the tree yet. */
  readonly key?: number;
}

export function sameRef(a: StateRef | null, b: StateRef | null): boolean {
  return a === b || (a !== null && b !== null && a.node === b.node && a.key === b.key);
}
