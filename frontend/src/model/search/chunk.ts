import type { TreeModel } from "../tree";
import type { NodeChunk } from "./corpus";

/** Symbols that are gathered at once, at most: each costs as much as many nodes. */
const MOST_FRESH = 4096;

/**
 * Copies of the columns of nodes [from, most), or of the first of them, and the symbols that are not
 * among `known`, which it adds.
 */
export function chunkOf(tree: TreeModel, from: number, most: number, known: Set<number>): NodeChunk {
  const fresh: number[] = [];
  let to = from;
  for (; to < most && fresh.length < MOST_FRESH; to++) {
    const one = tree.key[to]!;
    // The root's key means nothing.
    if (to === 0 || known.has(one)) continue;
    known.add(one);
    fresh.push(one);
  }
  const bytes = fresh.map((one) => tree.symbols.stateOf(one) ?? tree.symbols.bytesOf(one));
  const symbolLength = Uint32Array.from(bytes, ({ length }) => length);
  const symbolBytes = new Uint8Array(symbolLength.reduce((sum, length) => sum + length, 0));
  let at = 0;
  for (const one of bytes) {
    symbolBytes.set(one, at);
    at += one.length;
  }
  return {
    parent: tree.parent.slice(from, to),
    key: tree.key.slice(from, to),
    logProb: tree.logProb.slice(from, to),
    marks: tree.marks.slice(from, to),
    symbolKey: Uint32Array.from(fresh),
    symbolLength,
    symbolBytes,
  };
}
