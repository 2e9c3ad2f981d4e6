import { describe, expect, it } from "vitest";
import { grownLines } from "./grownLines";
import { wholeOf } from "./camera";
import { ToyTree } from "./toy";
import { layoutWorlds } from "./worlds";

const BOUNDS = (fitting: number) => [8, fitting, 80] as const;
const CENTRED = { offset: 0.5, seed: 0 };

/** Grows the worlds of so many lines, a step at a time, as a page asks for them. */
function grownFor(lines: number, steps: number): ToyTree {
  const toy = new ToyTree(() => [0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05]);
  toy.expand(0);
  for (let step = 0; step < steps; step++) {
    const scene = layoutWorlds(toy.model, toy.rules, wholeOf(0), {
      ...CENTRED, lines, width: 4000, height: 600, linePitch: 17, columnWidth: 96, linesOn: true,
      heights: "procedure", conditioned: false, colour: "entropy", measure: () => 8,
    });
    for (const { at, end } of scene.lines) {
      if (end !== "open") continue;
      const node = at.key === undefined ? at.node : toy.child(at.node, at.key);
      if (!toy.model.isExpanded(node)) toy.expand(node);
    }
  }
  return toy;
}

describe("the number of lines that a tree was grown for", () => {
  it("is found from what is grown", () => {
    for (const lines of [14, 24, 38, 52]) {
      const { model, rules } = grownFor(lines, 8);
      expect(grownLines(model, rules, CENTRED, BOUNDS(34))).toBe(lines);
    }
  });

  it("is what fits where all are grown alike, or none is", () => {
    const whole = new ToyTree(() => [0.5, 0.5]);
    whole.growTo(7);
    expect(grownLines(whole.model, whole.rules, CENTRED, BOUNDS(34))).toBe(34);
    const empty = new ToyTree(() => [0.5, 0.5]);
    expect(grownLines(empty.model, empty.rules, CENTRED, BOUNDS(34))).toBe(34);
  });
});
