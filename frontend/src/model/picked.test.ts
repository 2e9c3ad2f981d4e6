import { describe, expect, it } from "vitest";
import { extended, massOf, standing, toggled, topmost } from "./picked";
import { ToyTree } from "./toy";

describe("picked states", () => {
  const a = { node: 1 };
  const b = { node: 2 };
  const c = { node: 2, key: 4 };

  it("go in and out one by one", () => {
    expect(toggled([], a)).toEqual([a]);
    expect(toggled([a], c)).toEqual([a, c]);
    expect(toggled([a, c], { node: 2, key: 4 })).toEqual([a]);
    expect(toggled([a, c], b)).toEqual([a, c, b]);
  });

  it("grow along steps, and shrink when one steps back", () => {
    const two = extended([], a, b);
    expect(two).toEqual([a, b]);
    expect(extended(two, b, c)).toEqual([a, b, c]);
    expect(extended([a, b, c], c, b)).toEqual([a, b]);
  });

  it("are counted once, however they lie over each other", () => {
    const toy = new ToyTree(() => [0.5, 0.3, 0.2]);
    toy.growTo(1);
    const [first, second] = toy.model.children(0) as [number, number];
    toy.expand(first);
    const below = toy.child(first, 0);
    const candidate = { node: first, key: 1 };
    expect(massOf(toy.model, [{ node: below }, candidate])).toBeCloseTo(0.25 + 0.15, 6);
    const all = [{ node: below }, { node: first }, candidate, { node: second }];
    expect(topmost(toy.model, all)).toEqual([{ node: first }, { node: second }]);
    expect(massOf(toy.model, all)).toBeCloseTo(0.8, 6);
  });

  it("become nodes with the tree, and go where an undo hides them", () => {
    const toy = new ToyTree(() => [0.5, 0.5]);
    toy.growTo(1);
    const refs = [{ node: 1 }, { node: 2, key: 0 }];
    toy.expand(2);
    expect(standing(toy.model, refs)).toBe(refs);
    const made = toy.child(2, 0);
    expect(standing(toy.model, refs)).toEqual([{ node: 1 }, { node: made }]);
    toy.event("hide", {}, { hidden_node: Uint32Array.of(1) });
    expect(standing(toy.model, refs)).toEqual([{ node: made }]);
  });
});
