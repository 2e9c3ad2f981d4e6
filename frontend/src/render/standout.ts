/** What stands out among blocks and words: names, notes, what was found, what was visited. */
import { type Emphasis, MARK } from "../model/emphasis";
import type { Block, Line, Piece, Scene } from "../model/scene";
import { outlineBlock } from "./blocks";
import { type Brush, roundedRect, snap } from "./brush";
import { drawMarks, marksWidth } from "./marks";

const NAMED = MARK.bookmark | MARK.note | MARK.label;
const FOUND = MARK.match | MARK.current;
/** A block lower than this has no room for a glyph. */
const GLYPH_ROOM = 13;
const GLYPH_INSET = 7;
const THICK = 2;

/** Glyphs at a block's upper right, a frame about what was found or picked, an edge where one was. */
export function drawBlockMarks(brush: Brush, scene: Scene, emphasis: Emphasis): void {
  const { context, theme } = brush;
  for (const block of scene.blocks) {
    if (block.ref.key !== undefined) continue;
    const marks = emphasis.marksOf(block.ref.node);
    if (marks === 0) continue;
    if ((marks & (FOUND | MARK.picked)) !== 0) {
      const width = (marks & (MARK.current | MARK.picked)) !== 0 ? 2.5 : 1.25;
      context.setLineDash((marks & MARK.picked) !== 0 ? [5, 3] : []);
      outlineBlock(brush, block, theme.accent, width);
      context.setLineDash([]);
    }
    if ((marks & MARK.visited) !== 0) drawEdge(brush, block);
    drawGlyphs(brush, block, marks);
  }
}

function drawEdge({ context, theme }: Brush, { x0, y0, y1 }: Block): void {
  context.fillStyle = theme.ink;
  if (y1 - y0 > 6) context.fillRect(x0 + 2.5, y0 + 3, 1.5, y1 - y0 - 6);
}

function drawGlyphs({ context, theme }: Brush, block: Block, marks: number): void {
  const width = marksWidth(marks);
  if (width === 0 || block.y1 - block.y0 < GLYPH_ROOM) return;
  const x = block.x1 - GLYPH_INSET - width;
  const y = block.y0 + Math.min(10, (block.y1 - block.y0) / 2);
  context.fillStyle = theme.background;
  roundedRect(context, x - 3, y - 6, x + width + 1, y + 6, 3);
  context.fill();
  drawMarks(context, x, y, marks, theme);
}

/** Behind what was found, and under what has a name or a note or was visited. */
export function drawWordMarks(brush: Brush, scene: Scene, emphasis: Emphasis): void {
  for (const line of scene.lines) {
    // What was found side by side is washed at once: a search may find every word there is.
    let [x0, x1] = [NaN, NaN];
    for (const piece of line.pieces) {
      const marks = piece.ref.key === undefined ? emphasis.marksOf(piece.ref.node) : 0;
      if (!isPlainlyFound(marks)) continue;
      if (!(Math.abs(piece.x0 - x1) < BESIDE)) {
        if (x1 > x0) wash(brush, scene, line, { x0, x1 });
        x0 = piece.x0;
      }
      x1 = piece.x1;
    }
    if (x1 > x0) wash(brush, scene, line, { x0, x1 });
    for (const piece of line.pieces) {
      const marks = piece.ref.key === undefined ? emphasis.marksOf(piece.ref.node) : 0;
      if ((marks & ~MARK.match) !== 0) drawWord(brush, scene, line, piece, marks);
    }
  }
}

/** So near to each other words stand side by side, CSS pixels. */
const BESIDE = 0.5;
const SINGLE = MARK.current | MARK.picked;
const isPlainlyFound = (marks: number): boolean => (marks & FOUND) !== 0 && (marks & SINGLE) === 0;

function wash({ context, theme }: Brush, scene: Scene, line: Line, { x0, x1 }: { x0: number; x1: number }): void {
  const half = halfOf(line, scene);
  context.fillStyle = theme.accentWash;
  roundedRect(context, x0, line.y - half, x1, line.y + half, 2);
  context.fill();
}

const halfOf = (line: Line, scene: Scene): number => Math.min((line.y1 - line.y0) / 2, scene.textSize * 0.66);

function drawWord(brush: Brush, scene: Scene, line: Line, piece: Piece, marks: number): void {
  const { context, theme } = brush;
  const half = halfOf(line, scene);
  if ((marks & SINGLE) !== 0) {
    wash(brush, scene, line, piece);
    context.strokeStyle = theme.accent;
    context.lineWidth = 1.25;
    context.setLineDash((marks & MARK.picked) !== 0 ? [3, 2] : []);
    context.stroke();
    context.setLineDash([]);
  }
  const y = snap(brush, line.y + half - THICK);
  if ((marks & NAMED) !== 0) {
    context.fillStyle = theme.accent;
    context.fillRect(piece.x0, y, piece.x1 - piece.x0, THICK);
  } else if ((marks & MARK.visited) !== 0) {
    context.fillStyle = theme.faint;
    context.fillRect(piece.x0, y + 1, piece.x1 - piece.x0, 1);
  }
}
