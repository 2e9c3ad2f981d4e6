import type { ViewKind } from "../state/address";

/** The views that one can turn to, in their order, and what each is good for. */
export const VIEW_NAMES: readonly { kind: ViewKind; name: string; says: string }[] = [
  { kind: "worlds", name: "Worlds", says: "Equally likely worlds, one a line; height is probability" },
  { kind: "tree", name: "Tree", says: "States and their next states, left to right; width is probability" },
  { kind: "multiway", name: "Multiway", says: "States that count as one drawn as one: where histories meet" },
  { kind: "read", name: "Read", says: "One trajectory as a page, and what else could have come" },
];
