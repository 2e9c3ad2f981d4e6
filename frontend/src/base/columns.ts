/** Named one-dimensional arrays: the bulk part of an event or of a tree, as it crosses the wire. */

export type Dtype = "u1" | "u4" | "i4" | "f4" | "f8";
export type Column = Uint8Array | Uint32Array | Int32Array | Float32Array | Float64Array;
export type Columns = Readonly<Record<string, Column>>;

const NOTHING = new Float64Array(0);

/** The column of that name, or an empty one: empty columns may be left out of a frame. */
export function column(columns: Columns, name: string): Column {
  return columns[name] ?? NOTHING;
}
