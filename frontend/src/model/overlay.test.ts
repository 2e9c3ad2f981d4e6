import { expect, test } from "vitest";
import { overlayOf } from "./overlay";

test("a scale ends at a round number that all but a few values keep below", () => {
  const values = Float32Array.from({ length: 1000 }, (_, i) => (i < 990 ? i / 250 : 1e6));
  values[5] = NaN;
  expect(overlayOf("varentropy", values).hi).toBe(5);
  expect(overlayOf("trajectory", new Float32Array([NaN, NaN])).hi).toBe(1);
  expect(overlayOf("trajectory", new Float32Array(9)).hi).toBe(1);
});

test("ranks are told apart by their order of magnitude", () => {
  const { values, hi } = overlayOf("rank", Float32Array.of(0, 1, 3, 1023, NaN));
  expect([...values]).toEqual([0, 1, 2, 10, NaN]);
  expect(hi).toBe(10);
});
