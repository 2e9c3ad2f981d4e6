import { describe, expect, it } from "vitest";
import { ToyTree } from "../model/toy";
import { selectedBits } from "./selected";

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
