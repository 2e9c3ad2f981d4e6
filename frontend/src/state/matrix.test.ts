import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { matrixOf, numberOf, symbolsOf } from "./matrix";

describe("a pasted matrix", () => {
  it("is read from spaces, tabs, commas, semicolons and brackets, with fractions", () => {
    for (const text of ["0.5 0.5\n1/4 3/4", "0.5,\t0.5;\n\n[1/4 | 3/4]", "[[0.5, 0.5],\n[0.25, 0.75]]"]) {
      const { rows, fault } = matrixOf(text);
      expect(fault).toBeNull();
      expect(rows.map(({ values }) => values)).toEqual([[0.5, 0.5], [0.25, 0.75]]);
    }
  });

  it("says which row is wrong, and how", () => {
    const says = (text: string) => matrixOf(text).fault;
    expect(says("")).toMatch(/Paste a matrix/);
    expect(says("1 0\n0 x")).toBe("Row 2 has “x”, which is not a number.");
    expect(says("1 0\n1")).toMatch(/Row 2 has 1 numbers, and there are 2 rows/);
    expect(says("1.5 -0.5\n0 1")).toMatch(/Row 1 has -0.5/);
    expect(says("0.1 0.2\n0 1")).toMatch(/Row 1 sums to 0.3;/);
    expect(says("1/0 0\n0 1")).toMatch(/Row 1 has “1\/0”/);
  });

  it("takes every matrix of fractions that sum to one", () => {
    const row = fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 4, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(row, { minLength: 4, maxLength: 4 }), (counts) => {
        const text = counts
          .map((line) => [line[0]! + 1, ...line.slice(1)])
          .map((line) => line.map((n) => `${n}/${line.reduce((a, b) => a + b, 0)}`).join(" "))
          .join("\n");
        expect(matrixOf(text).fault).toBeNull();
      }),
    );
  });

  it("numbers that are none are NaN", () => {
    for (const text of ["", "/", "1/", "1/2/3", "a"]) expect(numberOf(text)).toBeNaN();
    expect(numberOf("1e-3")).toBe(0.001);
  });

  it("names symbols by letters where nobody names them", () => {
    expect(symbolsOf("", 3)).toEqual(["A", "B", "C"]);
    expect(symbolsOf(" sun, rain ", 2)).toEqual(["sun", "rain"]);
    expect(symbolsOf("", 30)[29]).toBe("s30");
  });
});
