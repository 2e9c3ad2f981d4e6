import { describe, expect, it } from "vitest";
import { widthAt } from "./fan";
import { neighbour } from "./neighbours";
import { logProbOf, logQOf } from "./next";
import { cameraOf, ToyTree } from "./toy";
import { FULL_BITS, advance, locate } from "./walk";
import { ALL_KEPT, type Weighting } from "./weighting";
import { layoutWorlds } from "./worlds";
import type { Scene, WorldsOptions } from "./scene";

const STEPS = [{ kind: "typical" as const, p: 0.5 }];

/** Two steps of [0.5, 0.3, 0.15, 0.05]; the procedure turns the order round and drops the first. */
function turned(stored?: number): { toy: ToyTree; own: Weighting } {
  const toy = new ToyTree(() => [0.5, 0.3, 0.15, 0.05]);
  toy.growTo(2);
  toy.weighOwn(STEPS, "own", () => [0, 0.2, 0.3, 0.5], stored);
  return { toy, own: toy.model.weightingFor("own", STEPS) };
}

const look = (toy: ToyTree, weighting: Weighting, options: Partial<WorldsOptions> = {}): Scene =>
  layoutWorlds(toy.model, weighting, cameraOf(0), {
    width: 900, height: 400, linePitch: 17, columnWidth: 92, lines: 20, seed: 0, offset: 0.5,
    linesOn: true, heights: "procedure", conditioned: false, colour: "entropy",
    measure: (text) => text.length * 7.5,
    ...options,
  });

describe("a procedure with an order of its own", () => {
  it("divides a state's interval in that order", () => {
    const { toy, own } = turned();
    const fan = toy.model.fan(0, own)!;
    expect([...fan.keys.subarray(fan.from, fan.end)]).toEqual([3, 2, 1]);
    expect(fan.complete).toBe(true);
    const widths = [0, 1, 2].map((i) => widthAt(fan, fan.from + i));
    expect(widths.map((width) => Math.fround(width))).toEqual(widths);
    [0.5, 0.3, 0.2].forEach((q, i) => expect(widths[i]).toBeCloseTo(q, 6));
  });

  it("leads lines by it, with the rule's own surprisals beside", () => {
    const { toy, own } = turned();
    const place = locate(toy.model, 0, 0.6, own)!;
    expect(place).toMatchObject({ key: 2, child: toy.model.childOf(0, 2) });
    expect(place.start).toBeCloseTo(0.5, 6);
    expect(place.logProb).toBeCloseTo(Math.log(0.15), 6);
    const on = advance({ u: 0.6, left: FULL_BITS }, place.start, place.q, 0);
    expect(locate(toy.model, place.child, on.u, own)!.key).toBe(3);
  });

  it("tells what it takes out from what it does not know", () => {
    const { toy, own } = turned();
    expect(logQOf(toy.model, own, 0, 0)).toBe(-Infinity);
    expect(logQOf(toy.model, own, 0, 3)).toBeCloseTo(Math.log(0.5), 6);
    const part = turned(2);
    expect(part.toy.model.fan(0, part.own)!.complete).toBe(false);
    expect(logQOf(part.toy.model, part.own, 0, 1)).toBeNull();
  });

  it("finds a child beyond what is stored by its own log q", () => {
    const { toy, own } = turned(2);
    const child = toy.model.childOf(0, 1);
    expect(locate(toy.model, 0, 0.9, own)).toBeNull();
    toy.event("weigh", { procedure: STEPS, fingerprint: "own" }, {
      weight_tail_node: Uint32Array.of(child),
      weight_tail_cum: Float64Array.of(0.8),
      weight_tail_log_q: Float32Array.of(Math.log(0.2)),
    });
    expect(locate(toy.model, 0, 0.9, own)).toMatchObject({ key: 1, child, start: 0.8 });
    expect(logQOf(toy.model, own, 0, 1)).toBeCloseTo(Math.log(0.2), 6);
  });

  it("may rank what the rule does not store among its leading ones", () => {
    const toy = new ToyTree(() => [0.6, 0.4], { incomplete: true });
    toy.expand(0);
    toy.event("weigh", { procedure: STEPS, fingerprint: "own" }, {
      weight_node: Uint32Array.of(0),
      weight_log_z: Float64Array.of(0),
      weight_kept: Uint32Array.of(ALL_KEPT),
      weight_entropy: Float32Array.of(1),
      weight_own_node: Uint32Array.of(0),
      weight_own_count: Uint32Array.of(1),
      weight_own_key: Uint32Array.of(40),
      weight_own_log_prob: Float32Array.of(-12),
      weight_own_log_q: Float32Array.of(Math.log(0.9)),
    });
    const own = toy.model.weightingFor("own", STEPS);
    expect(logProbOf(toy.model, own, 0, 40)).toBeCloseTo(-12, 5);
    expect(logProbOf(toy.model, own, 0, 41)).toBeNaN();
    expect(neighbour(toy.model, { node: 0, key: 1 }, "down", own)).toEqual({ node: 0, key: 40 });
    const scene = look(toy, own);
    expect(scene.blocks.map(({ key }) => key)).toEqual([40]);
    expect(scene.blocks[0]!.b).toBeCloseTo(0.9, 6);
  });

  it("is drawn in its order, whole heights and no line lost", () => {
    const { toy, own } = turned();
    const scene = look(toy, own);
    const first = scene.blocks.filter(({ column }) => column === 0);
    expect(first.map(({ key }) => key)).toEqual([3, 2, 1]);
    [0.5, 0.8, 1].forEach((end, i) => expect(first[i]!.b).toBeCloseTo(end, 6));
    expect(scene.lines).toHaveLength(20);
  });

  it("leaves the rule's heights as they are, and hatches what it takes out wherever that stands", () => {
    const { toy, own } = turned();
    const scene = look(toy, own, { heights: "rule" });
    const first = scene.blocks.filter(({ column }) => column === 0);
    expect(first.map(({ key, kind }) => [key, kind])).toEqual([
      [0, "forbidden"],
      [1, "state"],
      [2, "state"],
      [3, "state"],
    ]);
    const stopped = scene.lines.filter(({ end }) => end === "forbidden");
    const within = scene.lines.filter(({ index }) => (index + 0.5) / 20 < 0.5);
    expect(within.every((line) => stopped.includes(line))).toBe(true);
  });

  it("replaces what it said of a state when that is weighed again", () => {
    const { toy, own } = turned();
    toy.weighOwn(STEPS, "own", () => [1, 0, 0, 0]);
    const fan = toy.model.fan(0, own)!;
    expect([...fan.keys.subarray(fan.from, fan.end)]).toEqual([0]);
  });

  it("is the same from a reader's own frame", () => {
    const { toy } = turned();
    const mine = toy.model.weightingFrom(
      { fingerprint: "mine", procedure: STEPS },
      {
        weight_node: Uint32Array.of(0),
        weight_log_z: Float64Array.of(0),
        weight_kept: Uint32Array.of(1),
        weight_entropy: Float32Array.of(0),
        weight_own_node: Uint32Array.of(0),
        weight_own_count: Uint32Array.of(1),
        weight_own_key: Uint32Array.of(2),
        weight_own_log_prob: Float32Array.of(Math.log(0.15)),
        weight_own_log_q: Float32Array.of(0),
      },
    );
    expect(locate(toy.model, 0, 0.99, mine)!.key).toBe(2);
    expect(mine.isWeighed(1)).toBe(false);
  });
});
