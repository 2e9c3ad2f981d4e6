/** Widths of text in the mono face: measured once, and by counting where that is the same. */
import { cellOnLine, ROW_GAP } from "./cells";
import { isPlain } from "../model/text";
import { MONO } from "./theme";

const MOST = 20_000;

export type Measure = (text: string) => number;

/** Ask for a new one when the fonts have been loaded: fallbacks have other widths. */
export function createMeasure(context: CanvasRenderingContext2D, size: number): Measure {
  const font = `400 ${size}px ${MONO}`;
  const widths = new Map<string, number>();
  const exact = (text: string): number => {
    context.save();
    context.font = font;
    const { width } = context.measureText(text);
    context.restore();
    return width;
  };
  const advance = exact("0000000000") / 10;
  return (text) => {
    if (isPlain(text)) return text.length * advance;
    let width = widths.get(text);
    if (width === undefined) {
      if (widths.size >= MOST) widths.clear();
      width = exact(text);
      widths.set(text, width);
    }
    return width;
  };
}

const CELLS = /^ ?[01]+$/;

/** As `measure`, where rows of cells, about `room` wide, are drawn in place of their 0 and 1. */
export const measureCells =
  (measure: Measure, room: number): Measure =>
  (text) => {
    if (!CELLS.test(text)) return measure(text);
    const cells = text.trimStart().length;
    return cells * cellOnLine(cells, room) + ROW_GAP;
  };
