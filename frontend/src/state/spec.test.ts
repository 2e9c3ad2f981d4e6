import { describe, expect, it } from "vitest";
import { FIRST_DRAFTS, specOf, type RuleKind } from "./drafts";
import { specFacts } from "./spec";

const facts = (kind: RuleKind): Record<string, string> =>
  Object.fromEntries(specFacts(specOf(kind, FIRST_DRAFTS)).map(({ name, value }) => [name, value]));

describe("what a rule is made of", () => {
  it("is told in the words of the form, for every kind", () => {
    expect(facts("coin")).toEqual({ "first flip heads": "0.5", "repeats with": "0.9" });
    expect(facts("automaton")).toEqual({ number: "110", ends: "joined in a ring", noise: "0" });
    expect(facts("rewriting")).toEqual({ rules: "A->AB, B->A" });
    expect(facts("chain")["matrix"]).toBe("0.9  0.1  0\n0.2  0.6  0.2\n0  0.5  0.5");
    expect(facts("restricted")["says only"]).toBe('[" heads"," tails"]');
    expect(Object.keys(facts("markov"))).toEqual(["counts", "order", "smoothing", "text"]);
    expect(facts("interpolated")["λ"]).toBe("0.5");
  });

  it("names the rules beneath it, and rules within rules", () => {
    const base = { kind: "coin", heads: 0.7, repeats: null };
    const told = specFacts({ kind: "restricted", base, texts: ["H"], keys: null });
    expect(told[0]).toEqual({ name: "speaks", value: "(0.7)" });
  });

  it("is not told at a length that nobody reads, nor hidden for a kind that is new", () => {
    const [long] = specFacts({ kind: "markov", text: "x".repeat(5000), base: null });
    expect(long!.value.length).toBeLessThan(700);
    expect(specFacts({ kind: "dice", sides: 6 })).toContainEqual({ name: "sides", value: "6" });
  });
});
