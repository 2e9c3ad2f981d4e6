import { DOMParser } from "@xmldom/xmldom";
import { expect, test } from "vitest";
import { ToyTree } from "../model/toy";
import { arrange } from "../model/multiway/layout";
import { merge } from "../model/multiway/merge";
import { nameOf } from "../model/multiway/names";
import { rewritten, subtreeOf, systemTree } from "../model/multiway/toy";
import { fitted, type GraphCamera } from "../model/multiway/view";
import { drawMultiway, type Drawn, type GraphLook, type GraphPicture } from "./multiway";
import { asCanvasContext, SvgContext, svgDocument, type MeasureText } from "./svg/context";
import { THEMES } from "./theme";

const measure: MeasureText = (font, text) =>
  ({ width: text.length * Number(/([\d.]+)px/.exec(font)![1]) * 0.6 }) as TextMetrics;
const SIZE = { width: 900, height: 600 };

function pictureOf(toy: ToyTree, text: string, more: Partial<GraphPicture> = {}): GraphPicture {
  const graph = merge(subtreeOf(toy.model, { text }), text === "" ? { by: "text" } : { by: "state" });
  const work = arrange(graph, "layers", null);
  let step = work.next();
  while (!step.done) step = work.next();
  const by = graph.head.length === 0 ? [] : Array.from(graph.head, () => 0);
  const prompt = { pieces: [], text };
  return {
    graph,
    x: step.value.x,
    y: step.value.y,
    layered: true,
    domain: { colour: "probability", lo: 0, hi: 1 },
    values: graph.reach,
    marks: by,
    faint: by,
    order: Array.from(graph.from, (_, edge) => edge),
    nameOf: (one) => nameOf(toy.model, graph, one, text === "" ? { by: "text" } : { by: "state" }, prompt),
    rowOf: () => null,
    ...more,
  };
}

function drawn(picture: GraphPicture, camera: GraphCamera, look: Partial<GraphLook> = {}) {
  const context = new SvgContext(SIZE.width, SIZE.height, measure);
  const counts: Drawn = drawMultiway(asCanvasContext(context), picture, camera, SIZE, THEMES.dark, {
    selected: -1,
    hovered: -1,
    path: new Set(),
    ratio: 1,
    measure: (text) => text.length * 7,
    ...look,
  });
  const svg = svgDocument(context, "t", "d", { width: "900px", height: "600px" });
  const document = new DOMParser().parseFromString(svg, "image/svg+xml");
  const texts = Array.from(document.getElementsByTagName("text"), (one) => one.textContent ?? "");
  return { counts, svg, texts: new Set(texts) };
}

const whole = ({ x, y }: GraphPicture): GraphCamera => fitted(x, y, SIZE, 140, [0.14, 2.4]);

const FIBONACCI = [
  ["A", "AB"],
  ["B", "A"],
] as const;
const fibonacci = systemTree("A", (state) => rewritten(state, FIBONACCI));
fibonacci.growTo(4);

test("every class in sight is drawn with its name, as an SVG as well", () => {
  const picture = pictureOf(fibonacci, "A");
  const { counts, texts } = drawn(picture, whole(picture));
  expect(counts).toEqual({ classes: 12, edges: picture.graph.from.length, labels: 12 });
  for (const name of ["A", "AB", "AA", "ABB", "AAB", "ABBBB"]) expect(texts).toContain(name);
});

test("what is out of sight is not drawn", () => {
  const picture = pictureOf(fibonacci, "A");
  const { counts } = drawn(picture, { x: 9_000, y: 0, scale: 1, stretch: 1 });
  expect(counts).toEqual({ classes: 0, edges: 0, labels: 0 });
  const near = drawn(picture, { x: 0, y: 0, scale: 4, stretch: 1 });
  expect(near.counts.classes).toBeGreaterThan(0);
  expect(near.counts.classes).toBeLessThan(12);
});

test("names never lie on each other, so that a crowd has fewer of them, the likeliest first", () => {
  const toy = new ToyTree(() => [0.4, 0.2, 0.1, 0.1, 0.1, 0.1]);
  toy.growTo(4);
  const picture = pictureOf(toy, "");
  expect(picture.graph.size).toBe(1555);
  const { counts, texts } = drawn(picture, whole(picture));
  expect(counts.classes).toBe(1555);
  expect(counts.labels).toBeLessThan(300);
  expect(texts).toContain("prompt");
});

test("model output is text, never markup", () => {
  const toy = new ToyTree(() => [1], { bytesOf: () => new TextEncoder().encode("<b>&amp;</b>") });
  toy.growTo(1);
  const picture = pictureOf(toy, "");
  const { svg, texts } = drawn(picture, whole(picture));
  expect(texts).toContain("<b>&amp;</b>");
  expect(svg).not.toContain("<b>");
});

test("cycles are in the accent, and only closed ones have an island", () => {
  const swaps = [["ab", "ba"], ["ba", "ab"]] as const;
  const closed = systemTree("aabb", (state) => rewritten(state, swaps));
  closed.growTo(6);
  const ring = pictureOf(closed, "aabb");
  const { accent, ended } = THEMES.dark;
  const { svg } = drawn(ring, whole(ring));
  expect(svg).toContain(accent);
  expect(svg).toContain(ended);
  const tree = pictureOf(fibonacci, "A");
  const plain = drawn(tree, whole(tree)).svg;
  expect(plain).not.toContain(accent);
  expect(plain).not.toContain(ended);
  expect(drawn(tree, whole(tree), { selected: 3 }).svg).toContain(accent);
});

test("what a filter holds back is faint", () => {
  const picture = pictureOf(fibonacci, "A");
  const faint = Array.from(picture.graph.head, (_, one) => (one === 5 ? 1 : 0));
  const opacity = (one: GraphPicture): number =>
    [...drawn(one, whole(one)).svg.matchAll(/0\.22\b/g)].length;
  expect(opacity(picture)).toBe(0);
  expect(opacity({ ...picture, faint })).toBeGreaterThan(0);
});
