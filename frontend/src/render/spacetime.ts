/** Rows of cells one below another: the picture of an automaton's history, time downwards. */
import { runsOf } from "../model/cells";
import { snap, type Brush } from "./brush";

export interface Grid {
  /** Side of a cell, CSS pixels: a whole number of device pixels. */
  readonly cell: number;
  readonly width: number;
  readonly height: number;
}

const LARGEST = 9;

/** The largest crisp cells with which `columns` × `rows` fit; the width must, the height may not. */
export function gridFor(
  columns: number,
  rows: number,
  width: number,
  height: number,
  ratio: number,
  largest: number = LARGEST,
): Grid {
  const wide = Math.max(1, Math.floor((width * ratio) / Math.max(1, columns)));
  const high = Math.max(3 * ratio, Math.floor((height * ratio) / Math.max(1, rows)));
  const pixels = Math.max(1, Math.floor(Math.min(wide, high, largest * ratio)));
  const cell = pixels / ratio;
  return { cell, width: columns * cell, height: rows * cell };
}

/**
 * Live cells in ink, those of rows from `ahead` on fainter; `selected` is the row that is marked
 * (−1: none).
 */
export function drawRows(
  brush: Brush,
  rows: readonly Uint8Array[],
  { cell, width }: Grid,
  ahead: number,
  selected: number,
): void {
  const { context, theme } = brush;
  rows.forEach((row, index) => {
    context.fillStyle = theme.ink;
    context.globalAlpha = brush.alpha * (index < ahead ? 1 : 0.5);
    const y = snap(brush, index * cell);
    const height = snap(brush, (index + 1) * cell) - y;
    for (const [first, end] of runsOf(row)) {
      const x = snap(brush, first * cell);
      context.fillRect(x, y, snap(brush, end * cell) - x, height);
    }
  });
  context.globalAlpha = brush.alpha;
  if (selected === -1) return;
  context.fillStyle = theme.accentWash;
  context.fillRect(0, selected * cell, width, cell);
  context.fillStyle = theme.accent;
  const thick = Math.max(1, Math.min(2, cell / 3));
  context.fillRect(0, (selected + 1) * cell, width, thick);
}
