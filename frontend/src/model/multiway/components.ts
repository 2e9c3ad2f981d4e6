/** Strongly connected components of a directed graph (Tarjan 1972), without recursion. */

export interface Components {
  readonly count: number;
  /** By node; a component's number is greater than those that its edges lead to. */
  readonly of: Uint32Array<ArrayBuffer>;
}

const UNSEEN = 0xffffffff;

/** nodes: how many; edge i leads from `from[i]` to `to[i]`. */
export function componentsOf(
  nodes: number,
  from: ArrayLike<number>,
  to: ArrayLike<number>,
): Components {
  const { start, target } = adjacency(nodes, from, to);
  const index = new Uint32Array(nodes).fill(UNSEEN);
  const low = new Uint32Array(nodes);
  const onStack = new Uint8Array(nodes);
  const stack = new Uint32Array(nodes);
  const path = new Uint32Array(nodes);
  const cursor = start.slice(0, nodes);
  const of = new Uint32Array(nodes);
  let seen = 0;
  let stacked = 0;
  let count = 0;
  for (let root = 0; root < nodes; root++) {
    if (index[root] !== UNSEEN) continue;
    let deep = 0;
    const enter = (node: number): void => {
      path[deep++] = node;
      index[node] = low[node] = seen++;
      stack[stacked++] = node;
      onStack[node] = 1;
    };
    enter(root);
    while (deep > 0) {
      const node = path[deep - 1]!;
      if (cursor[node]! < start[node + 1]!) {
        const next = target[cursor[node]!++]!;
        if (index[next] === UNSEEN) enter(next);
        else if (onStack[next] === 1) low[node] = Math.min(low[node]!, index[next]!);
        continue;
      }
      deep--;
      if (deep > 0) low[path[deep - 1]!] = Math.min(low[path[deep - 1]!]!, low[node]!);
      if (low[node] !== index[node]) continue;
      let popped: number;
      do {
        popped = stack[--stacked]!;
        onStack[popped] = 0;
        of[popped] = count;
      } while (popped !== node);
      count++;
    }
  }
  return { count, of };
}

/** The targets of node i are target[start[i]] … target[start[i + 1] − 1], in the order of the edges. */
function adjacency(
  nodes: number,
  from: ArrayLike<number>,
  to: ArrayLike<number>,
): { start: Uint32Array<ArrayBuffer>; target: Uint32Array<ArrayBuffer> } {
  const start = new Uint32Array(nodes + 1);
  for (let i = 0; i < from.length; i++) start[from[i]! + 1]!++;
  for (let i = 0; i < nodes; i++) start[i + 1]! += start[i]!;
  const next = start.slice();
  const target = new Uint32Array(from.length);
  for (let i = 0; i < from.length; i++) target[next[from[i]!]!++] = to[i]!;
  return { start, target };
}
