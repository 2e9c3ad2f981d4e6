import { describe, expect, it } from "vitest";
import { faultIn, fieldOf, FIRST_DRAFTS, specOf, type Drafts, type RuleKind } from "./drafts";
import { KINDS } from "./kinds";

const drafts = (change: Partial<Drafts>): Drafts => ({ ...FIRST_DRAFTS, ...change });
const fault = (kind: RuleKind, change: Partial<Drafts>) => faultIn(kind, drafts(change));

describe("a rule's draft", () => {
  it.each(["coin", "chain", "automaton", "rewriting"] as const)("of a %s can be made as it stands", (kind) => {
    expect(faultIn(kind, FIRST_DRAFTS)).toBeNull();
    expect(specOf(kind, FIRST_DRAFTS).kind).toBe(kind);
  });

  it("has a name, a sentence and a hint for its prompt, whatever its kind", () => {
    expect(KINDS.map(({ kind }) => kind).sort()).toEqual(Object.keys(FIRST_DRAFTS).sort());
    for (const { says, prompt } of KINDS) for (const text of [says, prompt]) expect(text).toMatch(/\.$/);
  });

  it("names the row of a matrix that is not stochastic, and its sum", () => {
    const chain = { symbols: "", matrix: "0.5 0.5\n0.3 0.8" };
    expect(fault("chain", { chain })).toEqual({
      field: "matrix",
      says: "Row 2 sums to 1.1; a row of probabilities sums to 1.",
    });
  });

  it("names symbols that are too few, too many or twice", () => {
    const matrix = "1 0\n0 1";
    expect(fault("chain", { chain: { symbols: "A B C", matrix } })?.field).toBe("symbols");
    expect(fault("chain", { chain: { symbols: "A A", matrix } })?.says).toMatch(/“A” names two rows/);
    expect(specOf("chain", drafts({ chain: { symbols: "", matrix } }))).toEqual({
      kind: "chain",
      symbols: ["A", "B"],
      matrix: [[1, 0], [0, 1]],
      initial: null,
    });
  });

  it("refuses rule 300 and half rules", () => {
    const automaton = FIRST_DRAFTS.automaton;
    expect(fault("automaton", { automaton: { ...automaton, number: 300 } })).toEqual({
      field: "number",
      says: "The rule's number lies between 0 and 255, not at 300.",
    });
    expect(fault("automaton", { automaton: { ...automaton, number: 1.5 } })?.says).toMatch(/whole/);
    expect(fault("automaton", { automaton: { ...automaton, noise: 0.7 } })?.field).toBe("noise");
  });

  it("asks for a text that is not empty and not too long", () => {
    const { markov } = FIRST_DRAFTS;
    expect(fault("markov", { markov: { ...markov, text: " \n" } })?.field).toBe("text");
    expect(fault("markov", { markov: { ...markov, text: "x".repeat(200_001) } })?.says).toMatch(
      /200,001 characters/,
    );
    expect(fault("markov", { markov: { ...markov, text: "ab", order: 9 } })?.field).toBe("order");
    expect(fault("markov", { markov: { ...markov, text: "ab", unit: "tokens" } })?.field).toBe("base");
  });

  it("keeps the spaces of tokens, which belong to them", () => {
    const restricted = { base: "smollm2", texts: " heads\n tails\n" };
    expect(fault("restricted", { restricted })).toBeNull();
    expect(specOf("restricted", drafts({ restricted }))).toMatchObject({ texts: [" heads", " tails"] });
    const twice = { base: "smollm2", texts: "a\na" };
    expect(fault("restricted", { restricted: twice })?.says).toBe("“a” stands there twice.");
  });

  it("finds the rewriting rule without an arrow", () => {
    const rewriting = { rules: "A->AB, B=A" };
    expect(fault("rewriting", { rewriting })?.says).toMatch(/“B=A” has no arrow/);
    expect(fault("rewriting", { rewriting: { rules: "A->" } })).toBeNull();
  });

  it("mixes two rules, or one rule under two contexts", () => {
    const part = { rule: "smollm2", context: "", replaces: "" };
    const same = { first: part, second: part, weight: 0.5 };
    expect(fault("interpolated", { interpolated: same })?.field).toBe("second");
    const apart = { ...same, second: { ...part, context: "Once" } };
    expect(fault("interpolated", { interpolated: apart })).toBeNull();
    expect(specOf("interpolated", drafts({ interpolated: apart }))).toEqual({
      kind: "interpolated",
      first: { rule: "smollm2", context: null, replaces: null },
      second: { rule: "smollm2", context: "Once", replaces: null },
      weight: 0.5,
    });
  });

  it("a fair coin has no repeats", () => {
    const coin = { heads: 0.5, sticky: false, repeats: 7 };
    expect(fault("coin", { coin })).toBeNull();
    expect(specOf("coin", drafts({ coin }))).toEqual({ kind: "coin", heads: 0.5, repeats: null });
  });

  it("puts the server's sentence under the field that it is about", () => {
    expect(fieldOf("restricted", "not-one-token", "“ 1” is 2 tokens here.")).toBe("texts");
    expect(fieldOf("chain", "bad-matrix", "Row 2 sums to 1.1.")).toBe("matrix");
    expect(fieldOf("markov", "markov-empty", "The text is empty.")).toBe("text");
    expect(fieldOf("coin", "bad-coin", "“repeats” is a probability: 0 to 1, not 3.")).toBe("repeats");
    expect(fieldOf("automaton", "automaton-number", "There is no rule 300.")).toBe("number");
  });
});
