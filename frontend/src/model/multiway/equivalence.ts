/** Which states count as one: the equivalences that a multiway view may declare (SCIENCE §2). */
import { PairTable } from "./pairs";
import { BY_END, MOST_LAST, type Subtree } from "./subtree";

export type Equivalence =
  /** The same bytes, whichever tokens wrote them. Exact, as text. */
  | { readonly by: "text" }
  /** The same last k tokens. Exact where the rule remembers no more, else an analogy. */
  | { readonly by: "last"; readonly k: number }
  /** The same state of a rewriting rule: what follows is the same. Exact. */
  | { readonly by: "state" };

export const FEWEST_LAST = 1;
export { MOST_LAST } from "./subtree";

/** Follows a byte in the place of an end token, which writes nothing. */
const END = 256;

export interface Classes {
  readonly count: number;
  /** By number of the state; classes are numbered as they are first reached, level by level. */
  readonly classOf: Uint32Array<ArrayBuffer>;
}

/** Which class each state of a subtree is in. */
export function classesOf(subtree: Subtree, equivalence: Equivalence): Classes {
  switch (equivalence.by) {
    case "text":
      return numbered(textsOf(subtree));
    case "last":
      return numbered(lastsOf(subtree, Math.min(MOST_LAST, equivalence.k)));
    case "state":
      return numbered(statesOf(subtree));
  }
}

/** A trie of bytes: the node of a text is found from that of its beginning. 0 is the empty text. */
class Trie {
  private readonly table = new PairTable();

  after(node: number, symbol: number): number {
    return this.table.intern(node, symbol) + 1;
  }

  afterBytes(node: number, bytes: Uint8Array, from: number, end: number): number {
    let at = node;
    for (let i = from; i < end; i++) at = this.after(at, bytes[i]!);
    return at;
  }
}

function textsOf({ size, parent, symbol, flags, bytes, bytesStart }: Subtree): Uint32Array {
  const trie = new Trie();
  const found = new Uint32Array(size);
  for (let i = 1; i < size; i++) {
    const from = found[parent[i]!]!;
    const place = symbol[i]!;
    found[i] =
      (flags[i]! & BY_END) !== 0
        ? trie.after(from, END)
        : trie.afterBytes(from, bytes, bytesStart[place]!, bytesStart[place + 1]!);
  }
  return found;
}

/** Token by token: the last j tokens are the last j − 1 of the state before, and its own. */
function lastsOf({ size, parent, symbol, keys, before }: Subtree, k: number): Uint32Array {
  const trie = new Trie();
  let found = new Uint32Array(size);
  for (let length = 1; length <= k; length++) {
    const next = new Uint32Array(size);
    let root = 0;
    for (let i = MOST_LAST - length; i < MOST_LAST; i++) root = trie.after(root, before[i]!);
    next[0] = root;
    for (let i = 1; i < size; i++) next[i] = trie.after(found[parent[i]!]!, keys[symbol[i]!]!);
    found = next;
  }
  return found;
}

function statesOf({ size, symbol, keys, bytes, bytesStart, anchorState }: Subtree): Uint32Array {
  const trie = new Trie();
  const ofSymbol = Uint32Array.from(keys, (_, place) =>
    trie.afterBytes(0, bytes, bytesStart[place]!, bytesStart[place + 1]!),
  );
  const found = new Uint32Array(size);
  found[0] = trie.afterBytes(0, anchorState, 0, anchorState.length);
  for (let i = 1; i < size; i++) found[i] = ofSymbol[symbol[i]!]!;
  return found;
}

/** Numbers without gaps, in the order of first appearance. */
function numbered(names: Uint32Array): Classes {
  const numbers = new Map<number, number>();
  const classOf = new Uint32Array(names.length);
  names.forEach((name, i) => {
    let number = numbers.get(name);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(name, number);
    }
    classOf[i] = number;
  });
  return { count: numbers.size, classOf };
}
