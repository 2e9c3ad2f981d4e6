/** The outline of a tree: what is open of it, as rows from top to bottom. */
import type { TreeModel } from "./tree";

/** Children that are listed at once, the most probable ones. */
export const PAGE = 50;

export interface OutlineRow {
  /** Of a state; of "more": the state whose other children it stands for. */
  readonly node: number;
  readonly isMore: boolean;
  /** 1 for the prompt. */
  readonly level: number;
  /** Among its siblings by probability, 1 the most probable. */
  readonly place: number;
  /** How many siblings there are. */
  readonly of: number;
}

/** As a name for its row, so that it is found again among others. */
export const rowKey = ({ node, isMore }: Pick<OutlineRow, "node" | "isMore">): number =>
  isMore ? -1 - node : node;

/**
 * open: how many children are listed of a state. along: states that are listed wherever they
 * rank, if what is before them is open.
 */
export function outlineRows(
  tree: TreeModel,
  open: ReadonlyMap<number, number>,
  along: ReadonlySet<number>,
): OutlineRow[] {
  const rows: OutlineRow[] = [];
  const waiting: OutlineRow[] = [{ node: 0, isMore: false, level: 1, place: 1, of: 1 }];
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    rows.push(row);
    const shown = row.isMore ? undefined : open.get(row.node);
    if (shown === undefined) continue;
    const children = tree.children(row.node);
    const level = row.level + 1;
    const below = children.flatMap((node, i): OutlineRow[] =>
      i < shown || along.has(node)
        ? [{ node, isMore: false, level, place: i + 1, of: children.length }]
        : [],
    );
    const more = children.length - below.length;
    if (more > 0) {
      const place = Math.min(children.length, shown + 1);
      below.push({ node: row.node, isMore: true, level, place, of: children.length });
    }
    for (let i = below.length - 1; i >= 0; i--) waiting.push(below[i]!);
  }
  return rows;
}

/** Whether a state has a child to list. */
export function hasChild(tree: TreeModel, node: number): boolean {
  let found = false;
  tree.eachChild(node, () => (found = true));
  return found;
}

/** With every state before `node` open. */
export function opened(
  tree: TreeModel,
  open: ReadonlyMap<number, number>,
  node: number,
): ReadonlyMap<number, number> {
  const closed = tree.path(node).slice(0, -1).filter((at) => !open.has(at));
  if (closed.length === 0) return open;
  return new Map([...open, ...closed.map((at): [number, number] => [at, PAGE])]);
}
