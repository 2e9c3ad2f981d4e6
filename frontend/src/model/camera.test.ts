import { describe, expect, it } from "vitest";
import { bitsInView, cameraOf, interpolateCamera } from "./camera";
import { ToyTree } from "./toy";

const toy = new ToyTree(() => [0.5, 0.25, 0.25]);
toy.growTo(3);
const child = toy.model.childOf(0, 1);
const grandchild = toy.model.childOf(child, 0);

describe("a camera", () => {
  it("tells the bits that were chosen", () => {
    expect(bitsInView(toy.model, toy.rules, cameraOf(0))).toBe(0);
    expect(bitsInView(toy.model, toy.rules, cameraOf(grandchild))).toBeCloseTo(3, 6);
    expect(bitsInView(toy.model, toy.rules, { anchor: child, lo: 0, hi: 0.5 })).toBeCloseTo(3, 6);
  });

  it("moves into a child about the point that stays in place", () => {
    const at = (t: number) =>
      interpolateCamera(toy.model, toy.rules, cameraOf(0), cameraOf(child), t);
    expect(at(0)).toEqual(cameraOf(0));
    expect(at(1)).toEqual(cameraOf(child));
    const middle = at(0.5);
    expect(middle.anchor).toBe(0);
    expect(middle.hi - middle.lo).toBeCloseTo(0.5, 6);
    // The point at 2/3 is at 2/3 of the child's [0.5, 0.75] too.
    expect((2 / 3 - middle.lo) / (middle.hi - middle.lo)).toBeCloseTo(2 / 3, 6);
  });

  it("moves out the way it came in", () => {
    for (const t of [0.2, 0.5, 0.9]) {
      const inward = interpolateCamera(toy.model, toy.rules, cameraOf(0), cameraOf(grandchild), t);
      const outward = interpolateCamera(
        toy.model,
        toy.rules,
        cameraOf(grandchild),
        cameraOf(0),
        1 - t,
      );
      expect(outward.lo).toBeCloseTo(inward.lo, 9);
      expect(outward.hi).toBeCloseTo(inward.hi, 9);
    }
  });

  it("slides between siblings", () => {
    const other = toy.model.childOf(0, 2);
    const middle = interpolateCamera(toy.model, toy.rules, cameraOf(child), cameraOf(other), 0.5);
    expect(middle).toMatchObject({ anchor: 0 });
    expect(middle.lo).toBeCloseTo(0.625, 6);
    expect(middle.hi).toBeCloseTo(0.875, 6);
  });

  it("jumps where the tree does not know the way", () => {
    const cold = toy.model.weightingFor("not there", []);
    const to = cameraOf(child);
    expect(interpolateCamera(toy.model, cold, cameraOf(0), to, 0.5)).toEqual(to);
  });
});
