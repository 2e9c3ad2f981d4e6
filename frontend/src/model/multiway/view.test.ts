import fc from "fast-check";
import { expect, test } from "vitest";
import { ToyTree } from "../toy";
import { merge } from "./merge";
import { subtreeOf } from "./toy";
import {
  fitted,
  hullOf,
  inSight,
  pannedBy,
  pickClass,
  radiusOf,
  revealing,
  toScreen,
  zoomedAt,
  type GraphCamera,
  type Point,
} from "./view";

const SIZE = { width: 800, height: 500 };
const number = fc.double({ min: -500, max: 500, noNaN: true });
const cameras: fc.Arbitrary<GraphCamera> = fc.record({
  x: number,
  y: number,
  scale: fc.double({ min: 0.1, max: 2, noNaN: true }),
  stretch: fc.double({ min: 0.14, max: 2.4, noNaN: true }),
});

/** Where a point of the canvas lies on the graph's plane. */
const onPlane = (camera: GraphCamera, { x, y }: Point): Point => ({
  x: camera.x + (x - SIZE.width / 2) / camera.scale,
  y: camera.y + (y - SIZE.height / 2) / (camera.scale * camera.stretch),
});

test("what is under the pointer stays there while one zooms", () => {
  fc.assert(
    fc.property(cameras, fc.nat(800), fc.nat(500), fc.double({ min: 0.3, max: 3, noNaN: true }), (camera, x, y, factor) => {
      const place = onPlane(camera, { x, y });
      const after = toScreen(zoomedAt(camera, SIZE, { x, y }, factor), SIZE, place.x, place.y);
      expect(after.x).toBeCloseTo(x, 6);
      expect(after.y).toBeCloseTo(y, 6);
    }),
  );
});

test("zooming in gives proportions back before it widens", () => {
  const flat = { x: 0, y: 0, scale: 0.5, stretch: 0.25 };
  expect(zoomedAt(flat, SIZE, { x: 0, y: 0 }, 2)).toMatchObject({ scale: 0.5, stretch: 0.5 });
  const third = zoomedAt(flat, SIZE, { x: 0, y: 0 }, 8);
  expect([third.scale, third.stretch]).toEqual([1, 1]);
});

test("the hand moves the paper", () => {
  fc.assert(
    fc.property(cameras, number, number, (camera, dx, dy) => {
      const before = toScreen(camera, SIZE, 10, 20);
      const after = toScreen(pannedBy(camera, dx, dy), SIZE, 10, 20);
      expect(after.x - before.x).toBeCloseTo(dx, 6);
      expect(after.y - before.y).toBeCloseTo(dy, 6);
    }),
  );
});

test("a fitted camera has everything in sight, whatever its shape", () => {
  const points = fc.array(fc.tuple(number, number), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(points, fc.constantFrom([1, 1] as const, [0.02, 2.4] as const), (places, stretch) => {
      const x = places.map(([a]) => a);
      const y = places.map(([, b]) => b);
      const camera = fitted(x, y, SIZE, 100, stretch);
      expect(camera.stretch).toBeGreaterThanOrEqual(stretch[0]);
      expect(camera.stretch).toBeLessThanOrEqual(stretch[1]);
      for (const [a, b] of places) {
        const at = toScreen(camera, SIZE, a, b);
        expect(at.x).toBeGreaterThan(20);
        expect(at.x).toBeLessThan(SIZE.width - 100);
        expect(at.y).toBeGreaterThan(20);
        expect(at.y).toBeLessThan(SIZE.height - 20);
      }
    }),
  );
});

test("what is in sight needs no camera moved, and what is not comes just into sight", () => {
  const camera = { x: 0, y: 0, scale: 1, stretch: 1 };
  expect(revealing(camera, SIZE, 30, 40)).toBe(camera);
  fc.assert(
    fc.property(cameras, number, number, (one, x, y) => {
      const at = toScreen(revealing(one, SIZE, x, y), SIZE, x, y);
      expect(at.x).toBeGreaterThanOrEqual(25.9);
      expect(at.x).toBeLessThanOrEqual(SIZE.width - 25.9);
      expect(at.y).toBeGreaterThanOrEqual(25.9);
      expect(at.y).toBeLessThanOrEqual(SIZE.height - 25.9);
    }),
  );
});

test("the area of a disc is the probability of reaching its class, and a pointer on it finds it", () => {
  const toy = new ToyTree(() => [0.64, 0.36]);
  toy.growTo(2);
  const graph = merge(subtreeOf(toy.model), { by: "text" });
  const camera = { x: 0, y: 0, scale: 1, stretch: 1 };
  const areas = [...graph.reach].map((_, one) => radiusOf(graph, one, camera) ** 2);
  areas.forEach((area, one) => expect(area / areas[0]!).toBeCloseTo(graph.reach[one]!, 6));
  const x = [...graph.reach].map((_, one) => one * 60);
  const y = x.map(() => 0);
  x.forEach((place, one) => {
    const at = toScreen(camera, SIZE, place, 0);
    expect(pickClass(graph, x, y, camera, SIZE, { x: at.x + 2, y: at.y - 2 })).toBe(one);
    expect(pickClass(graph, x, y, camera, SIZE, { x: at.x + 30, y: at.y })).toBe(-1);
  });
  expect(inSight(graph, x, y, camera, { width: 130, height: 50 })).toEqual([0, 1]);
});

test("a hull has every point inside or on it, and only points of its own", () => {
  const points = fc.array(fc.record({ x: fc.integer({ min: 0, max: 20 }), y: fc.integer({ min: 0, max: 20 }) }), { minLength: 3, maxLength: 20 });
  fc.assert(
    fc.property(points, (places) => {
      const hull = hullOf(places);
      for (const corner of hull) expect(places).toContainEqual(corner);
      if (hull.length < 3) return;
      for (const point of places) {
        hull.forEach((a, i) => {
          const b = hull[(i + 1) % hull.length]!;
          const side = (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x);
          expect(side).toBeGreaterThanOrEqual(0);
        });
      }
    }),
  );
});
