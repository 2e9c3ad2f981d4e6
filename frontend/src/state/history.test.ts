import { describe, expect, it } from "vitest";
import type { TreeShape } from "../model/tree";
import { ToyTree, type ToyOptions } from "../model/toy";
import { historyOf } from "./history";

const VIEW = { anchor: 0, lo: 0, hi: 1, lines: 8, offset: 0.5, seed: 0 };

describe("the history of a selected state", () => {
  it("leads to it, and goes on by a world that passes through it, as far as it is grown", () => {
    const toy = new ToyTree(() => [0.75, 0.25]);
    toy.growTo(4);
    const { model, rules } = toy;
    const second = model.childOf(0, 1);
    const found = historyOf(model, rules, { node: second }, VIEW, null);
    expect(found.selected).toBe(1);
    expect(found.line).toBe(6);
    expect(found.steps[0]!.ref).toEqual({ node: second });
    expect(found.steps).toHaveLength(4);
    for (const { ref } of found.steps) expect(model.isAncestor(second, ref.node)).toBe(true);
  });

  it("follows the line that somebody chose, unless it does not pass", () => {
    const toy = new ToyTree(() => [0.5, 0.5]);
    toy.growTo(3);
    const { model, rules } = toy;
    expect(historyOf(model, rules, { node: 0 }, VIEW, 5).line).toBe(5);
    const first = model.childOf(0, 0);
    expect(historyOf(model, rules, { node: first }, VIEW, 5).line).toBe(0);
  });

  it("ends where nothing is grown, at a next state that is no node yet", () => {
    const toy = new ToyTree(() => [1]);
    toy.expand(0);
    const { model, rules } = toy;
    const found = historyOf(model, rules, { node: 0 }, VIEW, null);
    expect(found.steps.map(({ ref }) => ref)).toEqual([{ node: 0, key: 0 }]);
    expect(historyOf(model, rules, { node: 0, key: 0 }, VIEW, null).selected).toBe(1);
  });

  it("leads to a state that no line passes", () => {
    const toy = new ToyTree(() => [0.999, 0.001]);
    toy.growTo(2);
    const rare = toy.model.childOf(0, 1);
    const found = historyOf(toy.model, toy.rules, { node: rare }, VIEW, null);
    expect(found).toMatchObject({ selected: 1, line: null });
    expect(found.steps.map(({ ref }) => ref.node)).toEqual([rare]);
  });

  it("has the rows of an automaton as they are written", () => {
    const shape: Partial<TreeShape> = { kind: "rewriting", cells: true };
    const options: ToyOptions = { shape, bytesOf: () => new TextEncoder().encode("0110") };
    const toy = new ToyTree(() => [1], options);
    toy.growTo(2);
    const { steps } = historyOf(toy.model, toy.rules, { node: 0 }, VIEW, null);
    expect(steps.map(({ text }) => text)).toEqual(["0110", "0110"]);
  });
});
