import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { shareHeights } from "./share";

/** Segments of a height of n pitches that hold the lines standing at (i + offset) pitches. */
const segments = fc
  .record({
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 40 }),
    // Thin segments around single lines: those are what moves boundaries.
    pinched: fc.array(fc.tuple(fc.nat(59), fc.double({ min: 0.001, max: 0.4, noNaN: true })), {
      maxLength: 20,
    }),
    lines: fc.integer({ min: 1, max: 60 }),
    pitch: fc.double({ min: 8, max: 30, noNaN: true }),
    offset: fc.oneof(fc.constant(0.5), fc.double({ min: 0, max: 0.999, noNaN: true })),
    room: fc.double({ min: 0.5, max: 1, noNaN: true }),
  })
  .map(({ cuts, pinched, lines, pitch, offset, room }) => {
    const height = lines * pitch;
    const around = pinched.flatMap(([line, half]) =>
      [-half, half].map((side) => ((line % lines) + offset + side) * pitch),
    );
    const inside = [...cuts.map((cut) => cut * height), ...around]
      .filter((cut) => cut >= 0 && cut <= height)
      .sort((a, b) => a - b);
    const ends = [...inside, height];
    const counts: number[] = [];
    let from = 0;
    for (const end of ends) {
      let to = from;
      while (to < lines && (to + offset) * pitch < end) to++;
      counts.push(to - from);
      from = to;
    }
    const needs = counts.map((count) => count * room * pitch);
    return { ends, needs, height, pitch, offset };
  });

describe("sharing the height", { timeout: 30_000 }, () => {
  it("gives every segment the room that its lines need", () => {
    fc.assert(
      fc.property(segments, ({ ends, needs, height }) => {
        const drawn = shareHeights(ends, needs, height);
        expect(drawn[0]).toBe(0);
        expect(drawn[ends.length]).toBeCloseTo(height, 6);
        needs.forEach((need, i) => {
          expect(drawn[i + 1]! - drawn[i]!).toBeGreaterThanOrEqual(need - 1e-6);
        });
      }),
    );
  });

  it("moves no boundary by more than max(offset, 1 − offset) of a pitch", () => {
    fc.assert(
      fc.property(segments, ({ ends, needs, height, pitch, offset }) => {
        const drawn = shareHeights(ends, needs, height);
        const bound = Math.max(offset, 1 - offset) * pitch;
        ends.forEach((end, i) => {
          expect(Math.abs(drawn[i + 1]! - end)).toBeLessThanOrEqual(bound + 1e-6);
        });
      }),
    );
  });

  it("leaves boundaries where they are when there is room for all", () => {
    expect([...shareHeights([30, 70, 100], [10, 20, 10], 100)]).toEqual([0, 30, 70, 100]);
  });
});
