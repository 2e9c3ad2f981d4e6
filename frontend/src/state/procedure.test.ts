import { describe as group, expect, it } from "vitest";
import { describe, fault, formOf, isRuleItself, RULE_ITSELF, stepsOf } from "./procedure";

group("the procedure's form", () => {
  it("is empty for the rule itself", () => {
    expect(stepsOf(RULE_ITSELF)).toEqual([]);
    expect(isRuleItself(RULE_ITSELF)).toBe(true);
    expect(formOf([])).toEqual(RULE_ITSELF);
  });

  it("comes back from its own steps", () => {
    const form = { temperature: 0.9, topK: 40, topP: 0.95, minP: 0.05 };
    expect(formOf(stepsOf(form))).toEqual(form);
  });

  it("keeps the order temperature, top-k, top-p, min-p", () => {
    const kinds = stepsOf({ temperature: 0.5, topK: 5, topP: 0.5, minP: 0.1 }).map((s) => s.kind);
    expect(kinds).toEqual(["temperature", "top_k", "top_p", "min_p"]);
  });

  it("does not pretend to show another order", () => {
    expect(formOf([{ kind: "top_p", p: 0.9 }, { kind: "temperature", value: 2 }])).toBeNull();
    expect(formOf([{ kind: "top_k", k: 3 }, { kind: "top_k", k: 2 }])).toBeNull();
  });

  it("says what is wrong in a sentence", () => {
    expect(fault({ ...RULE_ITSELF, temperature: -1 })).toMatch(/Temperature/);
    expect(fault({ ...RULE_ITSELF, temperature: 0.001 })).toMatch(/Temperature/);
    expect(fault({ ...RULE_ITSELF, temperature: 0 })).toBeNull();
    expect(fault({ ...RULE_ITSELF, topK: 0 })).toMatch(/at least 1/);
    expect(fault({ ...RULE_ITSELF, topP: 0 })).toMatch(/Top-p/);
    expect(fault({ ...RULE_ITSELF, minP: 2 })).toMatch(/Min-p/);
    expect(fault(RULE_ITSELF)).toBeNull();
  });

  it("reads as one line", () => {
    expect(describe({ ...RULE_ITSELF, temperature: 0.9, topP: 0.95 })).toBe(
      "temperature 0.9, top-p 0.95",
    );
    expect(describe(RULE_ITSELF)).toBe("the rule itself");
  });
});
