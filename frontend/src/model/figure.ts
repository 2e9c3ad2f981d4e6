/** What an instrument has found, as the server tells it: tables, and how they are drawn. */

/** What a number is worth: see backend/semioscope/physics/table.py. */
export type Label = "theorem" | "bound" | "estimate" | "analogy";
export type MarkKind = "line" | "dots" | "bars" | "band";
export type Tone = "main" | "other" | "soft";

export interface Column {
  readonly name: string;
  readonly unit: string;
  readonly label: Label;
  readonly about: string;
  /** null: not known. */
  readonly values: readonly (number | string | null)[];
}

export interface Table {
  readonly name: string;
  readonly columns: readonly Column[];
  readonly assumptions: readonly string[];
  readonly notes: readonly string[];
}

export interface Mark {
  readonly kind: MarkKind;
  readonly y: string;
  readonly y2: string | null;
  readonly name: string;
  readonly tone: Tone;
}

export interface Figure {
  readonly title: string;
  readonly table: string;
  readonly x: string;
  readonly x_title: string;
  readonly y_title: string;
  readonly marks: readonly Mark[];
  readonly from_zero: boolean;
}

export const columnOf = (table: Table, name: string): Column | undefined =>
  table.columns.find((column) => column.name === name);

/** Which node each row stands for; null where the table is not about nodes. */
export function nodesOf(table: Table): readonly (number | null)[] | null {
  const column = columnOf(table, "node");
  return column === undefined ? null : column.values.map((value) => (typeof value === "number" ? value : null));
}

export const rowCount = (table: Table): number => table.columns[0]?.values.length ?? 0;

/** A column's heading: what it is, and in what. */
export const headingOf = ({ name, unit }: Column): string => (unit === "" ? name : `${name} (${unit})`);

/**
 * The table as CSV (RFC 4180). Numbers as they are; what is not known is empty. Where it comes from
 * stands in the last column, `about`, as JSON, in the first row, as in the tree's own CSV
 * (backend/semioscope/exchange/csv_file.py).
 */
export function csvOf(table: Table, about: Readonly<Record<string, unknown>>): string {
  const head = [...table.columns.map(headingOf), "about"];
  const rows = Array.from({ length: rowCount(table) }, (_, row) => [
    ...table.columns.map(({ values }) => values[row] ?? ""),
    row === 0 ? JSON.stringify(about) : "",
  ]);
  return [head, ...rows].map((cells) => `${cells.map(quoted).join(",")}\r\n`).join("");
}

function quoted(value: number | string): string {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
