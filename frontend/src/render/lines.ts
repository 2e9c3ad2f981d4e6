/** The running text of the lines: tokens, surprise, and how each line stops. */
import { clamp } from "../base/interval";
import { cellsOf } from "../model/cells";
import { END_MARK, type Line, type Piece, type Scene } from "../model/scene";
import { isPlain } from "../model/text";
import { FAINT } from "./blocks";
import { type Brush, END_SIDE, roundedRect, snap } from "./brush";
import { drawCells, ROW_GAP } from "./cells";
import { hatching } from "./hatching";
import { MONO } from "./theme";

/** From the middle of a line to its baseline, in sizes of its font. */
const BASELINE = 0.31;
/** Text smaller than this is drawn as bars. */
const LEGIBLE_SIZE = 7;
const FAINT_BITS = 4.5;
const STRONG_BITS = 14;
const MARKS = /(⟨[^⟩]*⟩|[↵⇥␍␡\u2400-\u241f])/;
/** Width of a character of the mono face, in sizes. */
const MONO_ADVANCE = 0.6;
const END_GAP = 4;
const GHOST_WIDTH = 64;
const SHIMMER_WIDTH = 108;
const SHIMMER_PERIOD_MS = 2200;

export interface Inks {
  /** The colour of a token's text. */
  of(line: Line, piece: Piece): string;
  /** Held back by a filter. */
  isHeld(piece: Piece): boolean;
}

/** `awaits`: lines that wait for growth are left to `drawWaiting`; otherwise they end hatched. */
export function drawLines(brush: Brush, scene: Scene, awaits: boolean, inks: Inks): void {
  const { context } = brush;
  context.font = `400 ${scene.textSize}px ${MONO}`;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.direction = "ltr";
  if (scene.textSize < LEGIBLE_SIZE) {
    for (const line of scene.lines) drawBars(brush, line, inks);
    return;
  }
  drawSurprise(brush, scene, inks);
  for (const line of scene.lines) {
    drawText(brush, scene, line, inks);
    drawEnd(brush, scene, line, awaits);
  }
}

/** Bars that wait for text, with a slow gleam over them; still where motion is not wanted. */
export function drawWaiting(brush: Brush, scene: Scene, now: number | null): void {
  const waiting = scene.lines.filter((line) => line.end === "open");
  if (waiting.length === 0) return;
  const { context, theme } = brush;
  context.fillStyle = theme.shimmer;
  if (now !== null) {
    const at = ((now % SHIMMER_PERIOD_MS) / SHIMMER_PERIOD_MS) * 1.6 - 0.3;
    const gleam = context.createLinearGradient(0, 0, scene.width, 0);
    gleam.addColorStop(0, theme.shimmer);
    for (const [shift, colour] of [
      [-0.14, theme.shimmer],
      [0, theme.shimmerBright],
      [0.14, theme.shimmer],
    ] as const) {
      gleam.addColorStop(clamp(at + shift, 0, 1), colour);
    }
    context.fillStyle = gleam;
  }
  const half = Math.min(4, scene.textSize * 0.3);
  for (const line of waiting) {
    // Lengths differ from line to line as those of sentences do.
    const length = SHIMMER_WIDTH * (0.75 + 0.5 * ((line.id * 0.618034) % 1));
    const x0 = line.x1 + (line.pieces.length > 0 ? 8 : 1);
    const x1 = Math.min(scene.width - 8, x0 + length);
    if (x1 - x0 < 6) continue;
    roundedRect(context, x0, line.y - half, x1, line.y + half, half);
    context.fill();
  }
}

function drawSurprise(brush: Brush, scene: Scene, inks: Inks): void {
  const { context, theme } = brush;
  context.fillStyle = theme.surprise;
  const reach = scene.textSize * 0.6;
  for (const line of scene.lines) {
    const bottom = snap(brush, Math.min(line.y1, line.y + reach));
    for (const piece of line.pieces) {
      const strength = (piece.bits - FAINT_BITS) / (STRONG_BITS - FAINT_BITS);
      if (strength <= 0 || piece.text === END_MARK) continue;
      const plain = brush.alpha * clamp(0.16 + 0.7 * strength, 0, 0.86);
      context.globalAlpha = inks.isHeld(piece) ? plain * FAINT : plain;
      const { from, to } = inkSpan(piece, scene.textSize);
      context.fillRect(from, bottom - 1.25, to - from, 1.25);
    }
  }
  context.globalAlpha = brush.alpha;
}

/** Where a token has ink, for its underline; a token of spaces is underlined under one of them. */
function inkSpan({ text, x0, x1 }: Piece, textSize: number): { from: number; to: number } {
  const space = textSize * MONO_ADVANCE;
  const before = text.length - text.trimStart().length;
  if (before === text.length) return { from: x0, to: Math.min(x1, x0 + space) };
  const after = text.length - text.trimEnd().length;
  return { from: x0 + before * space, to: x1 - after * space };
}

/** Plain neighbours of one colour are drawn together: a line mostly costs one call. */
function drawText(brush: Brush, scene: Scene, line: Line, inks: Inks): void {
  const { context } = brush;
  const baseline = snap(brush, line.y + scene.textSize * BASELINE);
  let run = "";
  let from = 0;
  let ink = "";
  const flush = (): void => {
    if (run !== "") context.fillText(run, from, baseline);
    run = "";
  };
  for (const piece of line.pieces) {
    const wanted = inks.of(line, piece);
    const row = brush.rowOf ? cellsOf(piece.text.trim()) : null;
    const plain = row === null && isPlain(piece.text) && piece.text !== "";
    if (wanted !== ink || !plain) flush();
    if (wanted !== ink) {
      ink = wanted;
      context.fillStyle = ink;
    }
    if (piece.text === END_MARK) {
      drawEndMark(brush, scene, line.y, piece.x0 + END_GAP);
      continue;
    }
    if (row !== null) {
      const width = piece.x1 - piece.x0 - ROW_GAP;
      drawCells(brush, row, piece.x0, width, line.y, scene.textSize * 0.62, ink);
      continue;
    }
    if (!plain) {
      drawMarked(brush, scene, piece, baseline, ink);
      continue;
    }
    if (run === "") from = piece.x0;
    run += piece.text;
  }
  flush();
}

/** Marks for white space, controls and bytes are fainter than what the rule said. */
function drawMarked(
  brush: Brush,
  scene: Scene,
  piece: Piece,
  baseline: number,
  ink: string,
): void {
  const { context, theme } = brush;
  if (piece.text === "") {
    context.fillStyle = theme.faint;
    context.fillRect(piece.x0 + 1.5, baseline - scene.textSize * 0.55, 1, scene.textSize * 0.6);
    context.fillStyle = ink;
    return;
  }
  const parts = piece.text.split(MARKS);
  if (parts.length === 1) {
    context.fillText(piece.text, piece.x0, baseline);
    return;
  }
  let x = piece.x0;
  parts.forEach((part, i) => {
    context.fillStyle = i % 2 === 1 ? theme.faint : ink;
    context.fillText(part, x, baseline);
    x += context.measureText(part).width;
  });
  context.fillStyle = ink;
}

function drawEnd(brush: Brush, scene: Scene, line: Line, awaits: boolean): void {
  const { context, theme } = brush;
  const x = line.x1 + (line.pieces.length > 0 ? END_GAP : 0);
  const baseline = snap(brush, line.y + scene.textSize * BASELINE);
  switch (line.end) {
    case "edge":
      context.fillStyle = theme.faint;
      context.fillText("…", line.x1, baseline);
      return;
    case "ended": {
      // An end token has its own mark, and a block that has ended says so once for all its lines.
      const last = line.pieces[line.pieces.length - 1];
      if (last !== undefined && last.text !== END_MARK) drawEndMark(brush, scene, line.y, x);
      return;
    }
    case "cut":
    case "forbidden":
    case "unweighed":
    case "untold":
    case "unweighable":
      if (line.pieces.length > 0) drawGhost(brush, scene, line, x);
      return;
    case "open":
      if (!awaits) drawGhost(brush, scene, line, line.x1 + END_GAP);
      return;
  }
}

function drawEndMark(brush: Brush, scene: Scene, y: number, x: number): void {
  const { context, theme } = brush;
  const side = scene.textSize * END_SIDE;
  context.fillStyle = theme.ended;
  context.fillRect(snap(brush, x), snap(brush, y - side / 2), side, side);
}

function drawGhost(brush: Brush, scene: Scene, line: Line, x: number): void {
  const { context, theme } = brush;
  const right = Math.min(scene.width - 8, x + GHOST_WIDTH);
  const half = Math.min(5.5, (line.y1 - line.y0) / 2 - 1);
  if (right - x < 4 || half < 1) return;
  context.fillStyle = hatching(context, theme.hatch, brush.ratio) ?? theme.hatch;
  roundedRect(context, x, line.y - half, right, line.y + half, 2);
  context.fill();
}

function drawBars(brush: Brush, line: Line, inks: Inks): void {
  const { context } = brush;
  const half = Math.max(0.5, (line.y1 - line.y0) * 0.2);
  context.globalAlpha = brush.alpha * 0.5;
  for (const piece of line.pieces) {
    context.fillStyle = inks.of(line, piece);
    context.fillRect(piece.x0, line.y - half, piece.x1 - piece.x0 - 1, 2 * half);
  }
  context.globalAlpha = brush.alpha;
}
