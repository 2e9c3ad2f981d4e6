/** A row of cells where a text would stand: in a block, or on a line. */
import { runsOf } from "../model/cells";
import { type Brush, snap } from "./brush";

/** Widest cell in a line or a block, CSS pixels. */
const WIDEST = 6;
/** After a row on a line, CSS pixels. */
export const ROW_GAP = 9;

/** How wide a cell is on a line that has about `room` for a row. */
export const cellOnLine = (cells: number, room: number): number =>
  Math.max(1, Math.min(WIDEST, Math.floor(room / Math.max(1, cells))));

/** The row between x and x + width, its middle at y. `ink` is for live cells. */
export function drawCells(
  brush: Brush,
  row: Uint8Array,
  x: number,
  width: number,
  y: number,
  height: number,
  ink: string,
): void {
  const { context } = brush;
  const cell = Math.min(WIDEST, width / row.length);
  const top = snap(brush, y - height / 2);
  const high = snap(brush, y + height / 2) - top;
  const alpha = context.globalAlpha;
  context.fillStyle = ink;
  context.globalAlpha = alpha * 0.16;
  context.fillRect(x, top, row.length * cell, high);
  context.globalAlpha = alpha;
  for (const [first, end] of runsOf(row)) {
    const left = snap(brush, x + first * cell);
    const right = Math.max(left + 1 / brush.ratio, snap(brush, x + end * cell));
    context.fillRect(left, top, right - left, high);
  }
}
