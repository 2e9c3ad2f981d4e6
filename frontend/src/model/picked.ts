/** Several states chosen together. */
import { logProbOf } from "./next";
import { sameRef, type StateRef } from "./ref";
import type { TreeModel } from "./tree";

/** What the server takes in one change. */
export const MOST_PICKED = 1000;

/** With the state if it was not among them, without it if it was. */
export function toggled(picked: readonly StateRef[], ref: StateRef): readonly StateRef[] {
  const others = picked.filter((one) => !sameRef(one, ref));
  return others.length < picked.length ? others : [...picked, ref];
}

/** After a step with Shift: both ends are in; a step back takes the end one came from out again. */
export function extended(
  picked: readonly StateRef[],
  from: StateRef,
  to: StateRef,
): readonly StateRef[] {
  const has = (ref: StateRef): boolean => picked.some((one) => sameRef(one, ref));
  if (has(to) && sameRef(picked.at(-1) ?? null, from)) return picked.slice(0, -1);
  return [...picked, ...[from, to].filter((ref) => !has(ref))];
}

/** As nodes, now that some candidates were made states; what is gone is left out. */
export function standing(tree: TreeModel, picked: readonly StateRef[]): readonly StateRef[] {
  const found: StateRef[] = [];
  let isSame = true;
  for (const ref of picked) {
    const child = ref.key === undefined ? -1 : tree.childOf(ref.node, ref.key);
    const now = child === -1 ? ref : { node: child };
    isSame &&= now === ref && tree.has(ref.node);
    if (tree.has(now.node) && !found.some((one) => sameRef(one, now))) found.push(now);
  }
  return isSame ? picked : found;
}

/** Those that follow none of the others. */
export function topmost(tree: TreeModel, picked: readonly StateRef[]): StateRef[] {
  const nodes = new Set(picked.flatMap(({ node, key }) => (key === undefined ? [node] : [])));
  return picked.filter(({ node, key }) => {
    if (key !== undefined && nodes.has(node)) return false;
    for (let at = node; at > 0; ) {
      at = tree.parent[at]!;
      if (nodes.has(at)) return false;
    }
    return true;
  });
}

/** The probability that one of them comes to be, under the rule. */
export function massOf(tree: TreeModel, picked: readonly StateRef[]): number {
  return topmost(tree, picked).reduce((sum, { node, key }) => {
    const step = key === undefined ? 0 : logProbOf(tree, tree.ruleWeighting, node, key);
    return sum + Math.exp(tree.cumLogProb[node]! + step);
  }, 0);
}
