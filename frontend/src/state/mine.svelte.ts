import { deleteTree, listTrees } from "../api/client";
import { asProblem, type Problem } from "../api/problem";
import { notices } from "./notices.svelte";
import type { TreeSummary } from "./wire";

/** The multiverses this browser may write to, latest first; null until the server has said. */
class Mine {
  trees = $state.raw<TreeSummary[] | null>(null);
  problem = $state.raw<Problem | null>(null);

  async refresh(): Promise<void> {
    try {
      this.trees = await listTrees();
      this.problem = null;
    } catch (thrown) {
      this.problem = asProblem(thrown);
    }
  }

  async remove(tree: TreeSummary): Promise<void> {
    try {
      await deleteTree(tree.ref);
      this.trees = this.trees?.filter((known) => known.ref !== tree.ref) ?? null;
      notices.say(`“${tree.name}” is deleted.`);
    } catch (thrown) {
      notices.refuse(thrown);
    }
  }
}

export const mine = new Mine();
