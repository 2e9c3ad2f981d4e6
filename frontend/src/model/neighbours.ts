/** Walking the tree by the arrow keys. */
import type { StateRef } from "./ref";
import type { TreeModel } from "./tree";
import type { Weighting } from "./weighting";

export type Direction = "left" | "right" | "up" | "down";

/**
 * left: the state before; right: the most probable next state; up and down: the next state of the
 * same parent that is a rank more or less probable. null where there is none that the tree knows.
 */
export function neighbour(
  tree: TreeModel,
  ref: StateRef,
  direction: Direction,
  weighting: Weighting = tree.ruleWeighting,
): StateRef | null {
  switch (direction) {
    case "left":
      if (ref.key !== undefined) return { node: ref.node };
      return ref.node === 0 ? null : { node: tree.parent[ref.node]! };
    case "right":
      return ref.key !== undefined ? null : (nextStates(tree, ref.node, weighting)[0] ?? null);
    case "up":
    case "down":
      return sibling(tree, ref, direction === "up" ? -1 : 1, weighting);
  }
}

/**
 * The known next states in the rule's order: candidates (as children where they are), then what
 * else a procedure ranks high, then other children.
 */
export function nextStates(tree: TreeModel, node: number, weighting: Weighting): StateRef[] {
  const stored = tree.candidates(node);
  const children = tree.children(node);
  if (stored === null) return children.map((child) => ({ node: child }));
  const own = weighting.ownAt(node);
  const ranked = own === null ? [] : own.keys.subarray(own.from, own.end);
  const byKey = new Map(children.map((child) => [tree.key[child]!, child]));
  const known = Array.from(new Set([...stored.keys, ...ranked]), (key): StateRef => {
    const child = byKey.get(key);
    byKey.delete(key);
    return child === undefined ? { node, key } : { node: child };
  });
  return [...known, ...Array.from(byKey.values(), (child) => ({ node: child }))];
}

function sibling(
  tree: TreeModel,
  ref: StateRef,
  step: number,
  weighting: Weighting,
): StateRef | null {
  if (ref.key === undefined && ref.node === 0) return null;
  const parent = ref.key === undefined ? tree.parent[ref.node]! : ref.node;
  const all = nextStates(tree, parent, weighting);
  const place = all.findIndex((one) => one.node === ref.node && one.key === ref.key);
  return all[place + step] ?? null;
}
