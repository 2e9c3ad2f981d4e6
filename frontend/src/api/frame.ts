/**
 * The binary frame, version 1: "SEMI", u8 version, 3 zero bytes, u32 LE header length, u32 0,
 * the header as UTF-8 JSON padded with zeros to a multiple of 8, then the columns, little endian,
 * each at an 8-byte aligned offset. `header.columns` lists {name, dtype, length, offset}, the
 * offset counted from the first byte after the padded header.
 */
import type { Column, Columns, Dtype } from "../base/columns";
import type { ColumnEntry } from "../base/headers";

const MAGIC = 0x494d4553; // "SEMI" read as u32 LE
const VERSION = 1;
const PREAMBLE = 16;

const MAKERS = {
  u1: Uint8Array,
  u4: Uint32Array,
  i4: Int32Array,
  f4: Float32Array,
  f8: Float64Array,
} as const;

export interface Frame {
  readonly header: Readonly<Record<string, unknown>> & { readonly columns: readonly ColumnEntry[] };
  readonly columns: Columns;
}

export class FrameError extends Error {}

/** Reads one frame. The columns are views on `bytes` where alignment allows, else copies. */
export function decodeFrame(bytes: ArrayBuffer): Frame {
  const view = new DataView(bytes);
  if (bytes.byteLength < PREAMBLE || view.getUint32(0, true) !== MAGIC) {
    throw new FrameError("This is not a Semioscope frame.");
  }
  if (view.getUint8(4) !== VERSION) {
    throw new FrameError(`Frames of version ${view.getUint8(4)} are not known to this page.`);
  }
  const headerLength = view.getUint32(8, true);
  const start = padded(PREAMBLE + headerLength);
  if (start > bytes.byteLength) throw new FrameError("The frame ends inside its header.");
  const text = new TextDecoder("utf-8", { fatal: true }).decode(
    new Uint8Array(bytes, PREAMBLE, headerLength),
  );
  const header = JSON.parse(text) as Frame["header"];
  const columns: Record<string, Column> = {};
  for (const entry of header.columns) columns[entry.name] = readColumn(bytes, start, entry);
  return { header, columns };
}

/** The frames that a log frame holds, one after another, each padded to a multiple of 8 bytes. */
export function decodeLog(bytes: ArrayBuffer): Frame[] {
  const { header, columns } = decodeFrame(bytes);
  const joined = columns["frames"];
  if (header["type"] !== "log" || !(joined instanceof Uint8Array || joined === undefined)) {
    throw new FrameError("This frame does not hold a log.");
  }
  let from = joined?.byteOffset ?? 0;
  return (header["lengths"] as number[]).map((length) => {
    const frame = decodeFrame(bytes.slice(from, from + length));
    from += padded(length);
    return frame;
  });
}

/** Writes one frame; `decodeFrame` gives the same header and columns back. */
export function encodeFrame(
  header: Readonly<Record<string, unknown>>,
  columns: Columns,
): ArrayBuffer {
  const entries: ColumnEntry[] = [];
  let offset = 0;
  for (const [name, values] of Object.entries(columns)) {
    entries.push({ name, dtype: dtypeOf(values), length: values.length, offset });
    offset = padded(offset + values.byteLength);
  }
  const json = new TextEncoder().encode(JSON.stringify({ ...header, columns: entries }));
  const start = padded(PREAMBLE + json.length);
  const bytes = new ArrayBuffer(start + offset);
  const view = new DataView(bytes);
  view.setUint32(0, MAGIC, true);
  view.setUint8(4, VERSION);
  view.setUint32(8, json.length, true);
  const whole = new Uint8Array(bytes);
  whole.set(json, PREAMBLE);
  for (const entry of entries) {
    const values = columns[entry.name] as Column;
    whole.set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
      start + entry.offset,
    );
  }
  return bytes;
}

function readColumn(bytes: ArrayBuffer, start: number, entry: ColumnEntry): Column {
  const Maker = MAKERS[entry.dtype as Dtype];
  if (Maker === undefined) {
    throw new FrameError(`Column ${entry.name} has the unknown type ${entry.dtype}.`);
  }
  const from = start + entry.offset;
  const size = entry.length * Maker.BYTES_PER_ELEMENT;
  if (entry.length < 0 || entry.offset < 0 || from + size > bytes.byteLength) {
    throw new FrameError(`The frame ends inside its column ${entry.name}.`);
  }
  if (from % Maker.BYTES_PER_ELEMENT === 0) return new Maker(bytes, from, entry.length);
  return new Maker(bytes.slice(from, from + size));
}

function dtypeOf(values: Column): Dtype {
  if (values instanceof Uint8Array) return "u1";
  if (values instanceof Uint32Array) return "u4";
  if (values instanceof Int32Array) return "i4";
  return values instanceof Float32Array ? "f4" : "f8";
}

function padded(size: number): number {
  return Math.ceil(size / 8) * 8;
}
