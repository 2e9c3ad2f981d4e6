import { describe, expect, it } from "vitest";
import { fitLabel, percentOf, shorten } from "./labels";

const measure = (text: string): number => [...text].length * 0.6;

describe("a block's label", () => {
  it("stands beside its percentage when both fit", () => {
    const fitted = fitLabel("␣a", "35%", 92, 200, measure);
    expect(fitted).toEqual({ label: "␣a", size: 15, percent: "35%", percentBelow: false });
  });

  it("gives the percentage up, or puts it below, before it gets shorter", () => {
    expect(fitLabel("␣infected", "4.4%", 92, 24, measure).percent).toBe("");
    expect(fitLabel("␣infected", "4.4%", 92, 60, measure)).toMatchObject({
      label: "␣infected",
      percent: "4.4%",
      percentBelow: true,
    });
  });

  it("is shortened when nothing else helps, and fits then", () => {
    const { label, size } = fitLabel("␣incomprehensibilities", "2%", 92, 20, measure);
    expect(label.endsWith("…")).toBe(true);
    expect(measure(label) * size).toBeLessThanOrEqual(92 - 16);
  });

  it("is left out of a block that is too low for it", () => {
    expect(fitLabel("␣a", "1%", 92, 8, measure).label).toBe("");
  });

  it("never cuts a character in two", () => {
    expect(shorten("👩‍👩‍👧abc", 2.4, (text) => text.length)).toBe("…");
    expect(shorten("👍🏽👍🏽👍🏽", 6, (text) => text.length)).toBe("👍🏽…");
  });
});

describe("a percentage", () => {
  it("has as many figures as people read", () => {
    expect([0.352, 0.0996, 0.044, 0.0052, 1].map(percentOf)).toEqual([
      "35%",
      "10%",
      "4.4%",
      "0.52%",
      "100%",
    ]);
  });
});
