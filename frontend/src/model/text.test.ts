import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inRun, label, pathPieces, pieceAfter, pieces, piecesAfter, rightToLeftRuns, visible, written } from "./text";
import { ToyTree } from "./toy";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("the text of a path", { timeout: 30_000 }, () => {
  it("shows a split character at the token that completes it", () => {
    const [a, b, c] = [bytes("é").slice(0, 1), bytes("é").slice(1), bytes("x")];
    expect(pieces([a!, b!, c!])).toEqual(["", "é", "x"]);
  });

  it("knows a character that begins three tokens before", () => {
    const globe = bytes("🌍");
    const toy = new ToyTree(() => [0.25, 0.25, 0.25, 0.25], {
      bytesOf: (key) => globe.slice(key, key + 1),
    });
    let node = 0;
    for (const key of [0, 1, 2]) {
      toy.expand(node);
      node = toy.child(node, key);
    }
    toy.expand(node);
    expect(pieceAfter(toy.model, node, 3)).toBe("🌍");
    expect(pieceAfter(toy.model, node, 0)).toBe("⟨F0 9F 8C F0⟩");
  });

  it("shows bytes that are no character as bytes", () => {
    expect(pieces([Uint8Array.of(0xe2, 0x80)])).toEqual(["⟨E2 80⟩"]);
    expect(pieces([Uint8Array.of(0xff), Uint8Array.of(0xfe), bytes("a")])).toEqual([
      "",
      "⟨FF FE⟩",
      "a",
    ]);
    expect(pieces([Uint8Array.of(0xed, 0xa0, 0x80)])).toEqual(["⟨ED A0 80⟩"]);
  });

  it("is the text, however it is cut into tokens", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "grapheme" }),
        fc.array(fc.nat(200)),
        (text, cuts) => {
          const all = bytes(text);
          const places = [...new Set(cuts.map((cut) => cut % (all.length + 1)))].sort(
            (a, b) => a - b,
          );
          const tokens = [0, ...places].map((from, i) => all.slice(from, places[i] ?? all.length));
          expect(pieces(tokens).join("")).toBe(text);
        },
      ),
    );
  });

  it("is the same along a tree as along its bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { minLength: 1, maxLength: 12 }), (keys) => {
        const emoji = bytes("🌍");
        const tokens = [
          emoji.slice(0, 1),
          emoji.slice(1, 2),
          emoji.slice(2, 3),
          emoji.slice(3),
          bytes(" a"),
          bytes("é\n"),
        ];
        const toy = new ToyTree(() => [0.2, 0.2, 0.2, 0.2, 0.1, 0.1], {
          bytesOf: (key) => tokens[key]!,
        });
        let node = 0;
        let before = 0;
        for (const key of keys) {
          toy.expand(node);
          before = node;
          node = toy.child(node, key);
        }
        const expected = pieces(keys.map((key) => tokens[key]!));
        expect(pathPieces(toy.model, node)).toEqual(expected);
        const last = keys[keys.length - 1]!;
        const tail = pieceAfter(toy.model, before, last);
        expect(piecesAfter(toy.model, before, [last])).toEqual([tail]);
        const whole = expected[expected.length - 1]!;
        if (!whole.includes("⟨")) expect(tail).toBe(whole);
      }),
    );
  });
});

describe("what is shown of it", () => {
  it("makes white space visible in labels, and only breaks in running text", () => {
    expect(label(" a b\n")).toBe("␣a␣b↵");
    expect(visible(" a b\nc")).toBe(" a b↵ c");
    expect(label("\t")).toBe("⇥");
  });

  it("labels bytes as bytes, and a token of none as none", () => {
    expect(label(" ⟨E2 80⟩")).toBe("␣⟨E2 80⟩");
    expect(label("")).toBe("⟨⟩");
  });

  it("makes controls and direction marks visible, so that they can do nothing", () => {
    expect(visible("\t\u0007\u007f")).toBe("⇥ ␇␡");
    expect(visible("\u202eabc")).toBe("⟨U+202E⟩abc");
    expect(visible("\u200b")).toBe("⟨U+200B⟩");
  });

  it("leaves markup and special-token lookalikes as the text they are", () => {
    expect(visible("<b>bold</b><|im_end|>")).toBe("<b>bold</b><|im_end|>");
  });

  it("finds the tokens that are read from right to left together", () => {
    expect(rightToLeftRuns(["a", "של", "ום", " ", "עולם", " ", "b"])).toEqual([[1, 5]]);
    expect(rightToLeftRuns(["של", "7", "ום", "↵ ", "עו", ""])).toEqual([
      [0, 1],
      [2, 3],
      [4, 5],
    ]);
    expect(rightToLeftRuns(["plain", " é", "🌍"])).toEqual([]);
  });

  it("keeps the direction of a right-to-left token, and its letters joined", () => {
    expect(inRun("ב", "ש", " ל")).toBe("\u2067\u200dב\u2069");
    expect(inRun(" ב", "ש", "ל")).toBe("\u2067 ב\u200d\u2069");
  });

  it("shows what would be blank or turn the text around", () => {
    for (const hidden of ["\u200d", "\ufe0f", "\u00a0", "\u202e", "\u3164", "\u{e0041}"]) {
      expect(visible(hidden)).toMatch(/^⟨U\+[0-9A-F]+⟩$/);
      expect(label(hidden)).toBe(visible(hidden));
    }
    expect(visible("👩\u200d👧")).toBe("👩\u200d👧");
    expect(written("a\n\tb\u202ec")).toBe("a\n\tb⟨U+202E⟩c");
  });
});
