import fc from "fast-check";
import { expect, test } from "vitest";
import { equivalenceOf, FIRST_MULTIWAY, readMultiway, writeMultiway, type MultiwayChoice } from "./multiway";

test("every choice comes back from the address as it was", () => {
  const choices: fc.Arbitrary<MultiwayChoice> = fc.record({
    by: fc.constantFrom(null, "text" as const, "last" as const, "state" as const),
    k: fc.integer({ min: 1, max: 8 }),
    layout: fc.constantFrom("layers" as const, "force" as const),
    spacetime: fc.boolean(),
  });
  fc.assert(
    fc.property(choices, (choice) => {
      // How many tokens is of no matter where none are compared.
      const k = choice.by === "last" ? choice.k : FIRST_MULTIWAY.k;
      expect(readMultiway(writeMultiway(choice))).toEqual({ ...choice, k });
    }),
  );
});

test.each(["last0", "last12", "banana", "force-last2", "last"])("%s makes no sense and is passed over", (text) =>
  expect(readMultiway(text)).toEqual(FIRST_MULTIWAY),
);

test("a rule decides unless one chooses, and a rewriting rule always does", () => {
  const model = { kind: "appending", family: "causal-lm" };
  const chain = { kind: "appending", family: "markov" };
  const strings = { kind: "rewriting", family: "rewriting" };
  expect(equivalenceOf(FIRST_MULTIWAY, model)).toEqual({ by: "text" });
  expect(equivalenceOf(FIRST_MULTIWAY, chain)).toEqual({ by: "last", k: 1 });
  expect(equivalenceOf({ ...FIRST_MULTIWAY, by: "last", k: 3 }, model)).toEqual({ by: "last", k: 3 });
  expect(equivalenceOf({ ...FIRST_MULTIWAY, by: "text" }, strings)).toEqual({ by: "state" });
  expect(equivalenceOf({ ...FIRST_MULTIWAY, by: "state" }, model)).toEqual({ by: "text" });
});
