/** A transition matrix as people paste it: what each row says, and what is wrong with it. */

export interface MatrixRow {
  readonly values: readonly number[];
  /** Of the values; NaN where one of them is no number. */
  readonly sum: number;
  /** One sentence, or null. */
  readonly fault: string | null;
}

export interface Matrix {
  readonly rows: readonly MatrixRow[];
  /** One sentence on the matrix as a whole, or on its first row that is wrong; null if none is. */
  readonly fault: string | null;
}

/** By how much a row's sum may differ from one: numbers are pasted with a few decimals. */
export const SUM_TOLERANCE = 1e-6;
export const MOST_SYMBOLS = 256;

/** A number, or a fraction such as 1/3. */
export function numberOf(text: string): number {
  const parts = text.split("/");
  if (parts.length > 2 || parts.some((part) => part.trim() === "")) return NaN;
  const [whole, divisor] = parts.map(Number);
  return divisor === undefined ? whole! : whole! / divisor;
}

/** Rows are lines; numbers stand apart by spaces, tabs, commas or semicolons. */
export function matrixOf(text: string): Matrix {
  const lines = text
    .split("\n")
    .map((line) => line.replace(/[[\]|()]/g, " ").trim())
    .filter((line) => line !== "");
  const rows = lines.map((line, index) => rowOf(line, index, lines.length));
  return { rows, fault: faultOf(rows) };
}

function rowOf(line: string, index: number, size: number): MatrixRow {
  const words = line.split(/[\s,;]+/).filter((word) => word !== "");
  const values = words.map(numberOf);
  const sum = values.reduce((total, value) => total + value, 0);
  const row = `Row ${index + 1}`;
  const strange = values.findIndex((value) => !Number.isFinite(value));
  const negative = values.find((value) => value < 0);
  let fault: string | null = null;
  if (strange !== -1) fault = `${row} has “${words[strange]}”, which is not a number.`;
  else if (values.length !== size) {
    fault = `${row} has ${values.length} numbers, and there are ${size} rows: a matrix is square.`;
  } else if (negative !== undefined) fault = `${row} has ${negative}, and no probability is negative.`;
  else if (Math.abs(sum - 1) > SUM_TOLERANCE) {
    fault = `${row} sums to ${shown(sum)}; a row of probabilities sums to 1.`;
  }
  return { values, sum, fault };
}

function faultOf(rows: readonly MatrixRow[]): string | null {
  if (rows.length === 0) return "Paste a matrix: one row a line, what follows each symbol.";
  if (rows.length > MOST_SYMBOLS) {
    return `The matrix has ${rows.length} rows; at most ${MOST_SYMBOLS} are taken.`;
  }
  return rows.find(({ fault }) => fault !== null)?.fault ?? null;
}

/** A sum as people compare it with 1: without the noise of binary fractions. */
export const shown = (sum: number): string => String(Number(sum.toPrecision(7)));

/** Symbols as they are written, apart by spaces or commas; A, B, C … for `count` without any. */
export function symbolsOf(text: string, count: number): string[] {
  const named = text.split(/[\s,;]+/).filter((symbol) => symbol !== "");
  if (named.length > 0) return named;
  return Array.from({ length: count }, (_, i) =>
    count <= 26 ? String.fromCharCode(65 + i) : `s${i + 1}`,
  );
}
