import { describe, expect, it } from "vitest";
import { neighbour } from "./neighbours";
import { linesThrough, pick } from "./pick";
import { cameraOf, ToyTree } from "./toy";
import { layoutWorlds } from "./worlds";

const toy = new ToyTree(() => [0.5, 0.3, 0.1, 0.06, 0.04]);
toy.growTo(5);
const scene = layoutWorlds(toy.model, toy.rules, cameraOf(0), {
  width: 900,
  height: 340,
  linePitch: 17,
  columnWidth: 92,
  lines: 20,
  seed: 0,
  offset: 0.5,
  linesOn: true,
  heights: "procedure",
  conditioned: false,
  colour: "entropy",
  measure: (text) => text.length * 7.5,
});

describe("pointing", () => {
  it("finds every block and every token at its own middle", () => {
    for (const { ref, x0, x1, y0, y1 } of scene.blocks) {
      const found = pick(scene, (x0 + x1) / 2, (y0 + y1) / 2);
      expect(found).toMatchObject({ kind: "block", ref, x0, x1, y0, y1 });
    }
    for (const { pieces, y, index } of scene.lines) {
      for (const { ref, x0, x1 } of pieces) {
        const found = pick(scene, (x0 + x1) / 2, y);
        expect(found).toMatchObject({ kind: "token", ref, line: index, x0, x1 });
      }
    }
  });

  it("finds the line beyond its last token, and nothing outside", () => {
    const { x1, y, index } = scene.lines[3]!;
    expect(pick(scene, x1 + 3, y)).toMatchObject({ kind: "line", line: index });
    expect(pick(scene, -5, -5)).toBeNull();
  });

  it("knows the lines through a state, as a block and as a token", () => {
    const block = scene.blocks[0]!;
    expect(linesThrough(scene, block.ref).length).toBe(block.last - block.first);
    const piece = scene.lines[19]!.pieces[1]!;
    expect(linesThrough(scene, piece.ref).map(({ index }) => index)).toContain(19);
    expect(linesThrough(scene, { node: 0 }).length).toBe(20);
  });
});

describe("the arrow keys", () => {
  const { model } = toy;
  const [first, second] = [model.childOf(0, 0), model.childOf(0, 1)];

  it("go to the most probable next state and back", () => {
    expect(neighbour(model, { node: 0 }, "right")).toEqual({ node: first });
    expect(neighbour(model, { node: first }, "left")).toEqual({ node: 0 });
    expect(neighbour(model, { node: 0 }, "left")).toBeNull();
  });

  it("go through the siblings by rank", () => {
    expect(neighbour(model, { node: first }, "down")).toEqual({ node: second });
    expect(neighbour(model, { node: second }, "up")).toEqual({ node: first });
    expect(neighbour(model, { node: first }, "up")).toBeNull();
  });

  it("go over candidates that are no nodes yet", () => {
    const young = new ToyTree(() => [0.6, 0.4]);
    young.expand(0);
    expect(neighbour(young.model, { node: 0 }, "right")).toEqual({ node: 0, key: 0 });
    expect(neighbour(young.model, { node: 0, key: 0 }, "down")).toEqual({ node: 0, key: 1 });
    expect(neighbour(young.model, { node: 0, key: 1 }, "left")).toEqual({ node: 0 });
    expect(neighbour(young.model, { node: 0, key: 1 }, "right")).toBeNull();
  });
});
