import { expect, test } from "vitest";
import { ToyTree } from "../toy";
import type { Equivalence } from "./equivalence";
import { classOfNode } from "./graph";
import { merge } from "./merge";
import { byStep, nameOf, textOf } from "./names";
import { alternativesOf } from "./spacetime";
import { rewritten, subtreeOf, systemTree } from "./toy";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test("a class of last tokens is named by them, those of the prompt included", () => {
  const toy = new ToyTree(() => [0.6, 0.4]);
  toy.growTo(2);
  const tokens = { tokens: [7, 8], text: "x y" };
  const prompt = { pieces: [bytes("x"), bytes(" y")], text: "x y" };
  const equivalence: Equivalence = { by: "last", k: 2 };
  const graph = merge(subtreeOf(toy.model, tokens), equivalence);
  const name = (node: number): string =>
    nameOf(toy.model, graph, classOfNode(graph, node), equivalence, prompt);
  expect(name(0)).toBe("x␣y");
  const first = toy.model.childOf(0, 0);
  expect(name(first)).toBe("␣y␣a");
  expect(name(toy.model.childOf(first, 1))).toBe("␣a␣b");
});

test("a class of texts is named by its last tokens, and has its whole text", () => {
  const toy = new ToyTree(() => [0.6, 0.4]);
  toy.growTo(2);
  const graph = merge(subtreeOf(toy.model), { by: "text" });
  const node = toy.model.childOf(toy.model.childOf(0, 0), 1);
  const prompt = { pieces: [], text: "" };
  const one = classOfNode(graph, node);
  expect(nameOf(toy.model, graph, one, { by: "text" }, prompt)).toBe("␣a b");
  expect(textOf(toy.model, graph, one, prompt)).toBe(" a b");
  expect(nameOf(toy.model, graph, 0, { by: "text" }, prompt)).toBe("prompt");
});

test("of a long text the name is its end, whole tokens that fit", () => {
  const toy = new ToyTree(() => [1]);
  toy.growTo(20);
  const graph = merge(subtreeOf(toy.model), { by: "text" });
  const deepest = toy.model.size - 1;
  const name = nameOf(toy.model, graph, classOfNode(graph, deepest), { by: "text" }, { pieces: [], text: "" });
  expect(name).toBe("␣a a a a a a a a");
});

test("the rest says how many classes it stands for, and how probable it is", () => {
  const toy = new ToyTree(() => [0.9, 0.05, 0.05]);
  toy.growTo(1);
  const graph = merge(subtreeOf(toy.model), { by: "text" }, 2);
  const prompt = { pieces: [], text: "" };
  expect(nameOf(toy.model, graph, 2, { by: "text" }, prompt)).toBe("and 2 more, 10%");
});

test("the probability of a class at each step adds up over the classes to one", () => {
  const toy = systemTree("aabb", (state) => rewritten(state, [["ab", "ba"], ["ba", "ab"]]));
  toy.growTo(5);
  const graph = merge(subtreeOf(toy.model, { text: "aabb" }), { by: "state" });
  const sums = new Map<number, number>();
  for (let one = 0; one < graph.size; one++) {
    const steps = byStep(toy.model, graph, one, (node) => Math.exp(toy.model.cumLogProb[node]!));
    for (const [step, p] of steps) sums.set(step, (sums.get(step) ?? 0) + p);
  }
  expect([...sums.keys()].sort()).toEqual([0, 1, 2, 3, 4, 5]);
  for (const sum of sums.values()) expect(sum).toBeCloseTo(1, 6);
});

test("beside a row stands what else could have followed the one before, the likeliest first", () => {
  const next = (): Map<string, number> => new Map([["01", 0.6], ["10", 0.3], ["11", 0.1]]);
  const toy = systemTree("00", next);
  toy.growTo(2);
  const { model } = toy;
  const first = model.children(0)[0]!;
  const history = [{ node: 0 }, { node: first }, { node: model.children(first)[1]! }];
  const found = alternativesOf(model, model.ruleWeighting, history, 5);
  expect(found.map((ones) => ones.map(({ row }) => row.join("")))).toEqual([[], ["10", "11"], ["01", "11"]]);
  expect(found[2]!.map(({ p }) => Number(p.toFixed(3)))).toEqual([0.6, 0.1]);
  expect(alternativesOf(model, model.ruleWeighting, history, 1)[1]).toHaveLength(1);
});
