/** The small glyphs of what stands out: beside a state, the same in every view. */
import { MARK } from "../model/emphasis";
import type { Theme } from "./theme";

const STEP = 9;

/** Width that the glyphs of these marks take, CSS pixels. */
export const marksWidth = (marks: number): number => STEP * shown(marks).length;

const SHOWN = [MARK.bookmark, MARK.note, MARK.label] as const;

const shown = (marks: number): readonly number[] => SHOWN.filter((mark) => (marks & mark) !== 0);

/** Draws bookmark, note and name from x on, about the line y. */
export function drawMarks(
  context: CanvasRenderingContext2D,
  x: number,
  y: number,
  marks: number,
  theme: Theme,
): void {
  let at = x;
  for (const mark of shown(marks)) {
    context.beginPath();
    if (mark === MARK.bookmark) ribbon(context, at, y);
    else if (mark === MARK.note) page(context, at, y);
    else tag(context, at, y);
    context.fillStyle = theme.accent;
    context.fill();
    at += STEP;
  }
}

function ribbon(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.moveTo(x, y - 4);
  context.lineTo(x + 6, y - 4);
  context.lineTo(x + 6, y + 4);
  context.lineTo(x + 3, y + 1.5);
  context.lineTo(x, y + 4);
  context.closePath();
}

function page(context: CanvasRenderingContext2D, x: number, y: number): void {
  for (const row of [-3, 0, 3]) context.rect(x, y + row - 0.75, row === 3 ? 4 : 7, 1.5);
}

function tag(context: CanvasRenderingContext2D, x: number, y: number): void {
  context.moveTo(x, y - 3);
  context.lineTo(x + 4, y - 3);
  context.lineTo(x + 7, y);
  context.lineTo(x + 4, y + 3);
  context.lineTo(x, y + 3);
  context.closePath();
}
