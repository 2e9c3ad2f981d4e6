import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { reanchored } from "./anchoring";
import { type Camera, panned, wholeOf, zoomed } from "./camera";
import { idOf, latticeOf } from "./lattice";
import { offsetOf } from "./random";
import type { Scene } from "./scene";
import { ToyTree } from "./toy";
import { lineStart } from "./walk";
import { layoutWorlds } from "./worlds";

const toy = new ToyTree((keys) => (keys.length % 2 === 0 ? [0.5, 0.3, 0.2] : [0.6, 0.4]));
toy.growTo(10);
const { model, rules } = toy;
const OPTIONS = { lines: 38, offset: 0.5, seed: 0 };

const look = (camera: Camera): Scene =>
  layoutWorlds(model, rules, camera, {
    ...OPTIONS,
    width: 900,
    height: 646,
    linePitch: 17,
    columnWidth: 96,
    linesOn: true,
    heights: "procedure",
    conditioned: false,
    colour: "entropy",
    measure: (text) => text.length * 7.5,
  });

const cameras = fc
  .array(
    fc.record({
      focus: fc.double({ min: 0, max: 1, noNaN: true }),
      factor: fc.double({ min: 0.4, max: 2.5, noNaN: true }),
      by: fc.double({ min: -0.5, max: 0.5, noNaN: true }),
    }),
    { maxLength: 12 },
  )
  .map((moves) =>
    moves.reduce<Camera>(
      (camera, { focus, factor, by }) =>
        reanchored(model, rules, panned(zoomed(camera, focus, factor), by)),
      wholeOf(0),
    ),
  );
const PATIENCE = { timeout: 30_000 };

describe("the lines in view", PATIENCE, () => {
  it("are those of n even worlds where a whole state is in view", () => {
    for (const seed of [0, 7]) {
      const offset = offsetOf(seed);
      const { u, ids, left } = latticeOf(model, rules, wholeOf(3), { lines: 38, offset, seed });
      expect([...ids]).toEqual([...Array(38).keys()]);
      expect([...u]).toEqual([...ids].map((i) => lineStart(0, 1, i, 38, offset).u));
      expect(new Set(left)).toEqual(new Set([52]));
    }
  });

  it("are some of the same worlds where there is less room, all of them and more where there is more", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 60 }).map((half) => 2 * half),
        fc.integer({ min: 4, max: 120 }),
        fc.integer({ min: 4, max: 120 }),
        fc.boolean(),
        cameras,
        (lines, less, more, isDrawn, camera) => {
          if (less > more) [less, more] = [more, less];
          const seed = isDrawn ? 7 : 0;
          const of = (room: number) =>
            latticeOf(model, rules, camera, { lines, room, offset: offsetOf(seed), seed });
          const [few, many] = [of(less), of(more)];
          const known = new Map([...many.ids].map((id, i) => [id, i]));
          [...few.ids].forEach((id, i) => {
            const same = known.get(id)!;
            expect(same).toBeDefined();
            expect(many.u[same]).toBeCloseTo(few.u[i]!, 12);
          });
          const closest = few.spacing * less;
          expect(closest).toBeGreaterThan(0.75 - 1e-9);
          expect(closest).toBeLessThan(1.5 + 1e-9);
        },
      ),
    );
  });

  it("are every second one of n on half the room, each worth twice as much", () => {
    const of = (room: number) => latticeOf(model, rules, wholeOf(0), { lines: 38, room, offset: 0.5, seed: 0 });
    expect([...of(21).ids]).toEqual([...Array(19).keys()].map((i) => 2 * i));
    expect(of(21).spacing).toBeCloseTo(1 / 19, 12);
    expect([...of(38).ids]).toEqual([...of(30).ids]);
  });

  it("stand at even spacing within any view, about as dense", () => {
    fc.assert(
      fc.property(cameras, (camera) => {
        const { u, spacing, ids } = latticeOf(model, rules, camera, OPTIONS);
        expect(new Set(ids).size).toBe(ids.length);
        expect(spacing * 38).toBeGreaterThanOrEqual(0.749);
        expect(spacing * 38).toBeLessThan(1.51);
        const size = camera.hi - camera.lo;
        for (let i = 1; i < u.length; i++) {
          expect((u[i]! - u[i - 1]!) / size / spacing).toBeCloseTo(1, 4);
        }
        expect((u[0]! - camera.lo) / size).toBeLessThan(spacing + 1e-6);
        expect((camera.hi - u[u.length - 1]!) / size).toBeLessThan(spacing + 1e-6);
      }),
      { numRuns: 200 },
    );
  });

  it("keep their worlds while one moves: those that stay in view are read on", () => {
    const textOf = (scene: Scene): Map<number, string> =>
      new Map(
        scene.lines.map(({ id, at }) => [
          id,
          model.path(at.node).map((node) => model.key[node]).join(),
        ]),
      );
    fc.assert(
      fc.property(cameras, fc.double({ min: -0.3, max: 0.3, noNaN: true }), (camera, by) => {
        const before = look(camera);
        const next = reanchored(model, rules, panned(camera, by));
        fc.pre((next.home ?? next.anchor) === (camera.home ?? camera.anchor));
        const [one, other] = [textOf(before), textOf(look(next))];
        const both = [...one.keys()].filter((id) => other.has(id));
        expect(both.length).toBeGreaterThanOrEqual(Math.floor(one.size * (0.95 - Math.abs(by))) - 2);
        for (const id of both) {
          // One of them may be cut off by the edge or by more columns of blocks.
          const [a, b] = [one.get(id)!, other.get(id)!];
          expect(a.startsWith(b) || b.startsWith(a)).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });

  it("have one id for one place, whatever the level", () => {
    for (let j = 0; j < 200; j++) {
      for (let level = 0; level < 8; level++) expect(idOf(2 * j, level + 1)).toBe(idOf(j, level));
    }
    expect(idOf(5, 0)).toBe(5);
    expect(idOf(5, -1)).toBe(10);
    expect(idOf(-1, 0)).toBe(0xffff_ffff);
  });
});
