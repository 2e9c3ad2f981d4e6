import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Subtrees } from "./subtrees";
import { layoutTidy, type TidyOptions, type TidyTree } from "./tidy";
import { ToyTree } from "./toy";

const HALVES = () => [0.5, 0.3, 0.2];

function layout(toy: ToyTree, some: Partial<TidyOptions> = {}): TidyTree {
  return layoutTidy(toy.model, toy.rules, new Subtrees(toy.model), {
    root: 0,
    rows: 1000,
    collapsed: new Set(),
    opened: new Map(),
    kept: [],
    ...some,
  });
}

/** Everything below a node, itself included, by walking. */
function below(toy: ToyTree, node: number): number {
  return toy.model.children(node).reduce((sum, child) => sum + below(toy, child), 1);
}

/** Whether a state is the least probable next state of its parent: it needs no row beside the others. */
function isLast(toy: ToyTree, nodes: TidyTree["nodes"], index: number): boolean {
  const { parent, node } = nodes[index]!;
  return toy.model.children(nodes[parent]!.node).at(-1) === node;
}

describe("sizes of subtrees", () => {
  it("are what walking counts, also when states are added, hidden and shown", () => {
    const toy = new ToyTree(HALVES);
    const subtrees = new Subtrees(toy.model);
    const agree = () => {
      subtrees.follow();
      for (let node = 0; node < toy.model.size; node++) {
        const visible = toy.model.has(node);
        expect(subtrees.sizeOf(node)).toBe(visible ? below(toy, node) : 0);
      }
    };
    toy.growTo(3);
    agree();
    toy.growTo(1, toy.model.size - 1);
    agree();
    const hidden = Uint32Array.of(2, ...[4, 5, 6, 7, 8, 9].filter((one) => toy.model.isAncestor(2, one)));
    toy.event("hide", {}, { hidden_node: hidden });
    agree();
    toy.event("show", {}, { shown_node: hidden });
    agree();
  });
});

describe("a tidy tree", () => {
  it("with room for all shows all, each end in a row of its own", () => {
    const toy = new ToyTree(HALVES);
    toy.growTo(3);
    const { nodes, rows, columns, hasMore } = layout(toy);
    expect(nodes.length).toBe(1 + 3 + 9 + 27);
    expect(rows).toBe(27);
    expect(columns).toBe(4);
    expect(hasMore).toBe(false);
    const ends = nodes.filter(({ column }) => column === 3).map(({ y }) => y);
    expect([...ends].sort((a, b) => a - b)).toEqual(Array.from({ length: 27 }, (_, i) => i + 0.5));
  });

  it("puts a parent in the middle of its children, and the most probable above", () => {
    const toy = new ToyTree(HALVES);
    toy.growTo(1);
    const { nodes } = layout(toy);
    expect(nodes.map(({ y }) => y)).toEqual([1.5, 0.5, 1.5, 2.5]);
    expect(nodes.map(({ step }) => step)).toEqual([1, 0.5, 0.3, 0.2].map((p) => expect.closeTo(p, 6)));
  });

  it("bundles what finds no row, and says how much it is", () => {
    const toy = new ToyTree(HALVES);
    toy.growTo(2);
    const { nodes, rows, hasMore } = layout(toy, { rows: 2 });
    expect(rows).toBe(2);
    expect(hasMore).toBe(true);
    const wedges = nodes.flatMap(({ wedge }) => (wedge ? [wedge] : []));
    const shown = nodes.length;
    expect(wedges.reduce((sum, { states }) => sum + states, shown)).toBe(toy.model.size);
  });

  it("keeps a collapsed state's continuations in its wedge, whatever the room", () => {
    const toy = new ToyTree(HALVES);
    toy.growTo(2);
    const { nodes } = layout(toy, { collapsed: new Set([1]) });
    const one = nodes.find(({ node }) => node === 1)!;
    expect(one.wedge).toMatchObject({ states: 3, collapsed: true });
    expect(one.wedge!.share).toBeCloseTo(0.5);
    expect(nodes.some(({ parent }) => nodes[parent]?.node === 1)).toBe(false);
  });

  it("shows what was opened, and what is to be kept in sight, before the rows are used up", () => {
    const toy = new ToyTree(HALVES);
    toy.growTo(3);
    const deepest = toy.model.size - 1;
    const { nodes } = layout(toy, { rows: 1, kept: [deepest], opened: new Map([[0, 2]]) });
    const shown = new Set(nodes.map(({ node }) => node));
    for (const node of toy.model.path(deepest)) expect(shown).toContain(node);
    expect(nodes.filter(({ column }) => column === 1).length).toBe(3);
  });

  it("runs on along what has one next state only, without a row of its own", () => {
    const toy = new ToyTree((keys) => (keys.length === 0 ? [0.9, 0.1] : [1]));
    toy.growTo(6);
    const { nodes, rows, hasMore } = layout(toy, { rows: 1 });
    expect(rows).toBe(1);
    expect(hasMore).toBe(true);
    // Of two next states one waits for a second row: its wedge is the first one's row.
    expect(nodes.map(({ column }) => column)).toEqual([0]);
    expect(layout(toy, { rows: 2 }).nodes.length).toBe(toy.model.size);
  });

  it("begins at the root that it is given", () => {
    const toy = new ToyTree(HALVES);
    toy.growTo(2);
    const { nodes } = layout(toy, { root: 2 });
    expect(nodes[0]).toMatchObject({ node: 2, share: 1, column: 0, parent: -1 });
    expect(nodes.length).toBe(4);
  });

  it("is in order, overlaps nowhere and loses nothing, on any tree at any number of rows", () => {
    const shares = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(shares, { minLength: 3, maxLength: 6 }), fc.integer({ min: 1, max: 60 }), (kinds, rows) => {
        const toy = new ToyTree((keys) => {
          const kind = kinds[(keys.length + (keys.at(-1) ?? 0)) % kinds.length]!;
          const sum = kind.reduce((a, b) => a + b, 0);
          return kind.map((one) => one / sum);
        });
        toy.growTo(3);
        const { nodes, rows: used, hasMore } = layout(toy, { rows });
        // And no row stays empty while something waits for one.
        if (hasMore) expect(used).toBeGreaterThanOrEqual(rows);
        // One more than asked for at most: a first next state and the wedge beside it.
        expect(used).toBeLessThanOrEqual(rows + 1);
        const ends = nodes.flatMap((one, i) => {
          const isEnd = !nodes.some(({ parent }) => parent === i) && one.wedge === null;
          return [...(isEnd ? [one.y] : []), ...(one.wedge ? [one.wedge.y] : [])];
        });
        expect(new Set(ends).size).toBe(used);
        expect(ends.length).toBe(used);
        const held = nodes.reduce((sum, { wedge }) => sum + (wedge?.states ?? 0), nodes.length);
        expect(held).toBe(toy.model.size);
        for (const { parent, share, step } of nodes) {
          if (parent >= 0) expect(share).toBeCloseTo(nodes[parent]!.share * step, 9);
        }
        // Nothing that waits is more probable than what has a row that others wanted.
        const least = Math.min(
          ...nodes.filter(({ parent }, i) => parent >= 0 && !isLast(toy, nodes, i)).map(({ share }) => share),
        );
        for (const { wedge, node } of nodes) {
          if (wedge === null) continue;
          const first = Math.exp(toy.model.cumLogProb[wedge.first]!);
          expect(first, `wedge at ${node}`).toBeLessThanOrEqual(least + 1e-6);
        }
      }),
    );
  });
});
