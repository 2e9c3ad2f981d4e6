import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Camera } from "./camera";
import { offsetOf } from "./random";
import type { Scene, WorldsOptions } from "./scene";
import { cameraOf, ToyTree, type ToyRule } from "./toy";
import type { Weighting } from "./weighting";
import { layoutWorlds } from "./worlds";

const OPTIONS: WorldsOptions = {
  width: 900,
  height: 646,
  linePitch: 17,
  columnWidth: 92,
  lines: 38,
  seed: 0,
  offset: 0.5,
  linesOn: true,
  heights: "procedure",
  conditioned: false,
  colour: "entropy",
  measure: (text) => text.length * 7.5,
};

const look = (
  toy: ToyTree,
  options: Partial<WorldsOptions> = {},
  camera: Camera = cameraOf(0),
  weighting: Weighting = toy.rules,
): Scene => layoutWorlds(toy.model, weighting, camera, { ...OPTIONS, ...options });

/** A rule whose probabilities depend on the depth and the last key, from a list of weights. */
const ruleFrom =
  (rows: readonly (readonly number[])[]): ToyRule =>
  (keys) => {
    const row = rows[(keys.length + (keys[keys.length - 1] ?? 0)) % rows.length]!;
    const sum = row.reduce((total, weight) => total + weight, 0);
    return row.map((weight) => weight / sum);
  };

const weights = fc.array(
  fc.oneof(
    fc.double({ min: 0.01, max: 1, noNaN: true }),
    fc.double({ min: 1, max: 40, noNaN: true }),
  ),
  { minLength: 1, maxLength: 9 },
);

/** A tree grown unevenly, with cuts, and how it is looked at. */
const pictures = fc
  .record({
    rows: fc.array(weights, { minLength: 1, maxLength: 4 }),
    grown: fc.array(fc.nat(), { maxLength: 40 }),
    cuts: fc.array(fc.nat(), { maxLength: 2 }),
    lines: fc.integer({ min: 1, max: 60 }),
    height: fc.integer({ min: 300, max: 900 }),
    width: fc.integer({ min: 240, max: 1400 }),
    seed: fc.nat(3),
    lo: fc.double({ min: 0, max: 0.7, noNaN: true }),
    size: fc.constantFrom(1, 0.6, 0.3, 0.1),
    linesOn: fc.boolean(),
    conditioned: fc.boolean(),
    incomplete: fc.boolean(),
  })
  .map((drawn) => {
    const toy = new ToyTree(ruleFrom(drawn.rows), { incomplete: drawn.incomplete });
    toy.growTo(2);
    for (const pick of drawn.grown) {
      const node = pick % toy.model.size;
      if (!toy.model.isExpanded(node)) toy.expand(node);
      const { keys } = toy.model.candidates(node)!;
      toy.child(node, keys[pick % keys.length]!);
    }
    for (const pick of drawn.cuts) toy.event("prune", { node: pick % toy.model.size });
    const { lines, height, width, seed, linesOn, conditioned, size } = drawn;
    const lo = size === 1 ? 0 : Math.min(drawn.lo, 1 - size);
    const camera = { anchor: 0, lo, hi: lo + size };
    return { toy, camera, options: { lines, height, width, seed, linesOn, conditioned, offset: offsetOf(seed) } };
  });

interface Box {
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

function overlap(one: Box, other: Box): boolean {
  const epsilon = 1e-6;
  return (
    one.x0 < other.x1 - epsilon &&
    other.x0 < one.x1 - epsilon &&
    one.y0 < other.y1 - epsilon &&
    other.y0 < one.y1 - epsilon
  );
}

/** Everything that takes room of its own: blocks, texts in their slots, hatches. */
function boxesOf(scene: Scene): Box[] {
  const texts = scene.lines.map(({ x0, x1, y, y0, y1 }) => {
    const half = Math.min((y1 - y0) / 2, (scene.textSize * 1.16) / 2);
    return { x0, x1: Math.max(x1, x0 + 1), y0: y - half, y1: y + half };
  });
  return [...scene.blocks, ...texts];
}

/** Random trees take their time on a busy machine. */
const PATIENCE = { timeout: 30_000 };

describe("the picture of any tree", PATIENCE, () => {
  it("has no block or text that touches another", () => {
    fc.assert(
      fc.property(pictures, ({ toy, camera, options }) => {
        const boxes = boxesOf(look(toy, options, camera));
        for (let i = 0; i < boxes.length; i++) {
          for (let k = i + 1; k < boxes.length; k++) {
            if (overlap(boxes[i]!, boxes[k]!)) {
              expect.fail(`${JSON.stringify(boxes[i])} and ${JSON.stringify(boxes[k])}`);
            }
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it("draws every height within a pitch of the exact one, half a pitch where a whole state is centred", () => {
    fc.assert(
      fc.property(pictures, ({ toy, camera, options }) => {
        const scene = look(toy, options, camera);
        // The edges of a part of a state stand anywhere between two lines.
        const isPart = camera.hi - camera.lo < 1;
        const share = isPart ? 1 : Math.max(options.offset, 1 - options.offset);
        const bound = share * scene.pitch + 1e-6;
        for (const { a, b, y0, y1 } of scene.blocks) {
          expect(Math.abs(y0 - Math.max(0, a) * scene.height)).toBeLessThanOrEqual(bound);
          expect(Math.abs(y1 - Math.min(1, b) * scene.height)).toBeLessThanOrEqual(bound);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("keeps everything inside the canvas, and text off the right edge", () => {
    fc.assert(
      fc.property(pictures, ({ toy, camera, options }) => {
        const scene = look(toy, options, camera);
        for (const { x0, x1, y0, y1 } of [...scene.blocks, ...scene.hatches]) {
          expect(x0).toBeGreaterThanOrEqual(0);
          expect(x1).toBeLessThanOrEqual(scene.width);
          expect(y0).toBeGreaterThanOrEqual(-1e-6);
          expect(y1).toBeLessThanOrEqual(scene.height + 1e-6);
        }
        for (const { pieces } of scene.lines) {
          for (const { x1 } of pieces) expect(x1).toBeLessThanOrEqual(scene.width);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("never lets lines cross: one slot each, from top to bottom", () => {
    fc.assert(
      fc.property(pictures, ({ toy, camera, options }) => {
        const { lines, height, pitch } = look(toy, { ...options, linesOn: true }, camera);
        expect(lines.map(({ index }) => index)).toEqual([...lines.keys()]);
        expect(Math.abs(lines.length - height / pitch)).toBeLessThanOrEqual(1);
        if (camera.hi === 1 && camera.lo === 0) expect(lines.length).toBe(options.lines);
        for (let i = 1; i < lines.length; i++) {
          expect(lines[i]!.y0).toBeGreaterThanOrEqual(lines[i - 1]!.y1 - 1e-6);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("makes a block of every next state of the anchor that is at least a line high", () => {
    fc.assert(
      fc.property(pictures, ({ toy, options }) => {
        fc.pre(!toy.model.isCut(0));
        const scene = look(toy, { ...options, conditioned: false });
        const tall = [...toy.model.candidates(0)!.logProbs].filter(
          (logProb) => Math.fround(Math.exp(logProb)) >= 1 / options.lines,
        );
        expect(scene.blocks.filter(({ column }) => column === 0).length).toBe(tall.length);
      }),
      { numRuns: 60 },
    );
  });
});

describe("a line", () => {
  const coin = (options = {}): ToyTree => new ToyTree(() => [0.5, 0.5], options);

  it("has the name of a branch in its block", () => {
    const toy = new ToyTree(() => [0.7, 0.3]);
    toy.growTo(2);
    const node = toy.model.childOf(0, 0);
    toy.event("label", { node, text: "lucky", previous: "" });
    const labels = look(toy).blocks.map(({ ref, label }) => [ref.node, label]);
    expect(labels.find(([at]) => at === node)?.[1]).toMatch(/^lucky · /);
  });

  it("reads the tokens of its own world", () => {
    const toy = coin();
    toy.growTo(9);
    const scene = look(toy, { lines: 8, height: 200 });
    for (const { pieces, at } of scene.lines) {
      const path = toy.model.path(at.node);
      const shown = pieces.map(({ text }) => text).join("");
      const tokens = path.slice(-pieces.length).map((node) => " ab".slice(0, 1) + "ab"[toy.model.key[node]!]);
      expect(shown).toBe(tokens.join(""));
      expect(pieces.every(({ bits }) => Math.abs(bits - 1) < 1e-6)).toBe(true);
    }
  });

  it("goes through a branch as often as the branch is probable, over many draws", () => {
    const toy = new ToyTree(() => [0.55, 0.3, 0.15]);
    toy.growTo(2);
    const child = toy.model.childOf(toy.model.childOf(0, 1), 1);
    let through = 0;
    const draws = 400;
    for (let seed = 1; seed <= draws; seed++) {
      const scene = look(toy, { lines: 7, height: 140, seed, offset: offsetOf(seed) });
      const block = scene.blocks.find(({ ref }) => ref.node === child && ref.key === undefined);
      const thin = scene.lines.filter(({ pieces }) => pieces.some(({ ref }) => ref.node === child));
      through += block === undefined ? thin.length : block.last - block.first;
    }
    const share = through / (7 * draws);
    expect(Math.abs(share - 0.09)).toBeLessThan(4 * Math.sqrt((0.09 * 0.91) / (7 * draws)));
  });

  it("stops before the right edge, with room left to say that it goes on", () => {
    const toy = coin();
    toy.growTo(9);
    const { lines, open } = look(toy, { lines: 2, height: 40, width: 200, columnWidth: 60 });
    expect(open).toBe(0);
    for (const { end, x1, pieces } of lines) {
      expect(end).toBe("edge");
      expect(pieces.length).toBeGreaterThan(2);
      expect(x1).toBeLessThanOrEqual(180);
    }
  });

  it("waits where the tree has not grown", () => {
    const toy = coin();
    toy.growTo(1);
    const scene = look(toy, { lines: 10, height: 200 });
    expect(scene.open).toBe(10);
    expect(scene.steps).toBe(1);
    expect(scene.stepsToFill).toBeGreaterThan(10);
  });

  it("stops at what has ended, and under a cut", () => {
    const toy = coin({ shape: { endKeys: [0] } });
    toy.growTo(1);
    toy.event("prune", { node: toy.model.childOf(0, 1) });
    const scene = look(toy, { lines: 4, height: 100 });
    expect(scene.lines.map(({ end }) => end)).toEqual(["ended", "ended", "cut", "cut"]);
    expect(scene.blocks.map(({ kind, label }) => [kind, label])).toEqual([
      ["ended", "∎"],
      ["cut", "␣b"],
    ]);
    expect(scene.open).toBe(0);
  });

  it("marks the end token of a branch that is thinner than a line", () => {
    const toy = new ToyTree(() => [0.9, 0.1], { shape: { endKeys: [1] } });
    toy.growTo(1);
    const last = look(toy, { lines: 6, height: 120 }).lines[5]!;
    expect(last.end).toBe("ended");
    expect(last.pieces.map(({ text, ref }) => [text, ref.node])).toEqual([
      ["∎", toy.model.childOf(0, 1)],
    ]);
  });

  it("stops where a state is not yet under the procedure", () => {
    const toy = coin();
    toy.growTo(1);
    toy.weigh([], "later", 1);
    toy.expand(toy.model.childOf(0, 0));
    const later = toy.model.weightingFor("later", [{ kind: "temperature", value: 1 }]);
    const scene = look(toy, { lines: 4, height: 100 }, cameraOf(0), later);
    expect(scene.lines.map(({ end }) => end)).toEqual(["unweighed", "unweighed", "open", "open"]);
    expect(scene.hatches.map(({ kind }) => kind)).toEqual(["unweighed"]);
  });

  it("lays tokens of right-to-left text out from right to left", () => {
    const toy = new ToyTree(() => [1], { bytesOf: () => new TextEncoder().encode("ש") });
    toy.growTo(12);
    const { pieces } = look(toy, { lines: 1, height: 20, width: 300 }).lines[0]!;
    expect(pieces.length).toBeGreaterThan(1);
    for (let i = 1; i < pieces.length; i++) expect(pieces[i]!.x1).toBe(pieces[i - 1]!.x0);
  });

  it("gives every token room to be clicked, one that shows nothing too", () => {
    const toy = new ToyTree(() => [1], { bytesOf: () => new Uint8Array(0) });
    toy.growTo(12);
    const { lines } = look(toy, { lines: 2, height: 60, width: 300 });
    const pieces = lines[0]!.pieces;
    expect(pieces.length).toBeGreaterThan(5);
    for (const { x0, x1 } of pieces) expect(x1 - x0).toBeGreaterThan(3);
  });
});

describe("heights", () => {
  const toy = new ToyTree(() => [0.5, 0.3, 0.2]);
  toy.growTo(2);
  toy.weigh([{ kind: "top_k", k: 2 }], "two", 1, 2);
  const two = toy.model.weightingFor("two", [{ kind: "top_k", k: 2 }]);
  const firstColumn = (scene: Scene): number[] =>
    scene.blocks.filter(({ column }) => column === 0).map(({ a, b }) => b - a);

  it("under the procedure are its own probabilities", () => {
    const heights = firstColumn(look(toy, { lines: 8, height: 200 }, cameraOf(0), two));
    expect(heights[0]).toBeCloseTo(0.625, 6);
    expect(heights[1]).toBeCloseTo(0.375, 6);
  });

  it("under the rule leave what the procedure forbids as everything else", () => {
    const scene = look(toy, { lines: 10, height: 300, heights: "rule" }, cameraOf(0), two);
    expect(firstColumn(scene).map((height) => height.toFixed(3))).toEqual(["0.500", "0.300"]);
    const last = scene.hatches[scene.hatches.length - 1]!;
    expect(last.kind).toBe("forbidden");
    expect(last.label).toBe("everything else 20%");
    expect(last.y1 - last.y0).toBeGreaterThan(0.1 * scene.height);
    expect(scene.lines[9]!.end).toBe("forbidden");
  });

  it("are those of what is in view, however deep", () => {
    const deep = new ToyTree(() => [0.5, 0.5]);
    let node = 0;
    for (let step = 0; step < 300; step++) {
      deep.expand(node);
      node = deep.child(node, step % 2);
    }
    deep.growTo(3, node);
    expect(deep.model.cumLogProb[node]! / Math.LN2).toBeCloseTo(-300, 3);
    const scene = look(deep, { lines: 32, height: 640 }, cameraOf(node));
    const column = scene.blocks.filter(({ column }) => column === 2);
    expect(column.length).toBe(8);
    for (const { a, b, y0, y1 } of column) {
      expect(b - a).toBeCloseTo(0.125, 12);
      expect(y1 - y0).toBeCloseTo(80, 9);
    }
  });
});

describe("drawing without lines", () => {
  it("draws the heights exactly", () => {
    const toy = new ToyTree(() => [0.4, 0.35, 0.25]);
    toy.growTo(3);
    const scene = look(toy, { linesOn: false });
    expect(scene.lines).toEqual([]);
    for (const { a, b, y0, y1 } of scene.blocks) {
      expect(y0).toBeCloseTo(a * scene.height, 9);
      expect(y1).toBeCloseTo(b * scene.height, 9);
    }
  });
});

describe("a rule that tells only a part", () => {
  const half: ToyRule = () => [0.4, 0.1];

  function partial(): ToyTree {
    const toy = new ToyTree(half, { incomplete: true, told: 0.5 });
    toy.growTo(2);
    return toy;
  }

  it("draws what is known and hatches the rest, with its share in words", () => {
    const scene = look(partial());
    const hatch = scene.hatches.find(({ ref }) => ref.node === 0)!;
    expect(hatch.kind).toBe("untold");
    expect(hatch.label).toBe("what lies here, the rule does not tell: 50%");
    expect(hatch.y1).toBeCloseTo(OPTIONS.height, 6);
    expect(hatch.y1 - hatch.y0).toBeCloseTo(OPTIONS.height / 2, -1);
    expect(scene.blocks.every(({ y1, column }) => column > 0 || y1 <= hatch.y0 + 1e-6)).toBe(true);
  });

  it("ends the lines there: they wait for nothing", () => {
    const scene = look(partial());
    const beyond = scene.lines.filter(({ end }) => end === "untold");
    expect(beyond.length).toBeGreaterThanOrEqual(19);
    expect(beyond.every(({ at }) => at.key === undefined)).toBe(true);
    expect(scene.lines.filter(({ end }) => end === "open").length).toBe(scene.open);
    expect(scene.lines.length).toBe(OPTIONS.lines);
  });

  it("says it shortly where there is little room", () => {
    const scene = look(partial(), { width: 360 });
    expect(scene.hatches.map(({ label }) => label)).toContain("not told: 50%");
  });

  it("hatches a whole state whose procedure needs more than is told", () => {
    const toy = partial();
    toy.event("weigh", { procedure: [{ kind: "temperature", value: 2 }], fingerprint: "hot" }, {
      weight_untold_node: Uint32Array.of(0),
    });
    const hot = toy.model.weightingFor("hot", [{ kind: "temperature", value: 2 }]);
    const [hatch] = look(toy, {}, cameraOf(0), hot).hatches;
    expect(hatch!.kind).toBe("unweighable");
    expect(hatch!.label).toContain("needs more than the engine tells");
    const byRule = look(toy, { heights: "rule" }, cameraOf(0), hot);
    expect(byRule.hatches.map(({ kind }) => kind)).toContain("untold");
  });
});
