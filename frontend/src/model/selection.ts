/** The selected state with its past: what is marked in every view. */
import type { StateRef } from "./ref";
import type { TreeModel } from "./tree";

export interface Selection {
  readonly ref: StateRef;
  /** The nodes from the root to the state, its own included where it is one. */
  readonly path: ReadonlySet<number>;
}

export function selectionOf(tree: TreeModel, ref: StateRef): Selection {
  return { ref, path: new Set(tree.path(ref.node)) };
}

/** Whether a state is the selected one or lies on the way to it. */
export function isSelected(selection: Selection | null, ref: StateRef): boolean {
  if (selection === null) return false;
  if (ref.key === undefined) return selection.path.has(ref.node);
  return ref.node === selection.ref.node && ref.key === selection.ref.key;
}
