import { describe, expect, it } from "vitest";
import { emphasisOf, MARK, PLAIN } from "./emphasis";

const annotations = {
  version: 3,
  marksOf: (node: number) => (node === 4 ? MARK.bookmark | MARK.note : 0),
};
const search = {
  version: 2,
  marksOf: (node: number) => (node >= 4 ? MARK.match : 0),
  passes: (node: number) => node < 9,
};

describe("what stands out", () => {
  it("is every mark of every source", () => {
    const both = emphasisOf([annotations, search]);
    expect(both.marksOf(4)).toBe(MARK.bookmark | MARK.note | MARK.match);
    expect(both.marksOf(5)).toBe(MARK.match);
    expect(both.marksOf(1)).toBe(0);
  });

  it("lets through what every filter lets through", () => {
    const other = { version: 0, passes: (node: number) => node % 2 === 0 };
    const both = emphasisOf([search, other]);
    expect([4, 5, 8, 10].filter((node) => both.passes(node))).toEqual([4, 8]);
  });

  it("counts the changes of all", () => expect(emphasisOf([annotations, search]).version).toBe(5));

  it("is nothing without sources", () => {
    expect(PLAIN.filters).toBe(false);
    expect(PLAIN.marksOf(0)).toBe(0);
    expect(PLAIN.passes(0)).toBe(true);
  });
});
