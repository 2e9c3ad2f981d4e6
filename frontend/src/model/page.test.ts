import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitPage, layoutPage, type Page, type PageShape } from "./page";

const SHAPE: PageShape = {
  width: 200,
  height: 1e6,
  size: 10,
  pitch: 20,
  columns: 1,
  gap: 30,
  selected: 0,
  measure: (text) => [...text].length * 6,
};
const lay = (texts: readonly string[], shape: Partial<PageShape> = {}): Page => layoutPage(texts, { ...SHAPE, ...shape });

/** What each token shows, without blanks and breaks. */
function shownOf(page: Page, count: number): string[] {
  const shown = Array.from({ length: count }, () => "");
  for (const { pieces } of page.lines) for (const { token, text } of pieces) shown[token] += text.replaceAll(" ", "");
  return shown;
}
const linesOf = (page: Page): string[] => page.lines.map(({ pieces }) => pieces.map(({ text }) => text).join(""));
const tokens = fc.array(fc.string({ unit: fc.constantFrom("a", "b", " ", " ", "\n", "é", "漢", "ש", "."), maxLength: 9 }), { minLength: 1, maxLength: 40 });

describe("a page", () => {
  it("shows every token once, in order, with a line for each break", () => {
    fc.assert(
      fc.property(tokens, (texts) => {
        const page = lay(texts);
        expect(shownOf(page, texts.length)).toEqual(texts.map((text) => text.replace(/[ \n]/g, "")));
        const breaks = page.lines.flatMap(({ pieces }) => pieces.filter((piece) => piece.breaks));
        expect(breaks.length).toBe(texts.join("").split("\n").length - 1);
        const order = page.lines.flatMap(({ pieces }) => pieces.map(({ token }) => token));
        expect(order).toEqual([...order].sort((a, b) => a - b));
        const empty = texts.flatMap((text, i) => (text === "" && i > 0 ? [i] : []));
        expect(order.filter((token) => texts[token] === "")).toEqual(empty);
        expect([page.before, page.after, page.ellipses.length]).toEqual([0, 0, 0]);
      }),
    );
  });

  it("has no two tokens in one place, and none beyond its width but a break", () => {
    fc.assert(
      fc.property(tokens, fc.integer({ min: 40, max: 300 }), (texts, width) => {
        for (const { pieces } of lay(texts, { width }).lines) {
          const across = [...pieces].sort((a, b) => a.x - b.x || a.width - b.width);
          across.forEach(({ x, width: wide, breaks }, i) => {
            if (!breaks) expect(x + wide).toBeLessThanOrEqual(width + 0.1);
            // On a page that begins on the right it is the left edge that a break may hang over.
            expect(x).toBeGreaterThanOrEqual(i === 0 ? -9 : across[i - 1]!.x + across[i - 1]!.width - 0.01);
          });
        }
      }),
    );
  });

  it("breaks between words, whatever tokens they are of, and drops the blank there", () => {
    const page = lay(["One two", " three fo", "ur", " five"], { width: 66 });
    expect(linesOf(page)).toEqual(["One two", "three four", "five"]);
    expect(page.lines[1]!.pieces.map(({ token, text }) => [token, text])).toEqual([
      [1, "three fo"],
      [2, "ur"],
    ]);
  });

  it("breaks a word that is wider than the line, and between wide characters", () => {
    expect(linesOf(lay(["aaaaaaaaaaaaaa"], { width: 60 }))).toEqual(["aaaaaaaaaa", "aaaa"]);
    expect(linesOf(lay(["漢漢漢", "漢。漢"], { width: 24 }))).toEqual(["漢漢漢", "漢。漢"]);
  });

  it("goes on in the next column", () => {
    const texts = Array.from({ length: 6 }, (_, i) => ` word${i}`);
    const page = lay(texts, { width: 110, columns: 2, height: 60 });
    expect(page.lines.map(({ x, y }) => [x, y])).toEqual([0, 70].flatMap((x) => [10, 30, 50].map((y) => [x, y])));
  });

  it("reads text from right to left as one run, and begins such a page on the right", () => {
    const [line] = lay(["a", " של", "ום", " b"]).lines;
    expect(line!.runs).toEqual([{ text: "\u2067 שלום\u2069", x: 6, isPrompt: false }]);
    expect(line!.pieces.map(({ x }) => x)).toEqual([0, 18, 6, 36]);
    const [right] = lay(["של", "ום"]).lines;
    expect(right!.pieces.map(({ x }) => x)).toEqual([188, 176]);
  });
});

describe("what does not fit", () => {
  const texts = ["prompt", ...Array.from({ length: 60 }, (_, i) => `\nword${i + 1}`)];
  const shown = (page: Page): number[] =>
    [...new Set(page.lines.flatMap(({ pieces }) => pieces.filter(({ text }) => text !== "").map(({ token }) => token)))];

  it.each([0, 1, 5, 30, 58, 60])("is counted, with what is selected in sight: %i", (selected) => {
    const page = lay(texts, { height: 200, selected });
    expect(page.lines.length + page.ellipses.length).toBe(10);
    expect(shown(page)).toContain(selected);
    const any = new Set(page.lines.flatMap(({ pieces }) => pieces.map(({ token }) => token)));
    expect([...any].filter((token) => token > 0).length + page.before + page.after).toBe(60);
    expect(page.prompt).toBe(any.has(0) ? "whole" : "none");
    const rows = [...page.lines, ...page.ellipses].map(({ y }) => y).sort((a, b) => a - b);
    expect(rows).toEqual(Array.from({ length: 10 }, (_, i) => 10 + 20 * i));
  });

  it("is nothing where smaller text has room for all", () => {
    const room = { width: 600, height: 400, selected: 0 };
    const measureAt = (size: number) => (text: string) => text.length * size * 0.5;
    const few = fitPage(["A few", " words"], room, measureAt);
    const more = fitPage(["A few", ..." words and more".repeat(30).split(/(?= )/)], room, measureAt);
    const most = fitPage(["A few", ..." words and more".repeat(900).split(/(?= )/)], room, measureAt);
    expect(few.size).toBeGreaterThan(more.size);
    expect(more.after).toBe(0);
    expect(most.size).toBeLessThan(more.size);
    expect(most.after).toBeGreaterThan(0);
  });
});
