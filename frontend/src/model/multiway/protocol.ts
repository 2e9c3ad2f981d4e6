/** What the page and the worker that merges say to each other. */
import type { Equivalence } from "./equivalence";
import type { Multiway } from "./graph";
import type { Layout, Places } from "./layout";
import type { Subtree } from "./subtree";

export interface MergeRequest {
  readonly id: number;
  /** null: the one that was given last. */
  readonly subtree: Subtree | null;
  readonly equivalence: Equivalence;
  readonly layout: Layout;
  readonly most: number;
  /** Of the picture before, so that what stays does not jump. */
  readonly before: Places | null;
}

export type MergeAnswer =
  | { readonly type: "progress"; readonly id: number; readonly phase: Phase; readonly share: number }
  | { readonly type: "done"; readonly id: number; readonly graph: Multiway; readonly places: Places }
  | { readonly type: "failed"; readonly id: number; readonly message: string };

export type Phase = "reading" | "merging" | "arranging";
