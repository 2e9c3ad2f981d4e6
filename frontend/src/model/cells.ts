/** Rows of cells, 0 and 1, and what an elementary cellular automaton makes of them. */

/** The eight neighbourhoods as Wolfram writes them, 111 first: left, self, right. */
export const NEIGHBOURHOODS: readonly number[] = [7, 6, 5, 4, 3, 2, 1, 0];

/** The cell that a rule (0–255) puts under a neighbourhood (0–7: left · 4 + self · 2 + right). */
export const cellAfter = (number: number, neighbourhood: number): 0 | 1 =>
  ((number >> neighbourhood) & 1) as 0 | 1;

/** The rule that differs under one neighbourhood. */
export const flippedAt = (number: number, neighbourhood: number): number =>
  (number & 0xff) ^ (1 << neighbourhood);

/** The cells that a text of 0 and 1 writes down; null for any other text. */
export function cellsOf(text: string): Uint8Array | null {
  if (!/^[01]+$/.test(text)) return null;
  return Uint8Array.from(text, (character) => (character === "1" ? 1 : 0));
}

/** The row after `row`, without noise; beyond the ends of a line there are zeros. */
export function rowAfter(row: Uint8Array, number: number, ring: boolean): Uint8Array {
  const { length } = row;
  const at = (i: number): number => (ring ? row[(i + length) % length]! : (row[i] ?? 0));
  return row.map((self, i) => cellAfter(number, (at(i - 1) << 2) | (self << 1) | at(i + 1)));
}

/** `steps` rows from one live cell in the middle of `width`, the first included. */
export function spreadOf(
  number: number,
  ring: boolean,
  width: number,
  steps: number,
): Uint8Array[] {
  const first = new Uint8Array(width);
  first[width >> 1] = 1;
  const rows: Uint8Array[] = [first];
  while (rows.length < steps) rows.push(rowAfter(rows[rows.length - 1]!, number, ring));
  return rows;
}

/** Neighbouring cells of one kind as stretches: [first, end) of each run of 1. */
export function runsOf(row: Uint8Array): [number, number][] {
  const runs: [number, number][] = [];
  for (let i = 0; i < row.length; i++) {
    if (row[i] === 0) continue;
    const first = i;
    while (i < row.length && row[i] === 1) i++;
    runs.push([first, i]);
  }
  return runs;
}
