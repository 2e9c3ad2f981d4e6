/** A tree that comes in pieces is the tree that comes at once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Column, Columns } from "../base/columns";
import type { PieceHeader, TreeHeader } from "../base/headers";
import { TreeModel, type TreeShape } from "./tree";
import { RULE } from "./weighting";

const SHAPE: TreeShape = {
  kind: "appending",
  endKeys: [],
  alphabetSize: 8,
  promptLength: 1,
  maxLength: 4096,
};
const KEYS = 8;

interface Node {
  readonly parent: number;
  readonly key: number;
}

/** Trees of up to 60 nodes, which of them are expanded, hidden, cut, and in the first piece. */
const trees = fc
  .array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: KEYS - 1 })), { minLength: 2, maxLength: 60 })
  .map((draws) => {
    const nodes: Node[] = [{ parent: -1, key: 0 }];
    const known = new Set<string>();
    for (const [place, key] of draws) {
      const parent = place % nodes.length;
      if (known.has(`${parent}/${key}`)) continue;
      known.add(`${parent}/${key}`);
      nodes.push({ parent, key });
    }
    return nodes;
  })
  .filter((nodes) => nodes.length > 2)
  .chain((nodes) => {
    const some = fc.uniqueArray(fc.integer({ min: 1, max: nodes.length - 1 }), { maxLength: 12 });
    const ends = fc.uniqueArray(fc.integer({ min: 2, max: nodes.length }), { maxLength: 5 });
    return fc.record({ nodes: fc.constant(nodes), expanded: some, hidden: some, cut: some, first: some, ends });
  });

type Drawn = typeof trees extends fc.Arbitrary<infer T> ? T : never;

const header = (states: number): TreeHeader => ({
  type: "tree",
  seq: 7,
  name: "",
  procedure: [],
  fingerprint: RULE,
  ledger: { terminal: 0, frontier: 1, residual: 0, pruned: 0 },
  states,
});

/** The columns of a tree frame that tell of the nodes that `isTold`; `listed` lists node_* rows. */
function columnsOf(drawn: Drawn, listed: number[], isTold: (node: number) => boolean): Columns {
  const { nodes, expanded, hidden, cut } = drawn;
  const states = [0, ...expanded].filter(isTold);
  const keys = states.flatMap((node) => Array.from({ length: KEYS - 1 }, (_, k) => (k + node) % KEYS));
  const found: Record<string, Column> = {
    node_parent: Uint32Array.from(listed, (node) => nodes[node]!.parent),
    node_key: Uint32Array.from(listed, (node) => nodes[node]!.key),
    node_log_prob: Float32Array.from(listed, (node) => -1 - (node % 3)),
    expanded_node: Uint32Array.from(states),
    expanded_count: new Uint32Array(states.length).fill(KEYS - 1),
    expanded_complete: new Uint8Array(states.length),
    expanded_entropy: Float32Array.from(states, (node) => node / 7),
    candidate_key: Uint32Array.from(keys),
    candidate_log_prob: Float32Array.from(keys, (key) => -key),
    hidden_node: Uint32Array.from(hidden.filter(isTold)),
    cut_node: Uint32Array.from(cut.filter(isTold)),
    visited_node: Uint32Array.from(expanded.filter(isTold)),
    visited_count: Uint32Array.from(expanded.filter(isTold), (node) => node),
  };
  return found;
}

function atOnce(drawn: Drawn): TreeModel {
  const model = new TreeModel(SHAPE);
  const all = drawn.nodes.map((_, node) => node).slice(1);
  model.applyFrame(header(drawn.nodes.length), columnsOf(drawn, all, () => true));
  return model;
}

function inPieces(drawn: Drawn, look: (model: TreeModel) => void): TreeModel {
  const { nodes } = drawn;
  const model = new TreeModel(SHAPE);
  const head = new Set([0]);
  for (const one of drawn.first) for (let at = one; at > 0; at = nodes[at]!.parent) head.add(at);
  const ids = [...head].filter((node) => node > 0).sort((a, b) => a - b);
  const columns = columnsOf(drawn, ids, (node) => head.has(node));
  model.applyFrame(header(nodes.length), { ...columns, node_id: Uint32Array.from(ids) });
  look(model);
  let first = 1;
  if (model.absent === 0) return model;
  for (const end of [...drawn.ends.sort((a, b) => a - b), nodes.length]) {
    const listed = nodes.map((_, node) => node).slice(first, end);
    const piece: PieceHeader = { type: "piece", first };
    const isTold = (node: number) => node >= first && node < end && !head.has(node);
    model.applyPiece(piece, columnsOf(drawn, listed, isTold));
    look(model);
    first = Math.max(first, end);
  }
  return model;
}

/** All that can be read of a tree, node by node. */
const portrait = (model: TreeModel) => ({
  cuts: model.topCuts(),
  size: model.size,
  expansions: model.expansions,
  nodes: Array.from({ length: model.size }, (_, node) => ({
    parent: model.parent[node],
    key: model.key[node],
    depth: model.depth[node],
    cum: model.cumLogProb[node],
    rank: model.rank[node],
    visits: model.visits[node],
    children: model.children(node),
    inOrder: ((found: number[]) => (model.eachChild(node, (child) => found.push(child)), found))([]),
    hidden: model.isHidden(node),
    cut: model.isCut(node),
    entropy: model.entropy(node),
    candidates: ((row) => row && { keys: [...row.keys], logs: [...row.logProbs] })(
      model.candidates(node),
    ),
  })),
});

describe("a tree in pieces", () => {
  it("is in the end the tree at once, however it is cut up", () => {
    fc.assert(
      fc.property(trees, (drawn) => {
        const model = inPieces(drawn, () => undefined);
        expect(model.absent).toBe(0);
        expect(portrait(model)).toEqual(portrait(atOnce(drawn)));
      }),
    );
  });

  it("is at every moment a part of it: no state is there whose way is not", () => {
    fc.assert(
      fc.property(trees, (drawn) => {
        const whole = atOnce(drawn);
        inPieces(drawn, (model) => {
          for (let node = 1; node < model.size; node++) {
            if (!model.has(node)) continue;
            expect(model.path(node)).toEqual(whole.path(node));
            for (const child of model.children(node)) expect(whole.children(node)).toContain(child);
          }
        });
      }),
    );
  });

  it("grows on like any other once it is whole", () => {
    fc.assert(
      fc.property(trees, (drawn) => {
        const event = (model: TreeModel) =>
          model.applyFrame(
            {
              type: "event",
              seq: 8,
              kind: "grow",
              at: 0,
              by: "me",
              change: "c",
              payload: { first_node: model.size },
              ledger: model.ledger,
            },
            {
              node_parent: Uint32Array.of(0, 1),
              node_key: Uint32Array.of(90, 91),
              node_log_prob: Float32Array.of(-1, -2),
            },
          );
        const [one, other] = [inPieces(drawn, () => undefined), atOnce(drawn)];
        event(one);
        event(other);
        expect(portrait(one)).toEqual(portrait(other));
      }),
    );
  });
});
