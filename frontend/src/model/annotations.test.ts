import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { MARK } from "./emphasis";
import { readFrame } from "./golden";
import { ToyTree } from "./toy";
import { TreeModel } from "./tree";

interface Standing {
  cuts: number[];
  annotations: { bookmarks: number[]; notes: [number, string][]; labels: [number, string][] };
}
interface Branching {
  end_keys: number[];
  alphabet_size: number;
  prompt: number[];
  max_length: number;
  tree: string;
  events: string[];
  after: Standing[];
  end: string;
}
const golden = JSON.parse(
  readFileSync(new URL("../../../tests/contract/golden/branches.json", import.meta.url), "utf8"),
) as Branching;

function opened(frame: string): TreeModel {
  const tree = new TreeModel({
    kind: "appending",
    endKeys: golden.end_keys,
    alphabetSize: golden.alphabet_size,
    promptLength: golden.prompt.length,
    maxLength: golden.max_length,
  });
  const { header, columns } = readFrame(frame);
  tree.applyFrame(header, columns);
  return tree;
}

function standingOf(tree: TreeModel): Standing {
  const all = Array.from({ length: tree.size }, (_, node) => node);
  const said = tree.annotations;
  const texts = (of: (node: number) => string): [number, string][] =>
    all.map((node): [number, string] => [node, of(node)]).filter(([, text]) => text !== "");
  return {
    cuts: all.filter((node) => tree.isCut(node)),
    annotations: {
      bookmarks: all.filter((node) => said.isBookmarked(node)),
      notes: texts((node) => said.note(node)),
      labels: texts((node) => said.label(node)),
    },
  };
}

describe("what is set down on states", () => {
  it("is after every golden event what the server says", () => {
    const tree = opened(golden.tree);
    golden.events.forEach((frame, i) => {
      const { header, columns } = readFrame(frame);
      tree.applyFrame(header, columns);
      expect(standingOf(tree)).toEqual(golden.after[i]);
    });
    expect(standingOf(opened(golden.end))).toEqual(golden.after.at(-1));
  });

  it("marks its states, each with its own bits", () => {
    const toy = new ToyTree(() => [0.5, 0.5]);
    toy.growTo(1);
    const said = toy.model.annotations;
    const before = said.version;
    toy.event("bookmark", { node: 1, on: true });
    toy.event("note", { node: 1, text: "look", previous: "" });
    toy.event("label", { node: 2, text: "out", previous: "" });
    expect(said.marksOf(0)).toBe(0);
    expect(said.marksOf(1)).toBe(MARK.bookmark | MARK.note);
    expect(said.marksOf(2)).toBe(MARK.label);
    expect(said.nodes()).toEqual([1, 2]);
    toy.event("bookmark", { node: 1, on: false });
    toy.event("note", { node: 1, text: "", previous: "look" });
    expect(said.marksOf(1)).toBe(0);
    expect(said.nodes()).toEqual([2]);
    expect(said.version).toBe(before + 5);
  });

  it("gives way to what a whole tree carries", () => {
    const tree = opened(golden.tree);
    tree.applyFrame(
      { ...readFrame(golden.events[0]!).header, seq: tree.seq + 1 } as never,
      {},
    );
    expect(tree.annotations.nodes()).toHaveLength(1);
    const { header, columns } = readFrame(golden.tree);
    tree.applyFrame(header, columns);
    expect(tree.annotations.nodes()).toEqual([]);
  });
});
