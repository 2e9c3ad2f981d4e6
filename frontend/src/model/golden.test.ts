import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { column } from "../base/columns";
import type { Step } from "../base/headers";
import { Conditioning } from "./conditioning";
import { readFrame } from "./golden";
import { mix, uniform } from "./random";
import { TreeModel } from "./tree";
import { advance, FULL_BITS, lineStart, locate, type Position } from "./walk";

interface Walked {
  keys: number[];
  nodes: number[];
  u: number;
  left: number;
}
interface Walk {
  fingerprint: string;
  anchor: number;
  lines: number;
  steps: number;
  offset: number;
  seed: number;
  lo: number;
  hi: number;
  conditioned: boolean;
  places: { node: number; u: number; left: number; line: number }[] | null;
  origin: number;
  walked: Walked[];
}
interface Golden {
  mix: [number, number][];
  uniform: [number, number, number, number][];
  advance: { name: string; start: number; steps: [number, number, number, number, number][] }[];
  trees: {
    name: string;
    rule: { kind: "appending"; end_keys: number[]; alphabet_size: number };
    prompt: number[];
    max_length: number;
    procedure: Step[];
    frame: string;
    walks: Walk[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL("../../../tests/contract/golden/walk.json", import.meta.url), "utf8"),
) as Golden;

function walkLine(tree: TreeModel, walk: Walk, index: number, procedure: Step[]): Walked {
  const base = tree.weightingFor(walk.fingerprint, procedure);
  const weighting = walk.conditioned ? new Conditioning(tree, base).weighting : base;
  const place = walk.places?.[index];
  let at: Position = place ?? lineStart(walk.lo, walk.hi, index, walk.lines, walk.offset);
  let node = place?.node ?? walk.anchor;
  const origin = place ? walk.origin : tree.depth[walk.anchor]!;
  const keys: number[] = [];
  const nodes: number[] = [];
  while (keys.length < walk.steps && !tree.isTerminal(node)) {
    const next = locate(tree, node, at.u, weighting);
    if (next === null) break;
    at = advance(at, next.start, next.q, uniform(walk.seed, place?.line ?? index, tree.depth[node]! - origin));
    keys.push(next.key);
    nodes.push(next.child);
    if (next.child === -1) break;
    node = next.child;
  }
  return { keys, nodes, u: at.u, left: at.left };
}

describe("the page and the server", () => {
  it("mix the same words", () => {
    for (const [word, mixed] of golden.mix) expect(mix(word)).toBe(mixed);
  });

  it("draw the same random numbers", () => {
    for (const [seed, trajectory, depth, value] of golden.uniform) {
      expect(uniform(seed, trajectory, depth)).toBe(value);
    }
  });

  it.each(golden.advance)("advance a line alike through next states: $name", (chain) => {
    let at: Position = { u: chain.start, left: FULL_BITS };
    for (const [start, q, fresh, u, left] of chain.steps) {
      at = advance(at, start, q, fresh);
      expect(at.u).toBe(u);
      expect(at.left).toBeCloseTo(left, 9);
    }
  });

  describe.each(golden.trees)("read the tree $name alike", (entry) => {
    const tree = new TreeModel({
      kind: entry.rule.kind,
      endKeys: entry.rule.end_keys,
      alphabetSize: entry.rule.alphabet_size,
      promptLength: entry.prompt.length,
      maxLength: entry.max_length,
    });
    const { header, columns } = readFrame(entry.frame);
    tree.applyFrame(header, columns);

    it("holds every node", () => {
      expect(tree.size).toBe(1 + column(columns, "node_parent").length);
      expect(tree.seq).toBe(header.seq);
    });

    it.each(entry.walks)("walks $lines lines under $fingerprint from $anchor, conditioned: $conditioned", (walk) => {
      walk.walked.forEach((expected, index) => {
        const walked = walkLine(tree, walk, index, entry.procedure);
        expect(walked.keys).toEqual(expected.keys);
        expect(walked.nodes).toEqual(expected.nodes);
        expect(walked.u).toBe(expected.u);
        expect(walked.left).toBeCloseTo(expected.left, 9);
      });
    });
  });
});
