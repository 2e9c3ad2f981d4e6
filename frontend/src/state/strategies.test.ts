import { describe, expect, it } from "vitest";
import { faultOf, firstValues, STRATEGIES, strategyOf } from "./strategies";

const WORLDS = { lines: 38, steps: 27, offset: 0.5, seed: 3, conditioned: false };

describe("a growth strategy", () => {
  it.each(STRATEGIES)("$kind starts from values that make sense", (info) => {
    const values = firstValues(info);
    for (const parameter of info.parameters) {
      expect(faultOf(parameter, values[parameter.name] ?? Number.NaN)).toBeNull();
    }
    expect(strategyOf(info.kind, values, WORLDS).kind).toBe(info.kind);
  });

  it("takes the size of worlds from the view", () => {
    expect(strategyOf("worlds", {}, WORLDS)).toEqual({ kind: "worlds", lo: 0, hi: 1, ...WORLDS });
  });

  it("says in a sentence what is wrong", () => {
    const parameter = (kind: string, name: string) =>
      STRATEGIES.find((info) => info.kind === kind)!.parameters.find((p) => p.name === name)!;
    expect(faultOf(parameter("breadth", "k"), 0)).toMatch(/between 1 and/);
    expect(faultOf(parameter("breadth", "k"), 2.5)).toMatch(/whole number/);
    expect(faultOf(parameter("mass", "epsilon"), 0)).toMatch(/above 0/);
    expect(faultOf(parameter("mass", "epsilon"), 2)).toMatch(/between 0 and 1/);
    expect(faultOf(parameter("best_first", "n"), Number.NaN)).toMatch(/is a number/);
  });
});
