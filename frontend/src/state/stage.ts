import type { WorldsGrowth } from "./wire";

/** Heights and widths (CSS px) that the layout keeps; styles/layout.css says the same. */
export const STAGE = {
  header: 56,
  strip: 116,
  left: 284,
  right: 316,
  toolbar: 46,
  legend: 40,
  narrow: 900,
  narrowHeader: 86,
  narrowStrip: 0,
  narrowTabs: 58,
  linePitch: 17,
  margin: 4,
} as const;

const TOKEN_WIDTH = 32;
const FEWEST_LINES = 8;
const MOST_LINES = 80;
const FEWEST_STEPS = 12;
export const MOST_STEPS = 48;

/** How many lines of text fit a canvas of this height. */
export const linesFor = (height: number): number =>
  Math.min(MOST_LINES, Math.max(FEWEST_LINES, Math.floor((height - STAGE.margin) / STAGE.linePitch)));

/** How many steps fill a canvas of this width, roughly. */
export const stepsFor = (width: number): number =>
  Math.min(MOST_STEPS, Math.max(FEWEST_STEPS, Math.ceil(width / TOKEN_WIDTH)));

/** The canvas that a window of this size will have. */
export function canvasFor(width: number, height: number): { width: number; height: number } {
  if (width <= STAGE.narrow) {
    const taken = STAGE.narrowHeader + STAGE.toolbar + STAGE.legend + STAGE.narrowTabs;
    return { width, height: height - taken };
  }
  const taken = STAGE.header + STAGE.strip + STAGE.toolbar + STAGE.legend;
  return { width: width - STAGE.left - STAGE.right, height: height - taken };
}

/** The worlds to ask for together with a new tree, before there is a canvas to measure. */
export function firstGrowth(width: number, height: number): WorldsGrowth {
  const canvas = canvasFor(width, height);
  return {
    kind: "worlds",
    lines: linesFor(canvas.height),
    steps: stepsFor(canvas.width),
    lo: 0,
    hi: 1,
    offset: 0.5,
    seed: 0,
  };
}
