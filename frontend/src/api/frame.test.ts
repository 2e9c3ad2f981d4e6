import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Column } from "../base/columns";
import { decodeFrame, encodeFrame, FrameError } from "./frame";

const anyColumn: fc.Arbitrary<Column> = fc.oneof(
  fc.uint8Array(),
  fc.uint32Array(),
  fc.int32Array(),
  fc.float32Array(),
  fc.float64Array(),
);

describe("a frame", { timeout: 30_000 }, () => {
  it("gives back the header and the columns that it was made of", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.dictionary(fc.stringMatching(/^[a-z][a-z_]{0,11}$/), anyColumn, { noNullPrototype: true }),
        (name, columns) => {
          const { header, columns: read } = decodeFrame(encodeFrame({ name }, columns));
          expect(header["name"]).toBe(JSON.parse(JSON.stringify(name)));
          expect(read).toEqual(columns);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("begins every column at a multiple of eight bytes", () => {
    const frame = encodeFrame({}, { a: Uint8Array.of(1, 2, 3), b: Float64Array.of(0.5) });
    const { header, columns } = decodeFrame(frame);
    expect(header.columns.map(({ offset }) => offset)).toEqual([0, 8]);
    expect(columns["b"]!.byteOffset % 8).toBe(0);
  });

  it("refuses what is no frame", () => {
    expect(() => decodeFrame(new ArrayBuffer(4))).toThrow(FrameError);
    expect(() => decodeFrame(new TextEncoder().encode("<!doctype html>..").buffer)).toThrow(
      FrameError,
    );
  });

  it("refuses another version, and a frame that stops short", () => {
    const frame = encodeFrame({}, { a: Float64Array.of(1, 2) });
    expect(() => decodeFrame(frame.slice(0, frame.byteLength - 8))).toThrow("inside its column a");
    new Uint8Array(frame)[4] = 2;
    expect(() => decodeFrame(frame)).toThrow("version 2");
  });
});
