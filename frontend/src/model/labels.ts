/** Fitting a token's text and a share into a block. */

const PADDING = 8;
const GAP = 7;
const SMALLEST = 11;
const LARGEST = 15;
/** Share of a block's height that its label takes at most. */
const OF_HEIGHT = 0.62;
/** Width of a character of the percentage at 10 px, in the sans face with tabular digits. */
const PERCENT_CHARACTER = 6.4;
/** A block at least this high has room for a percentage below its label, CSS pixels. */
export const PERCENT_ROW = 40;

export interface FittedLabel {
  readonly label: string;
  readonly size: number;
  readonly percent: string;
  readonly percentBelow: boolean;
}

const NOTHING: FittedLabel = { label: "", size: SMALLEST, percent: "", percentBelow: false };

/**
 * The text at the largest size that fits, shortened with … where none does; the percentage beside
 * it, or below it, where there is room. `measure` gives widths at 1 px.
 */
export function fitLabel(
  text: string,
  percent: string,
  width: number,
  height: number,
  measure: (text: string) => number,
): FittedLabel {
  const inner = width - 2 * PADDING;
  if (height < SMALLEST + 1 || inner < SMALLEST) return NOTHING;
  const natural = measure(text);
  const aimed = Math.min(LARGEST, Math.max(SMALLEST, height * OF_HEIGHT, 0));
  const beside = percent.length * PERCENT_CHARACTER + GAP;
  const sizeIn = (room: number): number => Math.floor(2 * Math.min(aimed, room / natural)) / 2;
  const besideSize = sizeIn(inner - beside);
  if (besideSize >= Math.min(aimed, SMALLEST + 1)) {
    return { label: text, size: besideSize, percent, percentBelow: false };
  }
  const percentBelow = height >= PERCENT_ROW;
  const shown = percentBelow ? percent : "";
  const size = sizeIn(inner);
  if (size >= SMALLEST) return { label: text, size, percent: shown, percentBelow };
  const label = shorten(text, inner / SMALLEST, measure);
  return { label, size: SMALLEST, percent: shown, percentBelow };
}

const graphemes = new Intl.Segmenter();

/** As much of the beginning as fits, with … ; whole characters only. */
export function shorten(text: string, width: number, measure: (text: string) => number): string {
  if (measure(text) <= width) return text;
  const characters = [...graphemes.segment(text)].map(({ segment }) => segment);
  let low = 0;
  let high = characters.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (measure(`${characters.slice(0, middle).join("")}…`) <= width) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? "…" : `${characters.slice(0, low).join("")}…`;
}

/** A share as people read it: 35%, 4.4%, 0.52%. */
export function percentOf(share: number): string {
  const percent = share * 100;
  if (percent >= 9.95) return `${percent.toFixed(0)}%`;
  return `${percent.toFixed(percent >= 0.995 ? 1 : 2)}%`;
}
