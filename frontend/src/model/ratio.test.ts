import { describe, expect, it } from "vitest";
import { Alignment } from "./alignment";
import { logRatio } from "./ratio";
import { ToyTree } from "./toy";

/** Two trees whose first steps are a, b, c; those of the second are more even. */
function trees(): { one: ToyTree; other: ToyTree; alignment: Alignment } {
  const one = new ToyTree(() => [0.7, 0.2, 0.1]);
  const other = new ToyTree(() => [0.35, 0.4, 0.25]);
  return { one, other, alignment: new Alignment(one.model, other.model) };
}
const under = (one: ToyTree, other: ToyTree) =>
  ({ a: one.model.ruleWeighting, b: other.model.ruleWeighting }) as const;

describe("states of two trees", () => {
  it("are the same where all their tokens are, in whatever order they came", () => {
    const { one, other, alignment } = trees();
    one.expand(0);
    other.expand(0);
    const [first, second] = [one.child(0, 0), one.child(0, 1)];
    const [theirSecond, theirFirst] = [other.child(0, 1), other.child(0, 0)];
    expect(alignment.nodeOf("a", 0)).toBe(0);
    expect(alignment.nodeOf("a", first)).toBe(theirFirst);
    expect(alignment.nodeOf("a", second)).toBe(theirSecond);
    expect(alignment.nodeOf("b", theirSecond)).toBe(second);
  });

  it("are found as soon as both have them", () => {
    const { one, other, alignment } = trees();
    one.expand(0);
    const node = one.child(0, 2);
    expect(alignment.nodeOf("a", node)).toBe(-1);
    expect(alignment.stateOf("a", { node })).toBeNull();
    expect(alignment.nearest("a", { node })).toEqual({ node: 0 });
    other.expand(0);
    expect(alignment.stateOf("a", { node: 0, key: 2 })).toEqual({ node: 0, key: 2 });
    const there = other.child(0, 2);
    expect(alignment.nodeOf("a", node)).toBe(there);
    expect(alignment.stateOf("a", { node: 0, key: 2 })).toEqual({ node: there });
  });
});

describe("the log-ratio of a next state", () => {
  it("is in bits, positive where the first tree makes it more probable, from both sides", () => {
    const { one, other, alignment } = trees();
    one.expand(0);
    other.expand(0);
    const weightings = under(one, other);
    expect(logRatio(alignment, "a", weightings, 0, 0)).toBeCloseTo(1, 5);
    expect(logRatio(alignment, "b", weightings, 0, 0)).toBeCloseTo(1, 5);
    expect(logRatio(alignment, "b", weightings, 0, 1)).toBeCloseTo(-1, 5);
  });

  it("is not known where the other tree has not grown, or does not store it", () => {
    const one = new ToyTree(() => [0.5, 0.3, 0.2]);
    const other = new ToyTree(() => [0.5, 0.3], { incomplete: true });
    const alignment = new Alignment(one.model, other.model);
    one.expand(0);
    expect(logRatio(alignment, "a", under(one, other), 0, 0)).toBeNaN();
    other.expand(0);
    expect(logRatio(alignment, "a", under(one, other), 0, 0)).toBeCloseTo(0, 6);
    expect(logRatio(alignment, "a", under(one, other), 0, 2)).toBeNaN();
  });

  it("is infinite where one of the two excludes it", () => {
    const one = new ToyTree(() => [0.5, 0.3, 0.2]);
    const other = new ToyTree(() => [0.6, 0.4]);
    const alignment = new Alignment(one.model, other.model);
    one.expand(0);
    other.expand(0);
    expect(logRatio(alignment, "a", under(one, other), 0, 2)).toBe(Infinity);
    const turned = new Alignment(other.model, one.model);
    expect(logRatio(turned, "b", under(other, one), 0, 2)).toBe(-Infinity);
  });

  it("is not known below a state that only one tree has", () => {
    const { one, other, alignment } = trees();
    one.expand(0);
    const node = one.child(0, 0);
    one.expand(node);
    expect(logRatio(alignment, "a", under(one, other), node, 0)).toBeNaN();
  });
});
