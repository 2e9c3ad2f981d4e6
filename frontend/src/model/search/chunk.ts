import type { TreeModel } from "../tree";
import type { NodeChunk } from "./corpus";

/** Copies of the columns of nodes [from, to), and the symbols that are not among `known`, which it adds. */
export function chunkOf(tree: TreeModel, from: number, to: number, known: Set<number>): NodeChunk {
  const key = tree.key.slice(from, to);
  const fresh: number[] = [];
  for (let i = 0; i < key.length; i++) {
    const one = key[i]!;
    // The root's key means nothing.
    if (from + i === 0 || known.has(one)) continue;
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
    key,
    logProb: tree.logProb.slice(from, to),
    marks: tree.marks.slice(from, to),
    symbolKey: Uint32Array.from(fresh),
    symbolLength,
    symbolBytes,
  };
}
