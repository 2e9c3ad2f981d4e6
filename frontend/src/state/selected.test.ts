import { describe, expect, it } from "vitest";
import { ToyTree } from "../model/toy";
import { Conditioning } from "../model/conditioning";
import { conditionedFacts, massInView, selectedBits } from "./selected";

/** Half, then half again: every state two steps down is one of four. */
function quarters(): ToyTree {
  const toy = new ToyTree(() => [0.5, 0.5]);
  toy.growTo(2);
  return toy;
}

describe("bits put in by choosing", () => {
  it("are those of the state in view", () => {
    const { model } = quarters();
    expect(selectedBits(model, 0).bits).toBe(0);
    expect(selectedBits(model, model.childOf(0, 0)).bits).toBeCloseTo(1, 5);
    expect(selectedBits(model, model.size - 1).bits).toBeCloseTo(2, 5);
  });

  it("count the part of a state that is in view", () => {
    const { model } = quarters();
    const bits = (lo: number, hi: number): number =>
      selectedBits(model, 0, model.ruleWeighting, massInView(model, { anchor: 0, lo, hi }, model.ruleWeighting)).bits;
    expect(bits(0.225, 0.475)).toBeCloseTo(2, 5);
    expect(bits(0.25, 0.5)).toBeCloseTo(2, 5);
    expect(bits(-0.3, 0.5)).toBeCloseTo(1, 5);
    expect(bits(-0.5, 1.5)).toBe(0);
  });

  it("count of it what is not pruned, under the rule whatever it is drawn by", () => {
    const toy = new ToyTree(() => [0.8, 0.2]);
    toy.growTo(3);
    const { model } = toy;
    toy.event("prune", { node: model.childOf(model.childOf(0, 0), 0) });
    const rule = model.ruleWeighting;
    expect(massInView(model, { anchor: 0, lo: 0.4, hi: 1 }, rule)).toBeCloseTo(0.36, 5);
    const conditioned = new Conditioning(model, rule).weighting;
    // Of what is left, 0.36, the upper part: 0.16 / 0.36 of the height.
    expect(massInView(model, { anchor: 0, lo: 0, hi: 0.16 / 0.36 }, conditioned)).toBeCloseTo(0.16, 5);
  });

  it("are what pruning gave up and what looking closer did, together", () => {
    const toy = quarters();
    const { model } = toy;
    const first = model.childOf(0, 0);
    toy.event("prune", { node: model.childOf(first, 0) });
    const whole = selectedBits(model, 0);
    expect(whole).toMatchObject({ focus: 0, cuts: 1 });
    expect(whole.pruning).toBeCloseTo(-Math.log2(0.75), 5);
    expect(whole.bits).toBe(whole.pruning);
    const zoomed = selectedBits(model, first);
    expect(zoomed.bits).toBeCloseTo(2, 5);
    expect(zoomed.pruningHere).toBeCloseTo(1, 5);
    // P(first | never pruned) = ¼ / ¾.
    expect(zoomed.focus).toBeCloseTo(Math.log2(3), 5);
    expect(zoomed.focus + zoomed.pruning).toBeCloseTo(zoomed.bits, 9);
  });

  it("are endless under a cut, and given back when it is restored", () => {
    const toy = quarters();
    const first = toy.model.childOf(0, 0);
    toy.event("prune", { node: first });
    expect(selectedBits(toy.model, first).bits).toBe(Infinity);
    expect(selectedBits(toy.model, 0).bits).toBeCloseTo(1, 5);
    toy.event("restore", { node: first });
    expect(selectedBits(toy.model, 0).bits).toBe(0);
  });
});

describe("a state given that nothing pruned happens", () => {
  it("has its share of what is left, and a cut has none", () => {
    const toy = quarters();
    const { model } = toy;
    const first = model.childOf(0, 0);
    const cut = model.childOf(first, 0);
    toy.event("prune", { node: cut });
    const conditioning = new Conditioning(model, model.ruleWeighting);
    const share = (node: number): number =>
      Math.exp(conditionedFacts(model, conditioning, { node }).logProb!);
    expect(share(0)).toBe(1);
    expect(share(first)).toBeCloseTo(1 / 3, 5);
    expect(share(model.childOf(0, 1))).toBeCloseTo(2 / 3, 5);
    expect(share(model.childOf(first, 1))).toBeCloseTo(1 / 3, 5);
    expect(share(cut)).toBe(0);
    const step = conditionedFacts(model, conditioning, { node: model.childOf(first, 1) });
    expect(step.stepLogProb).toBeCloseTo(0, 5);
  });

  it("is not known where the procedure is not", () => {
    const toy = quarters();
    toy.event("prune", { node: toy.model.childOf(toy.model.childOf(0, 0), 0) });
    const late = toy.model.weightingFor("late", [{ kind: "top_k", k: 1 }]);
    const facts = conditionedFacts(toy.model, new Conditioning(toy.model, late), { node: 1 });
    expect(facts.logProb).toBeNull();
  });
});
