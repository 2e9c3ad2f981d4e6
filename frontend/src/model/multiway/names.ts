/** What a class is called: its state, its last tokens, or the end of its text. */
import { label, pathPieces, pieces, pieceAfter } from "../text";
import type { TreeModel } from "../tree";
import type { Equivalence } from "./equivalence";
import { isRest, type Multiway } from "./graph";

const grouped = new Intl.NumberFormat("en-GB");

/** What a tree does not know of its own prompt: the bytes of its tokens, and its text. */
export interface PromptText {
  readonly pieces: readonly Uint8Array[];
  readonly text: string;
}

/** In a few characters, white space visible; empty where one looks back to before it was there. */
export function nameOf(
  tree: TreeModel,
  graph: Multiway,
  one: number,
  equivalence: Equivalence,
  prompt: PromptText,
): string {
  if (isRest(graph, one)) {
    const { classes, reach } = graph.rest!;
    return `and ${grouped.format(classes)} more, ${(100 * reach).toPrecision(2)}%`;
  }
  const node = graph.lead[one]!;
  if (node >= tree.size) return "";
  const name = tree.annotations.label(node);
  if (name) return name;
  if (equivalence.by === "last") {
    const own = tree.path(node).slice(1).map((step) => tree.symbolBytes(tree.key[step]!));
    const last = [...prompt.pieces, ...own].slice(-equivalence.k);
    return label(pieces(last).join(""));
  }
  if (node === 0) return equivalence.by === "state" ? label(prompt.text) : "prompt";
  if (tree.shape.kind === "rewriting") {
    return label(pieceAfter(tree, tree.parent[node]!, tree.key[node]!));
  }
  return endOf(pathPieces(tree, node));
}

/** Characters of a name: what fits beside a disc (render/multiway.ts). */
const NAME_ROOM = 16;

/** The last tokens, as many as there is room for: one of them alone is often no more than “of”. */
function endOf(texts: readonly string[]): string {
  let end = texts.at(-1) ?? "";
  for (const text of texts.slice(0, -1).reverse()) {
    if (text.length + end.length > NAME_ROOM) break;
    end = text + end;
  }
  // A space between two words can be seen without a sign for it.
  return label(end).replaceAll(/(?<=[^␣])␣(?=[^␣])/gu, " ");
}

/** All that is known of the text of a class: its leading member from the anchor on. */
export function textOf(tree: TreeModel, graph: Multiway, one: number, prompt: PromptText): string {
  const node = graph.lead[one]!;
  if (node >= tree.size) return "";
  if (tree.shape.kind === "rewriting") {
    if (node === 0) return prompt.text;
    return tree.symbols.wholeText(tree.key[node]!) ?? "⟨not text⟩";
  }
  return pathPieces(tree, node).slice(tree.depth[graph.anchor]!).join("");
}

/** The label of a rewriting step, or the token of an edge. */
export function stepName(tree: TreeModel, graph: Multiway, edge: number): string {
  const node = graph.edgeLead[edge]!;
  if (node >= tree.size) return "";
  return label(pieces([tree.symbolBytes(tree.key[node]!)])[0] ?? "");
}

/** The probability of being in a class at each step from the anchor; each at most 1. */
export function byStep(tree: TreeModel, graph: Multiway, one: number, probabilityOf: (node: number) => number): Map<number, number> {
  const from = tree.depth[graph.anchor]!;
  const found = new Map<number, number>();
  const members = graph.memberNode.subarray(graph.memberStart[one]!, graph.memberStart[one + 1]!);
  for (const node of members) {
    const step = tree.depth[node]! - from;
    found.set(step, (found.get(step) ?? 0) + probabilityOf(node));
  }
  return found;
}
