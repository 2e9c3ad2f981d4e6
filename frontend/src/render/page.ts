/** A page of tokens: tints behind the text, the selected one underlined, rings where much was possible. */
import { BREAK, type Page, type PageLine, type PagePiece } from "../model/page";
import { shorten } from "../model/labels";
import { roundedRect, type Brush } from "./brush";
import { drawMarks, marksWidth } from "./marks";
import { SANS } from "./theme";

/** How a token looks. */
export interface TokenLook {
  /** A CSS colour; null where its value is not known. */
  readonly tint: string | null;
  /** Others have grown beside it. */
  readonly forks: boolean;
  /** Much was possible where it came. */
  readonly isOpen: boolean;
  /** It does not pass the filter, or is not in the tree yet. */
  readonly isFaint: boolean;
  /** Bits of MARK. */
  readonly marks: number;
  /** Of the branch that begins with it; empty where it has none. */
  readonly name: string;
}

export interface PageLook {
  /** Of the tokens after the prompt; the first is token 1. */
  readonly tokens: readonly TokenLook[];
  /** 0 is the prompt. */
  readonly selected: number;
}

/** Room for the rings, where lines begin, CSS pixels. */
export const MARGIN = 20;
const RING = 4;
const TINT = 0.36;
/** Height of a tint, and where the baseline and lines under the text lie below the middle of a line, in sizes of the text. */
const TINT_HEIGHT = 1.42;
const BASELINE = 0.35;
const UNDER = 0.66;
/** Where marks and names stand: so far above the middle of a line, in sizes of the text. */
const ABOVE = 0.8;
/** Of a branch's name, CSS pixels. */
const NAME_SIZE = 9.5;
/** About as wide as a blank, in sizes of the text. */
const BLANK = 0.28;
/** Between a name and what marks the next token, CSS pixels. */
const NAME_GAP = 6;

export const fontOfPage = (size: number): string => `400 ${size}px ${SANS}`;

/** Draws with the left edge of the first column at `left` and the top of the first line at `top`. */
export function drawPage(brush: Brush, page: Page, look: PageLook, left: number, top: number): void {
  const { context, theme } = brush;
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.direction = "ltr";
  // A token that is broken over lines is marked where it begins.
  const marked = new Set<number>();
  for (const line of page.lines) {
    const x = left + line.x;
    const y = top + line.y;
    drawTints(brush, page, line, look, x, y);
    drawRing(brush, page, line, look, x, y);
    context.font = fontOfPage(page.size);
    for (const run of line.runs) {
      context.fillStyle = run.isPrompt ? theme.soft : theme.ink;
      context.fillText(run.text, x + run.x, y + BASELINE * page.size);
    }
    line.pieces.forEach((piece, i) => drawPiece(brush, page, piece, line.inRuns.has(i), look, x, y));
    drawLineMarks(brush, page, line, look, marked, x, y);
  }
  context.font = fontOfPage(page.size);
  context.fillStyle = theme.faint;
  const indent = page.isRightToLeft ? page.columnWidth - page.size : 0;
  for (const { x, y } of page.ellipses) context.fillText("…", left + x + indent, top + y + BASELINE * page.size);
}

const lookOf = (look: PageLook, { token }: PagePiece): TokenLook | undefined => look.tokens[token - 1];

function drawTints({ context }: Brush, { size }: Page, line: PageLine, look: PageLook, x: number, y: number): void {
  context.globalAlpha = TINT;
  const half = (TINT_HEIGHT * size) / 2;
  for (const piece of line.pieces) {
    const own = lookOf(look, piece);
    if (!own || own.tint === null || own.isFaint || piece.width === 0) continue;
    context.fillStyle = own.tint;
    roundedRect(context, x + piece.x, y - half, x + piece.x + piece.width, y + half, 0.18 * size);
    context.fill();
  }
  context.globalAlpha = 1;
}

/** In the margin, at the height of its line. */
function drawRing({ context, theme }: Brush, page: Page, line: PageLine, look: PageLook, x: number, y: number): void {
  if (!line.pieces.some((piece) => lookOf(look, piece)?.isOpen)) return;
  context.strokeStyle = theme.accent;
  context.lineWidth = 1.4;
  context.globalAlpha = 0.8;
  context.beginPath();
  const away = MARGIN / 2 + 1;
  context.arc(page.isRightToLeft ? x + page.columnWidth + away : x - away, y, RING, 0, 2 * Math.PI);
  context.stroke();
  context.globalAlpha = 1;
}

/** Bookmarks, notes and names of branches, between a line and the one above it. */
function drawLineMarks(
  { context, theme }: Brush,
  page: Page,
  line: PageLine,
  look: PageLook,
  done: Set<number>,
  x: number,
  y: number,
): void {
  const firsts = line.pieces
    .filter((piece) => marksWidth(lookOf(look, piece)?.marks ?? 0) > 0 && !done.has(piece.token))
    .sort((a, b) => a.x - b.x);
  const middle = y - ABOVE * page.size;
  context.font = `500 ${NAME_SIZE}px ${SANS}`;
  const measure = (text: string): number => context.measureText(text).width;
  firsts.forEach((piece, i) => {
    if (done.has(piece.token)) return;
    done.add(piece.token);
    const { marks, name } = lookOf(look, piece)!;
    const at = piece.x + (piece.text.startsWith(" ") ? BLANK * page.size : 0);
    drawMarks(context, x + at, middle, marks, theme);
    const from = at + marksWidth(marks);
    const room = (firsts[i + 1]?.x ?? page.columnWidth) - NAME_GAP - from;
    const shown = name === "" ? "" : shorten(name, room, measure);
    // Less than a letter of it says nothing that its sign does not.
    if (shown.length < 2) return;
    context.fillStyle = theme.accent;
    context.fillText(shown, x + from, middle + 0.35 * NAME_SIZE);
  });
}

function drawPiece(
  { context, theme }: Brush,
  { size }: Page,
  piece: PagePiece,
  isInRun: boolean,
  look: PageLook,
  x: number,
  y: number,
): void {
  const own = lookOf(look, piece);
  const from = x + piece.x;
  const end = from + piece.width;
  if (!isInRun && piece.text !== "") {
    context.font = fontOfPage(size);
    context.fillStyle = own === undefined ? theme.soft : own.isFaint ? theme.faint : theme.ink;
    context.fillText(piece.text, from, y + BASELINE * size);
  }
  if (piece.breaks && own) {
    context.font = fontOfPage(BREAK * 0.9 * size);
    context.fillStyle = theme.faint;
    context.fillText("↵", end - BREAK * size, y + BASELINE * size);
  }
  if (piece.isEmpty) {
    context.strokeStyle = theme.edge;
    context.lineWidth = 1;
    context.strokeRect(from + 1, y - 0.1 * size, piece.width - 2, 0.45 * size);
  }
  if (piece.width === 0) return;
  const isSelected = piece.token === look.selected;
  if (!isSelected && !own?.forks) return;
  // A word is underlined, not the blank before it.
  const blanks = isInRun ? 0 : blankOf(context, size, piece.text);
  const under = y + UNDER * size;
  context.strokeStyle = isSelected ? theme.accent : theme.faint;
  context.lineWidth = isSelected ? Math.max(1.5, 0.1 * size) : Math.max(1, 0.075 * size);
  context.setLineDash(isSelected ? [] : [context.lineWidth, 1.6 * context.lineWidth]);
  context.beginPath();
  context.moveTo(from + (isSelected ? 0 : blanks), under);
  context.lineTo(end, under);
  context.stroke();
  context.setLineDash([]);
}

function blankOf(context: CanvasRenderingContext2D, size: number, text: string): number {
  const blanks = text.length - text.trimStart().length;
  if (blanks === 0 || blanks === text.length) return 0;
  context.font = fontOfPage(size);
  return context.measureText(" ".repeat(blanks)).width;
}
