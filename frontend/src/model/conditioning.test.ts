import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Conditioning } from "./conditioning";
import { widthAt } from "./fan";
import { logQOf } from "./next";
import { cameraOf, ToyTree } from "./toy";
import type { TreeModel } from "./tree";
import { advance, FULL_BITS, locate } from "./walk";
import type { Weighting } from "./weighting";
import { layoutWorlds } from "./worlds";

/** The probability of a state, step after step. */
function alongOf(model: TreeModel, weighting: Weighting, node: number): number {
  let along = 1;
  for (let at = node; at > 0; at = model.parent[at]!) {
    along *= Math.exp(logQOf(model, weighting, model.parent[at]!, model.key[at]!)!);
  }
  return along;
}

/** The ends of a tree that is grown whole: states without children, and what is not stored. */
function leavesOf(model: TreeModel): number[] {
  return Array.from({ length: model.size }, (_, node) => node).filter(
    (node) => model.children(node).length === 0,
  );
}

const rows = fc.array(
  fc.array(fc.double({ min: 0.02, max: 5, noNaN: true }), { minLength: 2, maxLength: 4 }),
  { minLength: 1, maxLength: 3 },
);

interface Grown {
  toy: ToyTree;
  weighting: Weighting;
}

/** Trees three steps deep that are grown whole, with cuts, under the rule or under a procedure. */
const trees = fc
  .record({
    rows,
    cuts: fc.array(fc.nat(), { minLength: 1, maxLength: 5 }),
    procedure: fc.constantFrom("rule", "hot", "own"),
  })
  .map(({ rows, cuts, procedure }): Grown => {
    const toy = new ToyTree((keys) => {
      const row = rows[(keys.length + (keys.at(-1) ?? 0)) % rows.length]!;
      const sum = row.reduce((total, weight) => total + weight, 0);
      return row.map((weight) => weight / sum);
    });
    toy.growTo(3);
    for (const pick of cuts) toy.event("prune", { node: 1 + (pick % (toy.model.size - 1)) });
    toy.weigh([{ kind: "temperature", value: 0.5 }], "hot", 2);
    // The least probable next state first, and the most probable one never.
    toy.weighOwn([{ kind: "typical", p: 0.5 }], "own", (p) => {
      const most = Math.max(...p);
      const left = p.map((value) => (value === most ? 0 : 1 / value));
      const sum = left.reduce((total, value) => total + value, 0);
      return sum === 0 ? p : left.map((value) => value / sum);
    });
    const steps = procedure === "hot" ? [{ kind: "temperature" as const, value: 0.5 }] : [];
    return { toy, weighting: toy.model.weightingFor(procedure, steps) };
  });

describe("what is left after pruning", () => {
  it("is, at every state, the mass of its ends that are under no cut", () => {
    fc.assert(
      fc.property(trees, ({ toy: { model }, weighting }) => {
        const conditioning = new Conditioning(model, weighting);
        for (let node = 0; node < model.size; node++) {
          const along = alongOf(model, weighting, node);
          if (along === 0) continue;
          const kept = leavesOf(model)
            .filter((leaf) => model.isAncestor(node, leaf) && !model.underCut(leaf))
            .reduce((sum, leaf) => sum + alongOf(model, weighting, leaf), 0);
          expect(conditioning.leftAt(node)).toBeCloseTo(kept / along, 5);
        }
      }),
    );
  });

  it("is shared among the ends that are left in proportion to what they had", () => {
    fc.assert(
      fc.property(trees, ({ toy: { model }, weighting }) => {
        const conditioning = new Conditioning(model, weighting);
        const left = conditioning.leftAt(0);
        if (left === 0) return;
        for (const leaf of leavesOf(model)) {
          const had = model.underCut(leaf) ? 0 : alongOf(model, weighting, leaf);
          const cutAbove = model.path(leaf).some((node) => conditioning.leftAt(node) === 0);
          if (cutAbove) continue;
          expect(alongOf(model, conditioning.weighting, leaf)).toBeCloseTo(had / left, 5);
        }
      }),
    );
  });

  it("fills the interval of every state that is left, and has its own entropy", () => {
    fc.assert(
      fc.property(trees, ({ toy: { model }, weighting }) => {
        const conditioned = new Conditioning(model, weighting).weighting;
        for (let node = 0; node < model.size; node++) {
          const fan = model.fan(node, conditioned);
          if (fan === null || conditioned.leftAt(node) === 0) continue;
          const widths: number[] = [];
          for (let i = fan.from; i < fan.end; i++) widths.push(widthAt(fan, i));
          expect(widths.reduce((sum, q) => sum + q, 0)).toBeCloseTo(1, 5);
          const bits = widths.reduce((sum, q) => sum - (q > 0 ? q * Math.log2(q) : 0), 0);
          expect(conditioned.weightsAt(node)!.entropy).toBeCloseTo(bits, 4);
        }
      }),
    );
  });

  it("leads no line into a cut, and each end by its share of the lines", () => {
    const toy = new ToyTree((keys) => (keys.length < 2 ? [0.5, 0.3, 0.2] : [1]));
    toy.growTo(2);
    const { model } = toy;
    const [a, b] = [model.childOf(0, 0), model.childOf(0, 1)];
    toy.event("prune", { node: model.childOf(a, 0) });
    toy.event("prune", { node: b });
    const { weighting } = new Conditioning(model, model.ruleWeighting);
    const LINES = 4500;
    const reached = new Map<number, number>();
    for (let i = 0; i < LINES; i++) {
      let at = { u: (i + 0.5) / LINES, left: FULL_BITS };
      let node = 0;
      for (let step = 0; step < 2; step++) {
        const place = locate(model, node, at.u, weighting)!;
        at = advance(at, place.start, place.q, 0.5);
        node = place.child;
      }
      reached.set(node, (reached.get(node) ?? 0) + 1);
    }
    // Left: 0.5·0.5 + 0.2 = 0.45 of the mass.
    const share = (one: number, two: number): number =>
      (reached.get(model.childOf(model.childOf(0, one), two)) ?? 0) / LINES;
    expect(share(0, 0)).toBe(0);
    expect(share(1, 0)).toBe(0);
    expect(share(0, 1)).toBeCloseTo(0.15 / 0.45, 3);
    expect(share(2, 0)).toBeCloseTo(0.1 / 0.45, 3);
  });

  it("counts what is not stored as left, with places that move up", () => {
    const toy = new ToyTree(() => [0.4, 0.3], { incomplete: true });
    toy.expand(0);
    const first = toy.child(0, 0);
    // A child beyond what is stored: F = 0.8, p = 0.1.
    const tail = toy.model.size;
    toy.event("grow", { first_node: tail }, {
      node_parent: Uint32Array.of(0),
      node_key: Uint32Array.of(9),
      node_log_prob: Float32Array.of(Math.log(0.1)),
      tail_node: Uint32Array.of(tail),
      tail_rank: Uint32Array.of(70),
      tail_cum: Float64Array.of(0.8),
    });
    toy.event("prune", { node: first });
    const conditioning = new Conditioning(toy.model, toy.model.ruleWeighting);
    const { weighting } = conditioning;
    expect(conditioning.leftAt(0)).toBeCloseTo(0.6, 6);
    expect(toy.model.fan(0, weighting)!.complete).toBe(false);
    expect(weighting.tailCumAt(tail)).toBeCloseTo(0.4 / 0.6, 6);
    expect(locate(toy.model, 0, 0.25, weighting)).toMatchObject({ key: 1, start: 0 });
    expect(locate(toy.model, 0, 0.7, weighting)).toMatchObject({ key: 9, child: tail });
    expect(locate(toy.model, 0, 0.7, weighting)!.q).toBeCloseTo(0.1 / 0.6, 6);
    expect(locate(toy.model, 0, 0.9, weighting)).toBeNull();
  });

  it("is not known where the procedure is not, up to the root", () => {
    const toy = new ToyTree(() => [0.5, 0.5]);
    toy.growTo(2);
    const { model } = toy;
    toy.event("prune", { node: model.childOf(model.childOf(0, 0), 1) });
    const late = model.weightingFor("late", [{ kind: "top_k", k: 1 }]);
    const conditioning = new Conditioning(model, late);
    expect(conditioning.leftAt(0)).toBeNaN();
    expect(conditioning.weighting.isWeighed(0)).toBe(false);
    expect(new Conditioning(model, model.ruleWeighting).leftAt(0)).toBeCloseTo(0.75, 6);
  });

  it("is nothing when all is cut, and the picture says so rather than draw a line", () => {
    const toy = new ToyTree(() => [0.6, 0.4]);
    toy.growTo(1);
    for (const key of [0, 1]) toy.event("prune", { node: toy.model.childOf(0, key) });
    expect(new Conditioning(toy.model, toy.rules).leftAt(0)).toBe(0);
    const scene = layoutWorlds(toy.model, toy.rules, cameraOf(0), {
      width: 600, height: 300, linePitch: 17, columnWidth: 92, lines: 10, seed: 0, offset: 0.5,
      linesOn: true, heights: "procedure", conditioned: true, colour: "entropy",
      measure: (text) => text.length * 7,
    });
    expect(scene.blocks).toEqual([]);
    expect(new Set(scene.lines.map(({ end }) => end))).toEqual(new Set(["cut"]));
  });

  it("does not count a cut inside a cut twice, nor one that was undone", () => {
    const toy = new ToyTree(() => [0.5, 0.5]);
    toy.growTo(2);
    const { model } = toy;
    const outer = model.childOf(0, 0);
    toy.event("prune", { node: model.childOf(outer, 0) });
    toy.event("prune", { node: outer });
    expect(new Conditioning(model, toy.rules).leftAt(0)).toBeCloseTo(0.5, 6);
    toy.event("restore", { node: outer });
    expect(new Conditioning(model, toy.rules).leftAt(0)).toBeCloseTo(0.75, 6);
    toy.event("restore", { node: model.childOf(outer, 0) });
    expect(new Conditioning(model, toy.rules).leftAt(0)).toBe(1);
  });
});
