import fc from "fast-check";
import { expect, test } from "vitest";
import type { TreeModel } from "../tree";
import { cameraOf, ToyTree } from "../toy";
import { componentsOf } from "./components";
import { classesOf, type Equivalence } from "./equivalence";
import { classOfNode, EDGE, hasTrait, membersOf, TRAIT, type Multiway } from "./graph";
import { merge } from "./merge";
import { PairTable } from "./pairs";
import { readSubtree } from "./subtree";
import { rewritten, subtreeOf, systemTree } from "./toy";

const FIBONACCI = [
  ["A", "AB"],
  ["B", "A"],
] as const;

const pathProbability = (tree: TreeModel, node: number): number =>
  tree.path(node).slice(1).reduce((product, step) => product * Math.exp(tree.logProb[step]!), 1);

/** A random tree on three tokens, some of which write the same text together. */
function randomTree(seed: readonly number[]): ToyTree {
  const texts = ["a", "aa", "b"];
  const toy = new ToyTree(() => [0.5, 0.3, 0.2], {
    bytesOf: (key) => new TextEncoder().encode(texts[key]!),
  });
  for (const number of seed) {
    const node = number % toy.model.size;
    if (!toy.model.isExpanded(node)) toy.expand(node);
    toy.child(node, number % 3);
  }
  return toy;
}

/** What names the class of a node, the slow way. */
function nameOf(tree: TreeModel, node: number, equivalence: Equivalence): string {
  const keys = tree.path(node).slice(1).map((step) => tree.key[step]!);
  if (equivalence.by === "last") {
    return JSON.stringify([7, 8, ...keys].slice(-equivalence.k));
  }
  return keys.map((key) => ["a", "aa", "b"][key]).join("");
}

const seeds = fc.array(fc.nat(10_000), { minLength: 1, maxLength: 60 });
const equivalences = fc.oneof(
  fc.constant<Equivalence>({ by: "text" }),
  fc.integer({ min: 1, max: 8 }).map((k): Equivalence => ({ by: "last", k })),
);

test("states are in one class exactly when the equivalence names them alike", () => {
  fc.assert(
    fc.property(seeds, equivalences, (seed, equivalence) => {
      const { model } = randomTree(seed);
      const graph = merge(subtreeOf(model, { tokens: [7, 8] }), equivalence);
      const names = new Map<string, number>();
      for (let node = 0; node < model.size; node++) {
        const name = nameOf(model, node, equivalence);
        const one = classOfNode(graph, node);
        expect(names.get(name) ?? one).toBe(one);
        names.set(name, one);
      }
      expect(new Set(names.values()).size).toBe(names.size);
      expect(graph.counts.classes).toBe(names.size);
    }),
  );
});

test("a class's visits are the sum of its members, and its reach that of the first on each path", () => {
  fc.assert(
    fc.property(seeds, equivalences, (seed, equivalence) => {
      const { model } = randomTree(seed);
      const graph = merge(subtreeOf(model, { tokens: [7, 8] }), equivalence);
      for (let one = 0; one < graph.size; one++) {
        const members = [...membersOf(graph, one)];
        const sum = members.reduce((total, node) => total + pathProbability(model, node), 0);
        const first = members.filter((node) =>
          model.path(node).every((at) => at === node || classOfNode(graph, at) !== one),
        );
        expect(graph.visits[one]).toBeCloseTo(sum, 9);
        expect(graph.reach[one]).toBeCloseTo(
          first.reduce((total, node) => total + pathProbability(model, node), 0),
          9,
        );
        expect(graph.reach[one]).toBeLessThanOrEqual(1 + 1e-6);
        expect(graph.step[one]).toBe(Math.min(...members.map((node) => model.depth[node]!)));
        expect(graph.head[one]).toBe(Math.min(...members));
        expect(pathProbability(model, graph.lead[one]!)).toBeCloseTo(
          Math.max(...members.map((node) => pathProbability(model, node))),
          9,
        );
      }
    }),
  );
});

test("the flow into a class is its visits, but for where the tree begins", () => {
  fc.assert(
    fc.property(seeds, equivalences, (seed, equivalence) => {
      const { model } = randomTree(seed);
      const graph = merge(subtreeOf(model, { tokens: [7, 8] }), equivalence);
      const into = new Float64Array(graph.size);
      graph.flow.forEach((flow, edge) => (into[graph.to[edge]!]! += flow));
      graph.visits.forEach((visits, one) =>
        expect(into[one]! + (one === 0 ? 1 : 0)).toBeCloseTo(visits, 9),
      );
    }),
  );
});

test("what does not fit is one class more, and no probability is lost", () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 6 }), (seed, most) => {
      const { model } = randomTree(seed);
      const whole = merge(subtreeOf(model), { by: "text" });
      const graph = merge(subtreeOf(model), { by: "text" }, most);
      expect(graph.counts.classes).toBe(whole.size);
      if (whole.size <= most) {
        expect(graph.rest).toBeNull();
        return;
      }
      expect(graph.size).toBe(most + 1);
      expect(graph.rest!.classes).toBe(whole.size - most);
      const sum = (values: Float64Array): number => values.reduce((a, b) => a + b, 0);
      expect(sum(graph.visits)).toBeCloseTo(sum(whole.visits), 9);
      const left = graph.reach.subarray(0, most).reduce((a, b) => Math.min(a, b), 1);
      const dropped = [...whole.reach].sort((a, b) => b - a).slice(most);
      expect(Math.max(...dropped)).toBeLessThanOrEqual(left + 1e-12);
      expect(graph.rest!.states + membersBefore(graph, most)).toBe(model.size);
      expect(graph.rest!.reach).toBeLessThanOrEqual(dropped.reduce((a, b) => a + b, 0) + 1e-9);
      expect(graph.rest!.reach).toBeGreaterThanOrEqual(Math.max(...dropped) - 1e-12);
    }),
  );
});

const membersBefore = (graph: Multiway, one: number): number => graph.memberStart[one]!;

test("components are what reaches each other, by brute force", () => {
  const edges = fc.array(fc.tuple(fc.nat(8), fc.nat(8)), { maxLength: 24 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const count = 9;
      const reaches = Array.from({ length: count }, (_, i) =>
        Array.from({ length: count }, (_, j) => i === j),
      );
      for (const [a, b] of pairs) reaches[a]![b] = true;
      for (let k = 0; k < count; k++)
        for (let i = 0; i < count; i++)
          for (let j = 0; j < count; j++) reaches[i]![j] ||= reaches[i]![k]! && reaches[k]![j]!;
      const { of } = componentsOf(count, pairs.map(([a]) => a), pairs.map(([, b]) => b));
      for (let i = 0; i < count; i++) {
        for (let j = 0; j < count; j++) {
          expect(of[i] === of[j]).toBe(reaches[i]![j]! && reaches[j]![i]!);
          if (reaches[i]![j]!) expect(of[i]).toBeGreaterThanOrEqual(of[j]!);
        }
      }
    }),
  );
});

test("a chain of 50,000 classes needs no recursion", () => {
  const nodes = 50_000;
  const from = Uint32Array.from({ length: nodes }, (_, i) => i);
  const to = from.map((i) => (i + 1) % nodes);
  expect(componentsOf(nodes, from, to).count).toBe(1);
});

test("A->AB, B->A from A reaches 1, 1, 2, 3, 5, 8 and 13 states by step", () => {
  const toy = systemTree("A", (state) => rewritten(state, FIBONACCI));
  toy.growTo(6);
  const graph = merge(subtreeOf(toy.model, { text: "A" }), { by: "state" });
  // Every string is counted at each step at which it is reached, as Wolfram does.
  const byStep = Array.from({ length: 7 }, () => new Set<number>());
  for (let node = 0; node < toy.model.size; node++) {
    byStep[toy.model.depth[node]!]!.add(classOfNode(graph, node));
  }
  expect(byStep.map((found) => found.size)).toEqual([1, 1, 2, 3, 5, 8, 13]);
  expect(graph.counts.recurring).toBe(0);
});

test("a closed cycle is told, with its period, and its exactness when it is known whole", () => {
  const next = (state: string): Map<string, number> =>
    new Map(
      {
        start: [["left", 0.5], ["ring0", 0.25], ["end", 0.25]] as const,
        left: [["start", 0.5], ["ring1", 0.5]] as const,
        ring0: [["ring1", 1]] as const,
        ring1: [["ring2", 1]] as const,
        ring2: [["ring0", 1]] as const,
        end: [],
      }[state] ?? [],
    );
  const toy = systemTree("start", next);
  toy.growTo(4);
  const graph = merge(subtreeOf(toy.model, { text: "start" }), { by: "state" });
  expect(graph.counts).toMatchObject({ classes: 6, recurring: 2, closed: 1, ended: 1 });
  const [ring, open] = graph.recurrences;
  expect(ring).toMatchObject({ size: 3, isCycle: true, closed: true, exact: true, leak: 0 });
  expect(open).toMatchObject({ size: 2, isCycle: true, closed: false, exact: false });
  // 1/4 at once, 1/4 by the left, and again after each return.
  expect(ring!.reach).toBeCloseTo(0.25 + 0.25 + 0.25 * 0.25 + 0.25 * 0.25, 6);
  const end = [...graph.traits].findIndex((_, one) => hasTrait(graph, one, TRAIT.ended));
  expect(toy.model.isTerminal(graph.lead[end]!)).toBe(true);
  const kinds = [...graph.edgeKind];
  expect(kinds.filter((kind) => kind === EDGE.cycle)).toHaveLength(5);
});

test("a component is closed only as far as grown while a state of it is not known whole", () => {
  const toy = new ToyTree(() => [0.6, 0.4]);
  toy.expand(0);
  let node = 0;
  for (let step = 0; step < 3; step++) {
    node = toy.child(node, 0);
    toy.expand(node);
  }
  const graph = merge(subtreeOf(toy.model), { by: "last", k: 1 });
  const [loop] = graph.recurrences;
  expect(loop).toMatchObject({ size: 1, closed: true, exact: false });
  // 0.6 + 0.36 + 0.216 come to it; of the last nothing is grown, of the others 0.4 is not.
  expect(loop!.leak).toBeCloseTo((0.24 + 0.144 + 0.216) / 1.176, 6);
});

test("a pruned branch is left out, counted, and keeps its component from being exact", () => {
  const toy = systemTree("x", (state) =>
    new Map(state === "x" ? [["y", 0.5], ["z", 0.5]] as const : [["x", 1]] as const),
  );
  toy.growTo(2);
  const cut = toy.model.childOf(0, 1);
  const exact = merge(subtreeOf(toy.model, { text: "x" }), { by: "state" });
  expect(exact.recurrences[0]).toMatchObject({ closed: true, exact: true });
  toy.event("prune", { node: cut });
  const graph = merge(subtreeOf(toy.model, { text: "x" }), { by: "state" });
  expect(graph.counts).toMatchObject({ pruned: 1, states: 3 });
  expect(graph.recurrences[0]).toMatchObject({ closed: true, exact: false });
  expect(classOfNode(graph, cut)).toBe(-1);
});

test("below an anchor only what hangs there counts, from probability 1", () => {
  const { model } = randomTree([0, 1, 2, 4, 5, 9, 13, 14, 21, 40, 41]);
  const anchor = 1;
  const graph = merge(subtreeOf(model, {}, anchor), { by: "text" });
  expect(cameraOf(anchor).anchor).toBe(graph.anchor);
  expect(graph.reach[0]).toBe(1);
  expect(classOfNode(graph, 0)).toBe(-1);
  let below = 0;
  for (let node = 0; node < model.size; node++) if (model.isAncestor(anchor, node)) below++;
  expect(graph.counts.states).toBe(below);
});

test("an end token is a class of its own, though it writes nothing", () => {
  const toy = new ToyTree(() => [0.5, 0.5], {
    shape: { endKeys: [1] },
    bytesOf: (key) => new TextEncoder().encode(key === 1 ? "" : "a"),
  });
  toy.growTo(1);
  const graph = merge(subtreeOf(toy.model), { by: "text" });
  expect(graph.size).toBe(3);
  expect(graph.counts).toMatchObject({ ended: 1, recurring: 0 });
});

test("what is not yet under the procedure counts as nothing, and is counted", () => {
  const toy = new ToyTree(() => [0.5, 0.5]);
  toy.growTo(1);
  toy.weigh([{ kind: "temperature", value: 0.5 }], "cold", 2);
  toy.expand(1);
  const child = toy.child(1, 0);
  const weighting = toy.model.weightingFor("cold", [{ kind: "temperature", value: 0.5 }]);
  const graph = merge(subtreeOf(toy.model, {}, 0, weighting), { by: "text" });
  expect(graph.counts.unknown).toBe(1);
  expect(graph.visits[classOfNode(graph, child)]).toBe(0);
});

test("reading gives way, and takes what has grown meanwhile below states still to come", () => {
  const toy = randomTree([0, 1, 2, 4, 5, 9]);
  let now = 0;
  const clock = (): number => (now += 6);
  const prompt = { tokens: [], text: "" };
  const reading = readSubtree(toy.model, 0, toy.model.ruleWeighting, prompt, 5, clock);
  expect(reading.next()).toEqual({ done: false, value: 0 });
  const leaf = toy.model.size - 1;
  toy.growTo(1, leaf);
  const { done, value } = reading.next();
  expect(done).toBe(true);
  expect(value).toMatchObject({ size: leaf + 4 });
});

test("a tree that outgrows its room while it is read is read anew", () => {
  const toy = new ToyTree(() => Array<number>(64).fill(1 / 64));
  toy.growTo(1);
  let now = 0;
  const clock = (): number => (now += 6);
  const prompt = { tokens: [], text: "" };
  const reading = readSubtree(toy.model, 0, toy.model.ruleWeighting, prompt, 5, clock);
  expect(reading.next().done).toBe(false);
  for (let node = 1; node <= 64; node++) toy.expand(node);
  const parents = Uint32Array.from({ length: 64 * 64 + 1 }, (_, i) => 1 + (i % 64));
  toy.event("grow", { first_node: toy.model.size }, {
    node_parent: parents,
    node_key: parents.map((_, i) => i),
    node_log_prob: new Float32Array(parents.length).fill(-4),
  });
  expect(reading.next()).toEqual({ done: true, value: null });
});

test("pairs get numbers once, however many there are", () => {
  const table = new PairTable();
  const known = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const [a, b] = [(i * 7919) % 613, (i * 104_729) % 617];
    const number = table.intern(a, b);
    const isSame = (known.get(`${a},${b}`) ?? number) === number;
    if (!isSame || table.firstOf(number) !== a || table.secondOf(number) !== b) {
      throw new Error(`(${a}, ${b}) got ${number}`);
    }
    known.set(`${a},${b}`, number);
  }
  expect(table.size).toBe(known.size);
});

test("classes are numbered as they are first reached", () => {
  const { model } = randomTree([0, 1, 2, 4, 5, 9, 13]);
  const { classOf } = classesOf(subtreeOf(model), { by: "text" });
  let next = 0;
  for (const one of classOf) {
    expect(one).toBeLessThanOrEqual(next);
    if (one === next) next++;
  }
});
