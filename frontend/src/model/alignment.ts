/** Which state of one tree is which of another: the same tokens from the two prompts on. */
import type { StateRef } from "./ref";
import type { TreeModel } from "./tree";

/** The two trees that are compared. */
export type Side = "a" | "b";
export const otherSide = (side: Side): Side => (side === "a" ? "b" : "a");

/** The alignment of two growing trees of one alphabet (core/alignment.py). */
export class Alignment {
  private readonly known = { a: new Map<number, number>(), b: new Map<number, number>() };
  private seen = "";

  constructor(
    readonly a: TreeModel,
    readonly b: TreeModel,
  ) {}

  /** The node of the other tree that is a node of this one; −1 where there is none. */
  nodeOf(side: Side, node: number): number {
    this.refresh();
    const known = this.known[side];
    const ours = this[side];
    const steps: number[] = [];
    let at = node;
    while (at !== 0 && !known.has(at)) {
      steps.push(at);
      at = ours.parent[at]!;
    }
    let found = at === 0 ? 0 : known.get(at)!;
    for (const step of steps.reverse()) {
      const key = found === -1 ? null : this.keyOf(side, ours.key[step]!, found);
      found = key === null ? -1 : this[otherSide(side)].childOf(found, key);
      known.set(step, found);
    }
    return found;
  }

  /** The key of the other tree, after its node `there`, that means what `key` means here. */
  keyOf(side: Side, key: number, there: number): number | null {
    const ours = this[side];
    if (ours.shape.kind === "appending") return key;
    const theirs = this[otherSide(side)];
    const wanted = text(ours, key);
    const { keys } = theirs.candidates(there) ?? { keys: [] };
    for (const other of keys) if (text(theirs, other) === wanted) return other;
    return null;
  }

  /** The same state in the other tree: a node, or a next state of one; null where it has none. */
  stateOf(side: Side, { node, key }: StateRef): StateRef | null {
    const there = this.nodeOf(side, node);
    if (there === -1) return null;
    if (key === undefined) return { node: there };
    const other = this.keyOf(side, key, there);
    if (other === null) return null;
    const child = this[otherSide(side)].childOf(there, other);
    return child === -1 ? { node: there, key: other } : { node: child };
  }

  /** The state, or else the last one before it that the other tree has. */
  nearest(side: Side, state: StateRef): StateRef {
    const same = this.stateOf(side, state);
    if (same !== null) return same;
    let { node } = state;
    while (this.nodeOf(side, node) === -1) node = this[side].parent[node]!;
    return { node: this.nodeOf(side, node) };
  }

  private refresh(): void {
    const now = `${this.a.version}/${this.b.version}`;
    if (now === this.seen) return;
    this.seen = now;
    this.known.a.clear();
    this.known.b.clear();
  }
}

/** The label of a rewriting step, byte by byte. */
const text = (tree: TreeModel, key: number): string => String.fromCharCode(...tree.symbolBytes(key));
