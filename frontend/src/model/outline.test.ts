import { describe, expect, it } from "vitest";
import { opened, outlineRows, PAGE, rowKey } from "./outline";
import { ToyTree } from "./toy";

const NONE: ReadonlySet<number> = new Set();

describe("the outline", () => {
  const toy = new ToyTree(() => [0.2, 0.5, 0.3]);
  toy.growTo(2);
  const tree = toy.model;
  const byKey = (key: number): number => tree.childOf(0, key);

  it("begins with the prompt alone", () => {
    expect(outlineRows(tree, new Map(), NONE)).toEqual([
      { node: 0, isMore: false, level: 1, place: 1, of: 1 },
    ]);
  });

  it("lists the children of what is open, the most probable first, where they belong", () => {
    const open = new Map([
      [0, PAGE],
      [byKey(1), PAGE],
    ]);
    const rows = outlineRows(tree, open, NONE);
    expect(rows.map(({ node }) => node)).toEqual([
      0,
      byKey(1),
      ...tree.children(byKey(1)),
      byKey(2),
      byKey(0),
    ]);
    expect(rows.map(({ level }) => level)).toEqual([1, 2, 3, 3, 3, 2, 2]);
    expect(rows.filter(({ level }) => level === 2).map(({ place, of }) => [place, of])).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it("stands for what it does not list by one row, but lists what is selected", () => {
    const open = new Map([[0, 1]]);
    const [, first, more] = outlineRows(tree, open, NONE);
    expect(first?.node).toBe(byKey(1));
    expect(more).toEqual({ node: 0, isMore: true, level: 2, place: 2, of: 3 });
    expect(rowKey(more!)).not.toBe(rowKey({ node: 0, isMore: false }));
    const along = outlineRows(tree, open, new Set([byKey(0)]));
    expect(along.map(({ node, isMore }) => (isMore ? "more" : node))).toEqual([
      0,
      byKey(1),
      byKey(0),
      "more",
    ]);
    expect(along[2]).toMatchObject({ place: 3, of: 3 });
  });

  it("opens all that is before a state, and nothing twice", () => {
    const deep = tree.children(byKey(1))[0]!;
    const open = opened(tree, new Map([[0, 7]]), deep);
    expect([...open]).toEqual([
      [0, 7],
      [byKey(1), PAGE],
    ]);
    expect(opened(tree, open, deep)).toBe(open);
  });

  it("leaves out what an undo has hidden", () => {
    const other = new ToyTree(() => [0.6, 0.4]);
    other.growTo(1);
    other.event("hide", {}, { hidden_node: Uint32Array.of(1) });
    expect(outlineRows(other.model, new Map([[0, PAGE]]), NONE).map(({ node }) => node)).toEqual([
      0, 2,
    ]);
  });
});
