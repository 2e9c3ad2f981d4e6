/** How many states there are at and below each state: what a bundle of them is labelled with. */
import type { TreeModel } from "./tree";
import { grown, NONE } from "./nodes";

/** Follows a tree as it grows; what was only added costs its own depth, not the size of the tree. */
export class Subtrees {
  private sizes = new Uint32Array(0);
  private counted = 0;
  private reshapes = -1;

  constructor(private readonly tree: TreeModel) {}

  /** Takes in what has changed; to be called before `sizeOf`. */
  follow(): void {
    const { tree } = this;
    if (tree.reshapes !== this.reshapes) this.recount();
    else if (tree.size > this.counted) this.add();
  }

  /** Visible states at and below a state, itself included; 0 of a hidden one. */
  sizeOf(node: number): number {
    return this.sizes[node] ?? 0;
  }

  private recount(): void {
    const { size, parent } = this.tree;
    const sizes = (this.sizes = new Uint32Array(size));
    // A parent's id is smaller than its child's.
    for (let node = size - 1; node >= 0; node--) {
      if (this.tree.isHidden(node)) continue;
      sizes[node]! += 1;
      if (node > 0) sizes[parent[node]!]! += sizes[node]!;
    }
    // What hangs below a hidden state was added to it, and is not there.
    for (let node = 0; node < size; node++) if (this.tree.isHidden(node)) sizes[node] = 0;
    this.counted = size;
    this.reshapes = this.tree.reshapes;
  }

  private add(): void {
    const { size, parent } = this.tree;
    if (size > this.sizes.length) this.sizes = grown(this.sizes, Math.ceil(size * 1.5));
    for (let node = this.counted; node < size; node++) {
      if (this.tree.isHidden(node)) continue;
      for (let at = node; at !== NONE; at = parent[at]!) this.sizes[at]! += 1;
    }
    this.counted = size;
  }
}
