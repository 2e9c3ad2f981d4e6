import { describe, expect, it } from "vitest";
import { Symbols } from "./symbols";
import { piecesAfter, pieceAfter } from "./text";
import { TreeModel, type TreeShape } from "./tree";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const STEPS = {
  symbol_key: Uint32Array.of(0, 1),
  symbol_length: Uint32Array.of(8, 7),
  symbol_bytes: bytes("A→AB 1B→A 2"),
  symbol_state_length: Uint32Array.of(3, 0),
  symbol_state_bytes: bytes("ABA"),
};

describe("symbols", () => {
  it("of a rewriting rule are shown as the states they lead to", () => {
    const symbols = new Symbols();
    symbols.add(STEPS);
    expect(new TextDecoder().decode(symbols.bytesOf(0))).toBe("A→AB 1");
    expect(symbols.wholeText(0)).toBe("ABA");
    expect(symbols.wholeText(1)).toBe("");
    expect(symbols.stateOf(7)).toBeNull();
  });

  it("of tokens are their own text", () => {
    const symbols = new Symbols();
    symbols.add({
      symbol_key: Uint32Array.of(5),
      symbol_length: Uint32Array.of(2),
      symbol_bytes: bytes(" x"),
    });
    expect(symbols.wholeText(5)).toBe(" x");
    expect(symbols.stateOf(5)).toBeNull();
  });

  it("along a path of strings are set apart by arrows, rows of cells by spaces", () => {
    const shape: TreeShape = { kind: "rewriting", endKeys: [], alphabetSize: null, promptLength: 1, maxLength: 9 };
    for (const [cells, shown] of [[false, " → ABA"], [true, " ABA"]] as const) {
      const model = new TreeModel({ ...shape, cells });
      model.symbols.add(STEPS);
      expect(piecesAfter(model, 0, [0])).toEqual([shown]);
      expect(pieceAfter(model, 0, 0)).toBe("ABA");
    }
  });
});
