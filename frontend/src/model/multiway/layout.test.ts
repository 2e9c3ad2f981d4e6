import { expect, test } from "vitest";
import { ToyTree } from "../toy";
import { isRest, type Multiway } from "./graph";
import { arrange, freeRow, inOrder, LAYOUTS, type Layout, type Places } from "./layout";
import { LAYER, ROW } from "./limits";
import { merge } from "./merge";
import { rewritten, subtreeOf, systemTree } from "./toy";

const SORTING = [["ba", "ab"]] as const;

function sorting(steps: number): ToyTree {
  const toy = systemTree("bababbaba", (state) => rewritten(state, SORTING));
  toy.growTo(steps);
  return toy;
}

function arranged(graph: Multiway, layout: Layout, before: Places | null = null): Places {
  const work = arrange(graph, layout, before);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    expect(step.value).toBeGreaterThanOrEqual(0);
    expect(step.value).toBeLessThan(1);
  }
}

const merged = (toy: ToyTree, most?: number): Multiway =>
  merge(subtreeOf(toy.model, { text: "bababbaba" }), { by: "state" }, most);

const nearest = ({ x, y }: Places): number => {
  let least = Infinity;
  for (let i = 0; i < x.length; i++)
    for (let j = 0; j < i; j++) least = Math.min(least, Math.hypot(x[i]! - x[j]!, y[i]! - y[j]!));
  return least;
};

test.each(LAYOUTS)("%s: the same graph lies in the same way, and nothing lies on another", (layout) => {
  const graph = merged(sorting(4));
  expect(graph.size).toBeGreaterThan(20);
  const places = arranged(graph, layout);
  expect(arranged(graph, layout)).toEqual(places);
  expect([...places.x, ...places.y].every(Number.isFinite)).toBe(true);
  expect(nearest(places)).toBeGreaterThan(layout === "layers" ? ROW - 5 : 12);
});

test("layers are the first steps, from left to right", () => {
  const graph = merged(sorting(4));
  const { x, y } = arranged(graph, "layers");
  expect([...x]).toEqual([...graph.step].map((step) => step * LAYER));
  expect([x[0], y[0]]).toEqual([0, 0]);
});

test("in layers, what was there stays in its place when a few states grow", () => {
  const toy = sorting(4);
  const graph = merged(toy);
  const before = arranged(graph, "layers");
  const leaf = toy.model.size - 1;
  toy.growTo(1, leaf);
  const grown = merged(toy);
  expect(grown.size).toBeGreaterThan(graph.size);
  const after = arranged(grown, "layers", before);
  const place = new Map([...before.head].map((head, i) => [head, [before.x[i], before.y[i]]]));
  grown.head.forEach((head, i) => {
    const known = place.get(head);
    if (known) expect([after.x[i], after.y[i]]).toEqual(known);
  });
  expect(nearest(after)).toBeGreaterThan(ROW - 5);
  expect(after.arranged).toBe(graph.size);
});

test("by force, what was there moves little when a few states grow", () => {
  const toy = sorting(4);
  const graph = merged(toy);
  const before = arranged(graph, "force");
  toy.growTo(1, toy.model.size - 1);
  const grown = merged(toy);
  const after = arranged(grown, "force", before);
  const place = new Map([...before.head].map((head, i) => [head, i]));
  const moves = [...grown.head].flatMap((head, i) => {
    const known = place.get(head);
    return known === undefined
      ? []
      : [Math.hypot(after.x[i]! - before.x[known]!, after.y[i]! - before.y[known]!)];
  });
  expect(moves.length).toBe(graph.size);
  expect(Math.max(...moves)).toBeLessThan(40);
});

test("a graph that has outgrown its arrangement is arranged anew", () => {
  const toy = sorting(2);
  const before = arranged(merged(toy), "layers");
  toy.growTo(4);
  const graph = merged(toy);
  expect(arranged(graph, "layers", before)).toEqual(arranged(graph, "layers"));
});

test("the rest stands behind the last layer", () => {
  const graph = merged(sorting(4), 8);
  const { x } = arranged(graph, "layers");
  expect(isRest(graph, 8)).toBe(true);
  expect(x[8]).toBe((graph.counts.steps + 1) * LAYER);
});

test("a graph too large for dagre is in layers all the same", () => {
  const toy = new ToyTree(() => Array<number>(8).fill(1 / 8));
  toy.growTo(4);
  const graph = merge(subtreeOf(toy.model), { by: "text" }, 2000);
  expect(graph.size).toBe(2001);
  const places = arranged(graph, "layers");
  expect(nearest(places)).toBeGreaterThan(ROW - 0.1);
});

test("places in order keep a row's distance and are the nearest to what is wanted", () => {
  expect(inOrder([0, 3 * ROW, 9 * ROW])).toEqual([0, 3 * ROW, 9 * ROW]);
  expect(inOrder([0, 0, 0])).toEqual([-ROW, 0, ROW]);
  expect(inOrder([0, 0, 5 * ROW])).toEqual([-ROW / 2, ROW / 2, 5 * ROW]);
});

test("a free row is the nearest that keeps its distance", () => {
  const taken = [0, ROW, 4 * ROW];
  expect(freeRow(taken, 2)).toBe(-ROW);
  expect(freeRow(taken, 2.5 * ROW)).toBe(2.5 * ROW);
  expect(taken).toEqual([-ROW, 0, ROW, 2.5 * ROW, 4 * ROW]);
});
