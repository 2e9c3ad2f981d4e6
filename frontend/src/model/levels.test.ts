import { describe, expect, it } from "vitest";
import { wholeOf } from "./camera";
import { levelsOf } from "./levels";
import { ToyTree } from "./toy";

/** A chain of most probable states of a quarter each, and its nodes from the root on. */
function chain(length: number): { toy: ToyTree; nodes: number[] } {
  const toy = new ToyTree(() => [0.25, 0.25, 0.25, 0.25]);
  const nodes = [0];
  for (let i = 0; i < length; i++) {
    toy.expand(nodes[i]!);
    nodes.push(toy.child(nodes[i]!, 1));
  }
  return { toy, nodes };
}

describe("the levels above a view", () => {
  it("are one at the prompt: what of it is in view", () => {
    const { toy } = chain(1);
    const { levels, skipped } = levelsOf(toy.model, toy.rules, { anchor: 0, lo: 0.25, hi: 0.5 }, 4);
    expect(levels).toEqual([{ state: 0, lo: 0.25, hi: 0.5, bits: 0 }]);
    expect(skipped).toBe(false);
  });

  it("nest: each has the next one's interval in its own, with its bits", () => {
    const { toy, nodes } = chain(4);
    const { levels } = levelsOf(toy.model, toy.rules, wholeOf(nodes[4]!), 5);
    expect(levels.map(({ bits }) => bits)).toEqual([0, 4, 8]);
    expect(levels.map(({ state }) => state)).toEqual([0, nodes[2], nodes[4]]);
    expect(levels[0]).toMatchObject({ lo: 0.3125, hi: 0.375 });
    expect(levels[2]).toMatchObject({ lo: 0, hi: 1 });
  });

  it("begin with the prompt and end with the view, whatever is left out between", () => {
    const { toy, nodes } = chain(40);
    const { levels, skipped } = levelsOf(toy.model, toy.rules, wholeOf(nodes[40]!), 4);
    expect(skipped).toBe(true);
    expect(levels).toHaveLength(4);
    expect(levels[0]!.state).toBe(0);
    expect(levels[3]).toMatchObject({ state: nodes[40], bits: 80 });
    for (const { lo, hi } of levels) expect(hi).toBeGreaterThan(lo);
  });
});
