import { DOMParser } from "@xmldom/xmldom";
import { expect, test } from "vitest";
import { ToyTree } from "../model/toy";
import { arrange } from "../model/multiway/layout";
import { merge } from "../model/multiway/merge";
import { nameOf } from "../model/multiway/names";
import { rewritten, subtreeOf, systemTree } from "../model/multiway/toy";
import { fitted, radiusOf, toScreen, type GraphCamera } from "../model/multiway/view";
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

/** The points of filled triangles of a colour: tip, and the two ends of the base. */
function headsIn(svg: string, colour: string): [number, number][][] {
  const paths = new DOMParser().parseFromString(svg, "image/svg+xml").getElementsByTagName("path");
  return Array.from(paths)
    .filter((one) => one.getAttribute("fill") === colour)
    .map((one) =>
      [...one.getAttribute("d")!.matchAll(/(-?[\d.]+)[ ,](-?[\d.]+)/g)].map(([, x, y]): [number, number] => [Number(x), Number(y)]),
    )
    .filter((points) => points.length === 3);
}

test("every step to the next layer has an arrow that points at its disc, where there is room for it", () => {
  const picture = pictureOf(fibonacci, "A");
  const { graph } = picture;
  const camera = whole(picture);
  const heads = headsIn(drawn(picture, camera).svg, THEMES.dark.faint);
  expect(heads.length).toBe(graph.from.length);
  for (const [tip, one, other] of heads) {
    expect(tip![0]).toBeGreaterThan(one![0]);
    expect(one![0]).toBeCloseTo(other![0], 1);
    expect(tip![1]).toBeCloseTo((one![1] + other![1]) / 2, 1);
    const reached = Array.from(graph.head, (_, i) => ({ ...toScreen(camera, SIZE, picture.x[i]!, picture.y[i]!), r: radiusOf(graph, i, camera) }));
    expect(reached.some(({ x, y, r }) => Math.abs(x - r - 1 - tip![0]) < 0.1 && Math.abs(y - tip![1]) < 0.1)).toBe(true);
  }
  expect(headsIn(drawn(picture, { ...camera, scale: 0.15 }).svg, THEMES.dark.faint)).toEqual([]);
  expect(headsIn(drawn(picture, { ...camera, stretch: 0.1 }).svg, THEMES.dark.faint)).toEqual([]);
});

test("a loop stands where no other step of its state leads, and its arrow ends at the disc", () => {
  const toy = new ToyTree(() => [0.7, 0.3]);
  toy.growTo(6);
  const graph = merge(subtreeOf(toy.model, { text: "" }), { by: "last", k: 1 });
  const upper = 1;
  const lower = 2;
  const picture = { ...pictureOf(toy, ""), graph, x: [0, 150, 150], y: [0, -40, 40], values: graph.reach };
  const camera = { x: 75, y: 0, scale: 1, stretch: 1 };
  const { svg } = drawn({ ...picture, order: Array.from(graph.from, (_, edge) => edge) }, camera);
  const tips = headsIn(svg, THEMES.dark.accent).map(([tip]) => tip!);
  const gaps = [upper, lower].map((one) => {
    const at = toScreen(camera, SIZE, picture.x[one]!, picture.y[one]!);
    const r = radiusOf(graph, one, camera) + 1.5;
    const onRim = tips.filter(([x, y]) => Math.abs(Math.hypot(x - at.x, y - at.y) - r) < 0.1);
    return onRim.map(([, y]) => Math.sign(y - at.y)).sort();
  });
  // At each disc the step from the other one, and the loop on the far side.
  expect(gaps).toEqual([[-1, 1], [-1, 1]]);
});

test("where not all find room those are named that have a letter, the likeliest first", () => {
  const words = [",", "⟨E2⟩", ".", "night", "attorney", "4", "law"];
  const toy = new ToyTree(() => [0.16, 0.16, 0.16, 0.14, 0.14, 0.12, 0.12], {
    bytesOf: (key) => new TextEncoder().encode(words[key]!),
  });
  toy.growTo(1);
  const picture = pictureOf(toy, "");
  // Rows so close that names need two of them.
  const { texts } = drawn(picture, { ...whole(picture), scale: 1, stretch: 0.3 });
  expect([...texts].sort()).toEqual(["prompt", ",", "night", "law"].sort());
});

test("what a filter holds back is faint", () => {
  const picture = pictureOf(fibonacci, "A");
  const faint = Array.from(picture.graph.head, (_, one) => (one === 5 ? 1 : 0));
  const opacity = (one: GraphPicture): number =>
    [...drawn(one, whole(one)).svg.matchAll(/0\.22\b/g)].length;
  expect(opacity(picture)).toBe(0);
  expect(opacity({ ...picture, faint })).toBeGreaterThan(0);
});
