import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { NARROWEST_VIEW, reanchored, shareOf, viewIn } from "./anchoring";
import { type Camera, homeOf, type Pinch, panned, pinched, wholeOf, zoomed } from "./camera";
import { ToyTree, type ToyRule } from "./toy";

/** An exact number: n / 2^s. Doubles are such numbers, and so are their sums and products. */
interface Dyadic {
  readonly n: bigint;
  readonly s: bigint;
}

function exact(value: number): Dyadic {
  let n = value;
  let s = 0;
  while (!Number.isInteger(n)) {
    n *= 2;
    s += 1;
  }
  return { n: BigInt(n), s: BigInt(s) };
}
const plus = (a: Dyadic, b: Dyadic): Dyadic => {
  const s = a.s > b.s ? a.s : b.s;
  return { n: (a.n << (s - a.s)) + (b.n << (s - b.s)), s };
};
const times = (a: Dyadic, b: Dyadic): Dyadic => ({ n: a.n * b.n, s: a.s + b.s });
const minus = (a: Dyadic, b: Dyadic): Dyadic => plus(a, { n: -b.n, s: b.s });
/** a / b, b > 0, good to a double. */
const ratio = (a: Dyadic, b: Dyadic): number => {
  const s = a.s > b.s ? a.s : b.s;
  const [x, y] = [a.n << (s - a.s), b.n << (s - b.s)];
  return Number((x << 80n) / y) / 2 ** 80;
};

interface Exact {
  readonly lo: Dyadic;
  readonly size: Dyadic;
}

/** The view in the interval of the prompt, exactly. */
function absolute(toy: ToyTree, { anchor, lo, hi }: Camera): Exact {
  let view: Exact = { lo: exact(lo), size: minus(exact(hi), exact(lo)) };
  for (let at = anchor; at !== 0; at = toy.model.parent[at]!) {
    const { start, size } = shareOf(toy.model, toy.rules, at)!;
    view = {
      lo: plus(exact(start), times(exact(size), view.lo)),
      size: times(exact(size), view.size),
    };
  }
  return view;
}

/** How far two views are apart, in heights of the second. */
const apart = (one: Exact, other: Exact): number =>
  Math.max(
    Math.abs(ratio(minus(one.lo, other.lo), other.size)),
    Math.abs(ratio(minus(one.size, other.size), other.size)),
  );

const COIN: ToyRule = () => [0.5, 0.5];
const UNEVEN: ToyRule = (keys) => (keys.length % 3 === 1 ? [1] : [0.5, 0.3, 0.15, 0.05]);

/** Grows what lies under a place of the view, some states deep. */
function deepen(toy: ToyTree, { anchor, lo, hi }: Camera, focus: number): void {
  let node = anchor;
  let u = lo + focus * (hi - lo);
  for (let step = 0; step < 8; step++) {
    const { model, rules } = toy;
    if (!model.isExpanded(node)) toy.expand(node);
    for (const key of model.candidates(node)!.keys) toy.child(node, key);
    const next = model
      .children(node)
      .find((child) => {
        const { start, size } = shareOf(model, rules, child)!;
        return u < start + size;
      });
    if (next === undefined) return;
    const { start, size } = shareOf(model, rules, next)!;
    u = Math.max(0, (u - start) / size);
    node = next;
  }
}

const moves = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.record({ focus: fc.double({ min: 0, max: 1, noNaN: true }), factor: fc.double({ min: 1, max: 6, noNaN: true }) }) },
    { weight: 1, arbitrary: fc.record({ focus: fc.double({ min: 0, max: 1, noNaN: true }), factor: fc.double({ min: 0.2, max: 1, noNaN: true }) }) },
    { weight: 1, arbitrary: fc.record({ by: fc.double({ min: -0.6, max: 0.6, noNaN: true }) }) },
  ),
  { minLength: 5, maxLength: 60 },
);
const rules = fc.constantFrom(COIN, UNEVEN);
const PATIENCE = { timeout: 30_000 };

describe("a camera that moves", PATIENCE, () => {
  it("shows what exact arithmetic says, however deep, and never leaves its anchor", () => {
    fc.assert(
      fc.property(rules, moves, (rule, path) => {
        const toy = new ToyTree(rule);
        let camera = wholeOf(0);
        for (const move of path) {
          deepen(toy, camera, "focus" in move ? move.focus : 0.5);
          const moved = "by" in move ? panned(camera, move.by) : zoomed(camera, move.focus, move.factor);
          const next = reanchored(toy.model, toy.rules, moved);
          expect(next.lo).toBeGreaterThanOrEqual(0);
          expect(next.hi).toBeLessThanOrEqual(1);
          expect(next.hi).toBeGreaterThan(next.lo);
          const reachesOut = ratio(absolute(toy, moved).lo, exact(1)) < 0 ||
            ratio(plus(absolute(toy, moved).lo, absolute(toy, moved).size), exact(1)) > 1;
          const isClamped = next.hi - next.lo <= NARROWEST_VIEW * 1.01;
          if (!reachesOut && !isClamped) {
            // A thousandth of a pixel of a canvas of a thousand.
            expect(apart(absolute(toy, next), absolute(toy, moved))).toBeLessThan(1e-6);
          }
          camera = next;
        }
      }),
      { numRuns: 120 },
    );
  });

  it("is measured in the deepest grown state that holds it", () => {
    fc.assert(
      fc.property(rules, moves, (rule, path) => {
        const toy = new ToyTree(rule);
        let camera = wholeOf(0);
        for (const move of path) {
          deepen(toy, camera, "focus" in move ? move.focus : 0.5);
          const moved = "by" in move ? panned(camera, move.by) : zoomed(camera, move.focus, move.factor);
          camera = reanchored(toy.model, toy.rules, moved);
          const { anchor, lo, hi } = camera;
          for (const child of toy.model.children(anchor)) {
            const { start, size } = shareOf(toy.model, toy.rules, child)!;
            if (size < 0.99) expect(lo >= start && hi <= start + size).toBe(false);
          }
        }
      }),
      { numRuns: 60 },
    );
  });

  it("goes 300 bits deep and comes back to where it was", () => {
    const toy = new ToyTree(COIN);
    let camera = wholeOf(0);
    const stops: Exact[] = [];
    while (toy.model.depth[camera.anchor]! < 300) {
      stops.push(absolute(toy, camera));
      deepen(toy, camera, 1 / 3);
      camera = reanchored(toy.model, toy.rules, zoomed(camera, 1 / 3, 2));
    }
    expect(camera.hi - camera.lo).toBeGreaterThan(0.2);
    while (stops.length > 0) {
      camera = reanchored(toy.model, toy.rules, zoomed(camera, 1 / 3, 0.5));
      const was = stops.pop()!;
      const now = absolute(toy, camera);
      if (stops.length > 2) expect(apart(now, was)).toBeLessThan(1e-3);
    }
    expect(camera).toMatchObject({ anchor: 0, lo: 0, hi: 1 });
  });

  it("goes into one of two states where it has come too close to their border", () => {
    const toy = new ToyTree(COIN);
    toy.growTo(3);
    const middle = { anchor: 0, lo: 0.5 - 2 ** -24, hi: 0.5 + 2 ** -24 };
    const camera = reanchored(toy.model, toy.rules, middle);
    expect(camera.anchor).not.toBe(0);
    expect(toy.model.depth[camera.anchor]).toBeGreaterThanOrEqual(1);
  });

  it("comes only so close to what is not grown, and to what has ended", () => {
    const toy = new ToyTree(COIN, { shape: { endKeys: [1] } });
    toy.expand(0);
    const ungrown = reanchored(toy.model, toy.rules, { anchor: 0, lo: 0.1, hi: 0.101 });
    expect(ungrown).toMatchObject({ anchor: 0 });
    expect(ungrown.hi - ungrown.lo).toBeCloseTo(0.25, 9);
    toy.child(0, 1);
    const ended = reanchored(toy.model, toy.rules, { anchor: 0, lo: 0.9, hi: 0.901 });
    expect(ended).toMatchObject({ anchor: 0 });
    expect(ended.lo).toBeGreaterThanOrEqual(0.5);
  });

  it("stays within the prompt's interval", () => {
    const toy = new ToyTree(COIN);
    toy.growTo(2);
    const at = (camera: Camera): Camera => reanchored(toy.model, toy.rules, camera);
    expect(at(zoomed(wholeOf(0), 0.3, 0.5))).toMatchObject({ anchor: 0, lo: 0, hi: 1 });
    expect(at(panned(wholeOf(0), 0.4))).toMatchObject({ anchor: 0, lo: 0, hi: 1 });
  });

  it("keeps what two fingers hold under them", () => {
    const camera = { anchor: 0, lo: 0.2, hi: 0.6 };
    const place = ({ lo, hi }: Camera, at: number): number => lo + at * (hi - lo);
    fc.assert(
      fc.property(
        fc.tuple(fc.double({ min: 0, max: 0.4, noNaN: true }), fc.double({ min: 0.5, max: 1, noNaN: true })),
        fc.tuple(fc.double({ min: 0, max: 0.4, noNaN: true }), fc.double({ min: 0.5, max: 1, noNaN: true })),
        (from, to) => {
          const hand = ([a, b]: readonly [number, number]): Pinch => ({
            middle: (a + b) / 2,
            spread: b - a,
          });
          const after = pinched(camera, hand(from), hand(to));
          expect(place(after, to[0])).toBeCloseTo(place(camera, from[0]), 9);
          expect(place(after, to[1])).toBeCloseTo(place(camera, from[1]), 9);
        },
      ),
    );
    const together = { middle: 0.5, spread: 0 };
    expect(pinched(camera, together, { middle: 0.25, spread: 0 })).toEqual(panned(camera, 0.25));
  });
});

describe("the state that lines belong to", () => {
  const toy = new ToyTree(COIN);
  toy.growTo(6);
  const { model } = toy;
  const first = model.childOf(0, 0);

  it("stays while one looks around it, and a little closer or further off", () => {
    const near = reanchored(model, toy.rules, panned(wholeOf(first), 0.2));
    expect(near).toMatchObject({ anchor: 0, home: first });
    const closer = reanchored(model, toy.rules, zoomed(wholeOf(first), 0.1, 3));
    expect(closer.anchor).not.toBe(first);
    expect(homeOf(closer)).toBe(first);
    expect(viewIn(model, toy.rules, closer, first)!.hi).toBeCloseTo(0.1 + 0.3, 9);
  });

  it("is left where it is hardly in view, or far too large", () => {
    const away = reanchored(model, toy.rules, panned(wholeOf(first), 0.9));
    expect(homeOf(away)).toBe(0);
    const deep = new ToyTree(COIN);
    let camera = wholeOf(0);
    for (let i = 0; i < 20; i++) {
      deepen(deep, camera, 0.3);
      camera = reanchored(deep.model, deep.rules, zoomed(camera, 0.3, 2));
    }
    expect(homeOf(camera)).not.toBe(0);
  });
});
