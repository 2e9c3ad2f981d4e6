import { describe, expect, it } from "vitest";
import { cellsOf, flippedAt, NEIGHBOURHOODS, cellAfter, rowAfter, runsOf, spreadOf } from "./cells";

const shown = (rows: readonly Uint8Array[]): string[] => rows.map((row) => row.join(""));

describe("rows of cells", () => {
  it("rule 30 spreads from one cell as Wolfram published it", () => {
    expect(shown(spreadOf(30, false, 11, 5))).toEqual([
      "00000100000",
      "00001110000",
      "00011001000",
      "00110111100",
      "01100100010",
    ]);
  });

  it("rule 90 draws Pascal's triangle modulo 2, and rule 110 grows to the left only", () => {
    expect(shown(spreadOf(90, false, 9, 5)).at(-1)).toBe("100000001");
    expect(shown(spreadOf(110, false, 9, 4))).toEqual([
      "000010000",
      "000110000",
      "001110000",
      "011010000",
    ]);
  });

  it("a ring joins the ends of a row, a line has zeros beyond them", () => {
    const row = cellsOf("1000")!;
    expect(rowAfter(row, 90, true).join("")).toBe("0101");
    expect(rowAfter(row, 90, false).join("")).toBe("0100");
  });

  it("the eight cells of the table are the binary digits of the number", () => {
    const digits = NEIGHBOURHOODS.map((cells) => cellAfter(110, cells)).join("");
    expect(digits).toBe((110).toString(2).padStart(8, "0"));
    for (const cells of NEIGHBOURHOODS) {
      expect(cellAfter(flippedAt(110, cells), cells)).toBe(1 - cellAfter(110, cells));
      expect(flippedAt(flippedAt(110, cells), cells)).toBe(110);
    }
  });

  it("only 0 and 1 are cells", () => {
    expect(cellsOf("0110")?.join("")).toBe("0110");
    for (const text of ["", "012", " 01", "heads"]) expect(cellsOf(text)).toBeNull();
    expect(runsOf(cellsOf("0110111")!)).toEqual([[1, 3], [4, 7]]);
    expect(runsOf(cellsOf("000")!)).toEqual([]);
  });
});
