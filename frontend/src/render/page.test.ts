import { DOMParser } from "@xmldom/xmldom";
import { expect, test } from "vitest";
import { MARK } from "../model/emphasis";
import { layoutPage } from "../model/page";
import { drawPage, type TokenLook } from "./page";
import { asCanvasContext, SvgContext, svgDocument, type MeasureText } from "./svg/context";
import { THEMES } from "./theme";

const measure: MeasureText = (font, text) =>
  ({ width: text.length * Number(/([\d.]+)px/.exec(font)![1]) * 0.6 }) as TextMetrics;
const SIZE = 16;
const TOKENS = [" heads", " tails", " heads", " tails"];

/** Marks by token, the first of them 1; gives texts, and how many shapes are in the colour of marks. */
function drawn(own: Readonly<Record<number, Partial<TokenLook>>>) {
  const context = new SvgContext(400, 200, measure);
  const page = layoutPage(["A coin:", ...TOKENS], {
    width: 360,
    height: 180,
    size: SIZE,
    pitch: 27.5,
    columns: 1,
    gap: 40,
    selected: 0,
    measure: (text) => text.length * SIZE * 0.6,
  });
  const plain = { tint: null, forks: false, isOpen: false, isFaint: false, marks: 0, name: "" };
  const tokens = TOKENS.map((_, i) => ({ ...plain, ...own[i + 1] }));
  const brush = { context: asCanvasContext(context), theme: THEMES.light, ratio: 1, alpha: 1 };
  drawPage(brush, page, { tokens, selected: -1 }, 20, 8);
  const svg = svgDocument(context, "t", "d", { width: "400px", height: "200px" });
  const document = new DOMParser().parseFromString(svg, "image/svg+xml");
  const texts = Array.from(document.getElementsByTagName("text"), (one) => one.textContent ?? "");
  return { texts, shapes: svg.split(`<path`).length - 1 };
}

test("a page without marks has none", () => {
  expect(drawn({}).shapes).toBe(0);
});

test("a bookmark and a note have their signs", () => {
  expect(drawn({ 2: { marks: MARK.bookmark } }).shapes).toBe(1);
  expect(drawn({ 2: { marks: MARK.bookmark | MARK.note } }).shapes).toBe(2);
});

test("a branch has its name above the token that it begins with", () => {
  const { texts, shapes } = drawn({ 1: { marks: MARK.label, name: "fair" } });
  expect(shapes).toBe(1);
  expect(texts).toContain("fair");
});

test("a name gives way to what is marked next, and is left out where no letter of it fits", () => {
  const name = "a long name for a short branch";
  const { texts } = drawn({ 1: { marks: MARK.label, name }, 2: { marks: MARK.label, name: "b" } });
  expect(texts).not.toContain(name);
  const shown = texts.find((text) => text.endsWith("…"))!;
  expect(name.startsWith(shown.slice(0, -1))).toBe(true);
});
