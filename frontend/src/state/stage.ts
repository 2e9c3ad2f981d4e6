import type { WorldsGrowth } from "./wire";

/** Heights and widths (CSS px) that the layout keeps; styles/layout.css says the same. */
export const STAGE = {
  header: 56,
  strip: 112,
  /** Of an automaton's history. */
  cellsStrip: 236,
  left: 284,
  right: 316,
  /** A projector's 1024 pixels leave less beside the canvas. */
  projector: 1100,
  projectorLeft: 232,
  projectorRight: 252,
  toolbar: 44,
  legend: 40,
  narrow: 900,
  narrowHeader: 86,
  narrowTabs: 58,
  /** A phone's bar above the canvas has two rows. */
  phone: 560,
  phoneToolbar: 82,
  linePitch: 17,
  /** At the presentation size text is large, and its lines may stand closer. */
  presentedPitch: 14,
  /** Beside the canvas, both sides together. */
  sides: 16,
  /** Of the minimap, where there is room for one. */
  map: 52,
} as const;

const TOKEN_WIDTH = 32;
export const FEWEST_LINES = 8;
export const MOST_LINES = 80;
const FEWEST_STEPS = 12;
/** The most steps that one view asks for at first. */
export const MOST_FIRST_STEPS = 48;
/** Tokens may be short: a view is grown on until its lines reach the edge, up to here. */
export const MOST_STEPS = 96;

/** How many lines of text fit a canvas of this height; even, so that half of them are even worlds too. */
export const linesFor = (height: number, pitch: number = STAGE.linePitch): number =>
  Math.min(MOST_LINES, Math.max(FEWEST_LINES, 2 * Math.floor(height / pitch / 2)));

/** How many steps fill a canvas of this width, roughly. */
export const stepsFor = (width: number): number =>
  Math.min(MOST_FIRST_STEPS, Math.max(FEWEST_STEPS, Math.ceil(width / TOKEN_WIDTH)));

/** The canvas that a window of this size will have. */
export function canvasFor(
  width: number,
  height: number,
  cells: boolean,
): { width: number; height: number } {
  if (width <= STAGE.narrow) {
    const toolbar = width <= STAGE.phone ? STAGE.phoneToolbar : STAGE.toolbar;
    const taken = STAGE.narrowHeader + toolbar + STAGE.legend + STAGE.narrowTabs;
    return { width: width - STAGE.sides, height: height - taken };
  }
  const taken = STAGE.header + (cells ? STAGE.cellsStrip : STAGE.strip) + STAGE.toolbar + STAGE.legend;
  const beside =
    width <= STAGE.projector
      ? STAGE.projectorLeft + STAGE.projectorRight
      : STAGE.left + STAGE.right;
  return { width: width - beside - STAGE.sides - STAGE.map, height: height - taken };
}

/**
 * The worlds to ask for together with a new tree, before there is a canvas to measure. cells: of an
 * automaton, whose history is a picture with a row for each step.
 */
export function firstGrowth(width: number, height: number, cells: boolean): WorldsGrowth {
  const canvas = canvasFor(width, height, cells);
  return {
    kind: "worlds",
    lines: linesFor(canvas.height),
    steps: cells ? MOST_FIRST_STEPS : stepsFor(canvas.width),
    lo: 0,
    hi: 1,
    offset: 0.5,
    seed: 0,
    conditioned: false,
    origin: 0,
  };
}
