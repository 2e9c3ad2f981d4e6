/** Frames as the golden files of the contract hold them; for tests. */
import type { Column } from "../base/columns";
import type { TreeFrameHeader } from "../base/headers";

/** Reads a frame without `api`, which the model must not import. */
export function readFrame(base64: string): { header: TreeFrameHeader; columns: Record<string, Column> } {
  const bytes = Uint8Array.from(Buffer.from(base64, "base64"));
  const view = new DataView(bytes.buffer);
  const length = view.getUint32(8, true);
  const start = Math.ceil((16 + length) / 8) * 8;
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(16, 16 + length)));
  const makers = { u1: Uint8Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };
  const columns: Record<string, Column> = {};
  for (const entry of header.columns) {
    const Maker = makers[entry.dtype as keyof typeof makers];
    columns[entry.name] = new Maker(bytes.buffer, start + entry.offset, entry.length);
  }
  return { header, columns };
}
