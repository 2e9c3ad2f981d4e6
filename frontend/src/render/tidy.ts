/** Draws the Tree view: edges as wide as their probability, states, and wedges of what is bundled. */
import { MARK } from "../model/emphasis";
import type { Emphasis } from "../model/emphasis";
import { isSelected, type Selection } from "../model/selection";
import { TIDY_FADE, TIDY_RADIUS, TIDY_TEXT, WEDGE_GAP, type TidyScene, type TidyState, type TidyTarget } from "../model/tidyScene";
import { drawCells } from "./cells";
import { hatching } from "./hatching";
import { drawMarks } from "./marks";
import { scaleOf, stepOf } from "./palette";
import { MONO, SANS, type Theme } from "./theme";

export interface TidyLook {
  readonly selection: Selection | null;
  readonly hover: TidyTarget | null;
  readonly emphasis: Emphasis;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
}

const FAINT = 0.28;
const GHOST = 0.55;
/** Of an automaton's row, CSS pixels. */
const ROW_HEIGHT = 8;

/** The context's transform maps CSS pixels from the scene's top left to device pixels. */
export function drawTidy(
  context: CanvasRenderingContext2D,
  scene: TidyScene,
  theme: Theme,
  look: TidyLook,
): void {
  context.save();
  context.fillStyle = theme.background;
  context.fillRect(0, 0, scene.width, scene.height);
  context.lineCap = "round";
  drawEdges(context, scene, theme, look);
  for (const wedge of scene.wedges) drawWedge(context, wedge, theme, look);
  if (scene.beyond !== null) fade(context, scene, theme);
  for (const state of scene.states) drawState(context, scene, state, theme, look);
  context.restore();
}

/** What goes on beyond the right edge fades before it, so that nothing seems to end there. */
function fade(context: CanvasRenderingContext2D, { width, height }: TidyScene, theme: Theme): void {
  const from = width - TIDY_FADE;
  const veil = context.createLinearGradient(from, 0, width, 0);
  veil.addColorStop(0, `${theme.background}00`);
  veil.addColorStop(1, theme.background);
  context.fillStyle = veil;
  context.fillRect(from, 0, TIDY_FADE, height);
}

function drawEdges(
  context: CanvasRenderingContext2D,
  { edges }: TidyScene,
  theme: Theme,
  look: TidyLook,
): void {
  const chosen = (node: number): boolean => isSelected(look.selection, { node });
  // What is selected lies over the rest.
  for (const isChosen of [false, true]) {
    for (const { node, x0, y0, x1, y1, width, isCut, unweighed } of edges) {
      if (chosen(node) !== isChosen) continue;
      context.globalAlpha = (look.emphasis.passes(node) ? 1 : FAINT) * (isCut ? GHOST : 1);
      context.strokeStyle = isChosen ? theme.accent : theme.edge;
      context.lineWidth = width;
      context.setLineDash(isCut ? [3, 4] : unweighed ? [7, 4] : []);
      context.lineCap = isCut || unweighed ? "butt" : "round";
      const middle = (x0 + x1) / 2;
      context.beginPath();
      context.moveTo(Math.min(x0, x1), y0);
      context.bezierCurveTo(middle, y0, middle, y1, x1, y1);
      context.stroke();
    }
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
}

function drawWedge(
  context: CanvasRenderingContext2D,
  wedge: TidyScene["wedges"][number],
  theme: Theme,
  look: TidyLook,
): void {
  const { node, x0, x1, y0, y, half, label, collapsed } = wedge;
  const isHovered = look.hover?.kind === "wedge" && look.hover.node === node;
  const passes = look.emphasis.passes(node);
  context.globalAlpha = passes ? 1 : FAINT;
  const middle = (x0 + x1) / 2;
  context.beginPath();
  context.moveTo(x0, y0);
  context.bezierCurveTo(middle, y0, middle, y - half, x1, y - half);
  context.lineTo(x1, y + half);
  context.bezierCurveTo(middle, y + half, middle, y0, x0, y0);
  context.closePath();
  context.fillStyle = isHovered ? theme.accentWash : theme.neutral;
  context.fill();
  if (collapsed) {
    context.fillStyle = hatching(context, theme.edge, look.ratio) ?? theme.neutral;
    context.fill();
  }
  context.strokeStyle = isHovered ? theme.accent : theme.edge;
  context.lineWidth = 1;
  context.stroke();
  context.font = `400 11px ${SANS}`;
  context.fillStyle = isHovered ? theme.ink : theme.soft;
  if (label !== "") context.fillText(label, x1 + WEDGE_GAP, y + 3.8);
  context.globalAlpha = 1;
}

function drawState(
  context: CanvasRenderingContext2D,
  { domain }: TidyScene,
  state: TidyState,
  theme: Theme,
  look: TidyLook,
): void {
  const { node, x, y, label, out, value, kind, row, rowWidth } = state;
  const marks = look.emphasis.marksOf(node);
  const isTip = look.selection?.ref.node === node;
  const isChosen = isSelected(look.selection, { node });
  const isHovered = look.hover?.kind === "state" && look.hover.node === node;
  context.globalAlpha = (look.emphasis.passes(node) ? 1 : FAINT) * (kind === "cut" ? GHOST : 1);
  if (isTip || isHovered || (marks & (MARK.match | MARK.picked)) !== 0) {
    context.fillStyle = isTip || (marks & MARK.match) !== 0 ? theme.accentWash : theme.hoverWash;
    context.beginPath();
    context.roundRect(x - TIDY_RADIUS - 4, y - 9, out - x + TIDY_RADIUS + 4, 18, 5);
    context.fill();
    if ((marks & (MARK.current | MARK.picked)) !== 0) {
      context.strokeStyle = theme.accent;
      context.lineWidth = 1.25;
      context.stroke();
    }
  }
  const step = stepOf(domain, value);
  const fill = step === -1 ? theme.neutral : scaleOf(theme.name, domain.colour).colours[step]!;
  context.beginPath();
  if (kind === "ended") context.rect(x - TIDY_RADIUS, y - TIDY_RADIUS, 2 * TIDY_RADIUS, 2 * TIDY_RADIUS);
  else context.arc(x, y, TIDY_RADIUS, 0, 2 * Math.PI);
  context.fillStyle = kind === "ended" ? theme.ended : kind === "frontier" ? theme.background : fill;
  context.fill();
  context.strokeStyle = isChosen ? theme.accent : kind === "frontier" ? (step === -1 ? theme.soft : fill) : theme.edge;
  context.lineWidth = isChosen || kind === "frontier" ? 1.75 : 1;
  context.stroke();
  context.font = `${isChosen ? 500 : 400} ${TIDY_TEXT}px ${MONO}`;
  context.fillStyle = isChosen ? theme.ink : theme.text;
  if ((marks & MARK.visited) !== 0 && !isChosen) context.fillStyle = theme.soft;
  const from = x + TIDY_RADIUS + 4;
  if (label !== "") context.fillText(label, from, y + 4);
  if (row !== null) drawCells({ context, theme, ratio: look.ratio, alpha: 1 }, row, from, rowWidth, y, ROW_HEIGHT, isChosen ? theme.accent : theme.text);
  if (kind === "cut") context.fillRect(from, y, Math.max(0, out - 4 - from), 1);
  drawMarks(context, out, y - 8, marks, theme);
  context.globalAlpha = 1;
}
