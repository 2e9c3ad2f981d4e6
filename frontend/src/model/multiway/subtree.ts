/** What hangs below a state, as plain arrays that can be handed to a worker. */
import { logQOf } from "../next";
import type { TreeModel } from "../tree";
import type { Weighting } from "../weighting";

/** Bits of `flags`. */
export const IS_EXPANDED = 1;
export const IS_TERMINAL = 2;
/** It was reached by an end token. */
export const BY_END = 4;

/** The longest past that an equivalence looks at, tokens. */
export const MOST_LAST = 8;
/** Stands for what is before the first token of a prompt. */
export const BEFORE_ALL = 0xffffffff;

/**
 * The visible states below `anchor` that no cut takes, level by level; the anchor is number 0.
 * The children of state i are the numbers childStart[i] ≤ c < childStart[i + 1].
 */
export interface Subtree {
  readonly anchor: number;
  readonly size: number;
  /** Ids in the tree. */
  readonly node: Uint32Array<ArrayBuffer>;
  /** Number of the parent; of the anchor itself 0. */
  readonly parent: Uint32Array<ArrayBuffer>;
  readonly childStart: Uint32Array<ArrayBuffer>;
  /** Steps below the anchor. */
  readonly step: Uint32Array<ArrayBuffer>;
  /** Given the parent, natural log, under the measure; NaN where it is not known. */
  readonly logProb: Float64Array<ArrayBuffer>;
  readonly flags: Uint8Array<ArrayBuffer>;
  /** Place of the last key among `keys`; of the anchor 0, without meaning. */
  readonly symbol: Uint32Array<ArrayBuffer>;
  /** The keys that occur, and the bytes of each: of its token, or of the state that it leads to. */
  readonly keys: Uint32Array<ArrayBuffer>;
  readonly bytesStart: Uint32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The last `MOST_LAST` keys up to the anchor, the latest last. */
  readonly before: Uint32Array<ArrayBuffer>;
  /** Of a rewriting rule: the anchor's state. */
  readonly anchorState: Uint8Array<ArrayBuffer>;
  /** Branches that were left out because they are pruned. */
  readonly pruned: number;
}

/** What a tree does not know of its own prompt. */
export interface PromptKeys {
  /** Token ids; none under a rewriting rule. */
  readonly tokens: readonly number[];
  /** As text; the initial state under a rewriting rule. */
  readonly text: string;
}

const LOOK_AT_CLOCK = 64;

/** Room for what grows while it is read. */
const SPARE = 4096;

/**
 * Reads what hangs below `anchor`, giving way after every `slice` ms: each `next()` says how many
 * states were read so far, and the last one returns them. Of a tree that changes meanwhile each
 * state is told as it is when its turn comes, so that it is worth reading again; null when it has
 * outgrown the room for it. Probabilities are those of `weighting`.
 */
export function* readSubtree(
  tree: TreeModel,
  anchor: number,
  weighting: Weighting,
  prompt: PromptKeys,
  slice = 5,
  clock: () => number = () => performance.now(),
): Generator<number, Subtree | null, void> {
  const room = tree.size - anchor + SPARE;
  const node = new Uint32Array(room);
  const parent = new Uint32Array(room);
  const childStart = new Uint32Array(room + 1);
  const step = new Uint32Array(room);
  const logProb = new Float64Array(room);
  const flags = new Uint8Array(room);
  const symbol = new Uint32Array(room);
  const symbols = new SymbolList(tree);
  const isRule = weighting === tree.ruleWeighting;
  let pruned = 0;
  let size = 1;
  node[0] = anchor;
  flags[0] = flagsOf(tree, anchor);
  let began = clock();
  for (let at = 0; at < size; at++) {
    childStart[at] = size;
    const id = node[at]!;
    tree.eachChild(id, (child) => {
      if (tree.isCut(child)) {
        pruned++;
        return;
      }
      const key = tree.key[child]!;
      node[size] = child;
      parent[size] = at;
      step[size] = step[at]! + 1;
      logProb[size] = isRule ? tree.logProb[child]! : (logQOf(tree, weighting, id, key) ?? NaN);
      flags[size] = flagsOf(tree, child);
      symbol[size] = symbols.placeOf(key);
      size++;
    });
    if (at % LOOK_AT_CLOCK === 0 && clock() - began > slice) {
      yield at;
      began = clock();
      if (tree.size - anchor > room) return null;
    }
  }
  childStart[size] = size;
  return {
    anchor,
    size,
    node: node.subarray(0, size),
    parent: parent.subarray(0, size),
    childStart: childStart.subarray(0, size + 1),
    step: step.subarray(0, size),
    logProb: logProb.subarray(0, size),
    flags: flags.subarray(0, size),
    symbol: symbol.subarray(0, size),
    ...symbols.columns(),
    before: before(tree, anchor, prompt.tokens),
    anchorState: anchorStateOf(tree, anchor, prompt.text),
    pruned,
  };
}

function flagsOf(tree: TreeModel, node: number): number {
  return (
    (tree.isExpanded(node) ? IS_EXPANDED : 0) |
    (tree.isTerminal(node) ? IS_TERMINAL : 0) |
    (node > 0 && tree.isEndKey(tree.key[node]!) ? BY_END : 0)
  );
}

function before(
  tree: TreeModel,
  anchor: number,
  prompt: readonly number[],
): Uint32Array<ArrayBuffer> {
  const found = new Uint32Array(MOST_LAST).fill(BEFORE_ALL);
  let place = MOST_LAST;
  for (let at = anchor; at > 0 && place > 0; at = tree.parent[at]!) found[--place] = tree.key[at]!;
  for (let i = prompt.length - 1; i >= 0 && place > 0; i--) found[--place] = prompt[i]!;
  return found;
}

function anchorStateOf(
  tree: TreeModel,
  anchor: number,
  prompt: string,
): Uint8Array<ArrayBuffer> {
  const state = anchor === 0 ? null : tree.symbols.stateOf(tree.key[anchor]!);
  return state ? Uint8Array.from(state) : new TextEncoder().encode(prompt);
}

/** The keys that occur, in the order in which they first do. */
class SymbolList {
  private readonly places = new Map<number, number>();

  constructor(private readonly tree: TreeModel) {}

  placeOf(key: number): number {
    let place = this.places.get(key);
    if (place === undefined) {
      place = this.places.size;
      this.places.set(key, place);
    }
    return place;
  }

  columns(): Pick<Subtree, "keys" | "bytesStart" | "bytes"> {
    const { symbols } = this.tree;
    const keys = Uint32Array.from(this.places.keys());
    const texts = Array.from(keys, (key) => symbols.stateOf(key) ?? symbols.bytesOf(key));
    const bytesStart = new Uint32Array(keys.length + 1);
    texts.forEach((text, i) => (bytesStart[i + 1] = bytesStart[i]! + text.length));
    const bytes = new Uint8Array(bytesStart[keys.length]!);
    texts.forEach((text, i) => bytes.set(text, bytesStart[i]!));
    return { keys, bytesStart, bytes };
  }
}
