/** Blocks, the ticks of thin branches, and hatched regions. */
import { PERCENT_ROW, percentOf } from "../model/labels";
import { type Block, END_MARK, type Hatch, type Scene, type Tick } from "../model/scene";
import { shareInView } from "../model/worlds";
import { type Brush, END_SIDE, roundedRect, snap } from "./brush";
import { drawCells } from "./cells";
import { hatching } from "./hatching";
import { scaleOf, stepOf } from "./palette";
import { MONO, SANS } from "./theme";

const GAP = 0.75;
const RADIUS = 3;
const PADDING = 8;
const PERCENT_SIZE = 10;
const MARK = /^[␣↵]+/;
const MARK_ALPHA = 0.6;
/** Opacity of what a filter holds back. */
export const FAINT = 0.2;

export interface BlockLook {
  isOnPath(block: Block): boolean;
  /** Held back by a filter. */
  isFaint(block: Block): boolean;
}

/** `labels` is the brush of what is written on them. */
export function drawBlocks(
  brush: Brush,
  labels: Brush,
  scene: Scene,
  { isOnPath, isFaint }: BlockLook,
): void {
  const { context } = brush;
  const faint = scene.blocks.map(isFaint);
  const alphaOf = (alpha: number, i: number): number => (faint[i] ? alpha * FAINT : alpha);
  const inks = scene.blocks.map((block, i) => {
    context.globalAlpha = alphaOf(brush.alpha, i);
    return drawBody(brush, scene, block);
  });
  scene.blocks.forEach((block, i) => {
    // What is written in parts sets the opacity anew for each.
    const alpha = alphaOf(labels.alpha, i);
    context.globalAlpha = alpha;
    drawLabel(faint[i] ? { ...labels, alpha } : labels, block, inks[i]!, isOnPath(block));
  });
  context.globalAlpha = labels.alpha;
}

/** An outline in a colour, and a thin ring inside it that sets it off from any block. */
export function outlineBlock(brush: Brush, block: Block, colour: string, width: number): void {
  strokeInside(brush, block, GAP + width / 2, width, colour);
  strokeInside(brush, block, GAP + width + 0.5, 1, brush.theme.background);
}

function strokeInside(
  brush: Brush,
  block: Block,
  inset: number,
  width: number,
  colour: string,
): void {
  const { context } = brush;
  const { x0, x1 } = block;
  const y0 = snap(brush, block.y0) + inset;
  const y1 = snap(brush, block.y1) - inset;
  if (y1 <= y0) return;
  context.strokeStyle = colour;
  context.lineWidth = width;
  roundedRect(context, x0 + inset, y0, x1 - inset, y1, RADIUS);
  context.stroke();
}

export function drawTicks(brush: Brush, scene: Scene, isFaint: (tick: Tick) => boolean): void {
  const { context, theme } = brush;
  const { colours } = scaleOf(theme.name, scene.domain.colour);
  for (const tick of scene.ticks) {
    context.globalAlpha = brush.alpha * 0.75 * (isFaint(tick) ? FAINT : 1);
    const step = stepOf(scene.domain, tick.value);
    context.fillStyle = step === -1 ? theme.edge : colours[step]!;
    const gap = tick.y1 - tick.y0 > 3 ? 0.5 : 0;
    context.fillRect(tick.x0, tick.y0 + gap, tick.x1 - tick.x0, tick.y1 - tick.y0 - 2 * gap);
  }
  context.globalAlpha = brush.alpha;
}

export function drawHatches(brush: Brush, scene: Scene): void {
  for (const hatch of scene.hatches) drawHatch(brush, hatch);
}

/** Returns the ink of the label. */
function drawBody(brush: Brush, scene: Scene, block: Block): string {
  const { context, theme } = brush;
  const x0 = block.x0 + GAP;
  const x1 = block.x1 - GAP;
  const y0 = snap(brush, block.y0) + GAP;
  const y1 = snap(brush, block.y1) - GAP;
  const scale = scaleOf(theme.name, scene.domain.colour);
  const step = block.kind === "state" ? stepOf(scene.domain, block.value) : -1;
  roundedRect(context, x0, y0, x1, y1, RADIUS);
  context.fillStyle = step === -1 ? theme.neutral : scale.colours[step]!;
  context.fill();
  const isOut = block.kind === "cut" || block.kind === "forbidden";
  // What only one of two trees allows.
  const isOnly = step !== -1 && !Number.isFinite(block.value);
  if (isOut || isOnly) {
    const pattern = hatching(context, isOut ? theme.edge : theme.background, brush.ratio);
    if (pattern !== null) context.fillStyle = pattern;
    context.fill();
  }
  if (step === -1) {
    context.strokeStyle = theme.edge;
    context.lineWidth = 1;
    roundedRect(context, x0 + 0.5, y0 + 0.5, x1 - 0.5, y1 - 0.5, RADIUS);
    context.stroke();
  }
  if (block.kind === "ended") return theme.ended;
  if (isOut) return theme.soft;
  return step === -1 ? theme.text : scale.inks[step]!;
}

function drawLabel(brush: Brush, block: Block, ink: string, isOnPath: boolean): void {
  const { context } = brush;
  if (block.label === "" || brush.alpha === 0) return;
  const row = brush.rowOf?.(block.key) ?? null;
  if (row !== null) {
    drawRow(brush, block, row, ink);
    return;
  }
  const weight = isOnPath ? 500 : 400;
  const lift = block.percentBelow ? -(PERCENT_SIZE * 0.7) : 0;
  const middle = (block.y0 + block.y1) / 2 + lift;
  const baseline = snap(brush, middle + block.size * 0.31);
  let x = block.x0 + PADDING;
  context.font = `${weight} ${block.size}px ${MONO}`;
  context.fillStyle = ink;
  context.textAlign = "left";
  const mark = MARK.exec(block.label)?.[0] ?? "";
  if (block.label === END_MARK) {
    const side = block.size * END_SIDE;
    context.fillRect(snap(brush, x), snap(brush, middle - side / 2), side, side);
  } else if (mark !== "" && mark !== block.label) {
    context.globalAlpha = brush.alpha * MARK_ALPHA;
    context.fillText(mark, x, baseline);
    context.globalAlpha = brush.alpha;
    x += context.measureText(mark).width;
    context.fillText(block.label.slice(mark.length), x, baseline);
  } else {
    context.fillText(block.label, x, baseline);
  }
  if (block.kind === "cut") strike(brush, block, middle);
  if (block.percent === "") return;
  context.font = `400 ${PERCENT_SIZE}px ${SANS}`;
  context.textAlign = block.percentBelow ? "left" : "right";
  const edge = block.percentBelow ? block.x0 + PADDING : block.x1 - PADDING;
  const drop = block.percentBelow ? PERCENT_SIZE * 1.5 : 0;
  context.fillText(block.percent, edge, snap(brush, middle + drop + PERCENT_SIZE * 0.36));
  context.textAlign = "left";
}

/** The row of a block instead of its text, and the percentage below it where there is room. */
function drawRow(brush: Brush, block: Block, row: Uint8Array, ink: string): void {
  const { context } = brush;
  const inner = block.x1 - block.x0 - 2 * PADDING;
  const below = block.y1 - block.y0 >= PERCENT_ROW;
  const middle = (block.y0 + block.y1) / 2 - (below ? PERCENT_SIZE * 0.7 : 0);
  const height = Math.min(12, Math.max(2, (block.y1 - block.y0) * 0.5));
  drawCells(brush, row, block.x0 + PADDING, inner, middle, height, ink);
  if (!below) return;
  context.font = `400 ${PERCENT_SIZE}px ${SANS}`;
  context.textAlign = "left";
  const percent = percentOf(shareInView(block));
  context.fillText(percent, block.x0 + PADDING, snap(brush, middle + PERCENT_SIZE * 1.86));
}

function strike(brush: Brush, block: Block, middle: number): void {
  const { context } = brush;
  const width = context.measureText(block.label).width;
  context.fillRect(block.x0 + PADDING, snap(brush, middle), width, 1);
}

function drawHatch(brush: Brush, hatch: Hatch): void {
  const { context, theme } = brush;
  const x0 = hatch.x0 + GAP;
  const x1 = hatch.x1 - GAP;
  const y0 = snap(brush, hatch.y0) + GAP;
  const y1 = snap(brush, hatch.y1) - GAP;
  if (y1 - y0 < 0.5) return;
  const pattern = hatching(context, theme.hatch, brush.ratio);
  roundedRect(context, x0, y0, x1, y1, RADIUS);
  context.fillStyle = pattern ?? theme.hatch;
  context.fill();
  if (hatch.label === "") return;
  context.font = `400 11px ${SANS}`;
  const middle = (hatch.y0 + hatch.y1) / 2;
  const room = context.measureText(hatch.label).width + 12;
  if (room > x1 - x0) return;
  context.fillStyle = theme.background;
  roundedRect(context, x0 + 8, middle - 7.5, x0 + 8 + room, middle + 7.5, RADIUS);
  context.fill();
  context.fillStyle = theme.text;
  context.fillText(hatch.label, x0 + 14, snap(brush, middle + 4));
}
