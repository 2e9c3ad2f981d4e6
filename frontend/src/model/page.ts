/** The layout of a text as a page of tokens: lines of a width, in one column or several. */
import { inRun, rightToLeftRuns } from "./text";

export interface PageShape {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Size of the text, and of the room from one line to the next, CSS pixels. */
  readonly size: number;
  readonly pitch: number;
  readonly columns: number;
  /** Between columns, CSS pixels. */
  readonly gap: number;
  /** The token that is shown where not all of them fit; 0 is the prompt. */
  readonly selected: number;
  /** Width of a text, CSS pixels. */
  readonly measure: (text: string) => number;
}

/** A token, or as much of it as stands on one line. */
export interface PagePiece {
  /** 0 is the prompt. */
  readonly token: number;
  /** Without its line break, and without the blanks that a line begins with after it was broken. */
  readonly text: string;
  readonly x: number;
  readonly width: number;
  /** The token has a line break here. */
  readonly breaks: boolean;
  /** The token has no text at all. */
  readonly isEmpty: boolean;
}

/** Neighbouring pieces that are drawn as one text, since they are read from right to left. */
export interface PageRun {
  readonly text: string;
  readonly x: number;
  /** The prompt is written in another colour. */
  readonly isPrompt: boolean;
}

export interface PageLine {
  /** Of the column that the line stands in; the x of its pieces counts from there. */
  readonly x: number;
  /** Middle of the line. */
  readonly y: number;
  readonly pieces: readonly PagePiece[];
  /** Of right-to-left text; its pieces only say where its tokens stand. */
  readonly runs: readonly PageRun[];
  /** The indices of the pieces that are in a run. */
  readonly inRuns: ReadonlySet<number>;
}

export interface Page {
  readonly size: number;
  readonly pitch: number;
  readonly columnWidth: number;
  /** Of all columns together. */
  readonly width: number;
  /** It is read from the right, by its first letter. */
  readonly isRightToLeft: boolean;
  readonly lines: readonly PageLine[];
  /** Where “…” stands for what is left out. */
  readonly ellipses: readonly { readonly x: number; readonly y: number }[];
  /** Tokens, without the prompt, that are left out entirely before and after what is shown. */
  readonly before: number;
  readonly after: number;
  /** How much of the prompt is shown. */
  readonly prompt: "whole" | "part" | "none";
}

/** Width of a token without text, in sizes of the text. */
const NOTHING = 0.3;
/** Width of the mark of a line break, in sizes of the text. */
export const BREAK = 0.85;
/** What adding up widths may be off by, CSS pixels. */
const SLACK = 0.01;
/** In fewer rows there is no room for “…”. */
const LEAST_ROWS = 3;
/** Of what is shown of a long text, the share that comes before what is selected. */
const AHEAD_OF = 0.6;

/** `texts`: of the prompt, then of each token after it. Text that does not fit is left out around `selected`. */
export function layoutPage(texts: readonly string[], shape: PageShape): Page {
  const { height, pitch, size, selected, columns, gap } = shape;
  const columnWidth = Math.max(size, (shape.width - (columns - 1) * gap) / columns);
  const all = brokenInto(texts, columnWidth, shape);
  const rows = Math.max(1, Math.floor(height / pitch));
  const [first, end] = shownOf(all, rows * columns, selected);
  const isRightToLeft = startsFromTheRight(texts);
  const place = (slot: number): { x: number; y: number } => {
    const column = Math.floor(slot / rows);
    const across = isRightToLeft ? columns - 1 - column : column;
    return { x: across * (columnWidth + gap), y: (slot % rows) * pitch + pitch / 2 };
  };
  const lead = first > 0 && rows * columns >= LEAST_ROWS ? 1 : 0;
  const lines = all
    .slice(first, end)
    .map((pieces, i): PageLine => ({ ...place(i + lead), ...directed(pieces, columnWidth, isRightToLeft, shape) }));
  const ellipses = [
    ...(lead > 0 ? [place(0)] : []),
    ...(end < all.length && rows * columns >= LEAST_ROWS ? [place(lead + end - first)] : []),
  ];
  const numbers = lines.flatMap((line) => line.pieces.map(({ token }) => token));
  const least = numbers.reduce((a, b) => Math.min(a, b), texts.length);
  const most = numbers.reduce((a, b) => Math.max(a, b), 0);
  return {
    size,
    pitch,
    columnWidth,
    width: columns * columnWidth + (columns - 1) * gap,
    isRightToLeft,
    lines,
    ellipses,
    before: numbers.length === 0 ? 0 : Math.max(0, least - 1),
    after: Math.max(0, texts.length - 1 - most),
    prompt: least > 0 ? "none" : first > 0 || (most === 0 && end < all.length) ? "part" : "whole",
  };
}

/** Sizes of text that are tried, the largest first, CSS pixels. */
const SIZES = [32, 29, 26, 23, 20.5, 18.5, 16.5, 15, 13.5, 12.5];
/** In sizes of the text: from line to line, between columns, and how wide a column is. */
const PITCH = 1.72;
const GAP = 3;
const LEAST_COLUMN = 27;
const MOST_COLUMN = 34;

/**
 * The page in the largest text with which all of it fits, else in the smallest, with something
 * left out. `measureAt`: the width of a text at a size.
 */
export function fitPage(
  texts: readonly string[],
  room: { width: number; height: number; selected: number },
  measureAt: (size: number) => (text: string) => number,
): Page {
  let page: Page | null = null;
  for (const size of SIZES) {
    const gap = GAP * size;
    const columns = Math.max(1, Math.floor((room.width + gap) / (LEAST_COLUMN * size + gap)));
    const width = Math.min(room.width, columns * MOST_COLUMN * size + (columns - 1) * gap);
    const shape = { ...room, width, size, pitch: PITCH * size, columns, gap, measure: measureAt(size) };
    page = layoutPage(texts, shape);
    if (page.ellipses.length === 0 && page.before + page.after === 0 && page.prompt !== "part") break;
  }
  return page!;
}

/** Which lines are shown in so many rows: [first, end). A row is kept for each “…”. */
function shownOf(all: readonly PagePiece[][], rows: number, selected: number): [number, number] {
  if (all.length <= rows) return [0, all.length];
  const at = Math.max(0, all.findIndex((line) => line.some(({ token }) => token === selected)));
  if (rows < LEAST_ROWS) return [Math.min(at, all.length - rows), Math.min(at, all.length - rows) + rows];
  const both = rows - 2;
  const one = rows - 1;
  const first = selected === 0 ? 0 : at - Math.floor(both * AHEAD_OF);
  if (first <= 1) return [0, one];
  if (first + both >= all.length - 1) return [all.length - one, all.length];
  return [first, first + both];
}

const WIDE = "\\p{Script=Han}\\p{Script=Hiragana}\\p{Script=Katakana}";
/** What is not broken: a word with the blanks before it, or a wide character with what closes after it. */
const UNITS = new RegExp(`\\n| *(?:[${WIDE}][、。，．！？：；」』）〉》】…]*|[^ \\n${WIDE}]+)| +`, "gu");
const graphemes = new Intl.Segmenter();

/** The pieces of each line, from the left. */
function brokenInto(texts: readonly string[], width: number, shape: PageShape): PagePiece[][] {
  const { measure, size } = shape;
  const shown = texts.map((text) => text.replace(/\t/g, "    "));
  const lines: PagePiece[][] = [[]];
  let x = 0;
  let token = 0;
  /** How much of the token has been placed. */
  let done = 0;

  const put = (text: string, wide: number, breaks = false, isEmpty = false): void => {
    const line = lines[lines.length - 1]!;
    const last = line[line.length - 1];
    // Words of one token are one piece, so that its tint has no seams.
    if (last && last.token === token && !last.breaks) {
      line[line.length - 1] = { ...last, text: last.text + text, width: last.width + wide, breaks };
    } else line.push({ token, text, x, width: wide, breaks, isEmpty });
    x += wide;
  };
  const turn = (): void => {
    lines.push([]);
    x = 0;
  };
  /** Tokens that have no text stand where they come. */
  const passEmpty = (): void => {
    while (token < shown.length && done >= shown[token]!.length) {
      if (shown[token] === "" && token > 0) {
        if (x + NOTHING * size > width && x > 0) turn();
        put("", NOTHING * size, false, true);
      }
      token += 1;
      done = 0;
    }
  };
  /** The parts of a unit, one a token. */
  const partsOf = (unit: string): string[] => {
    const parts: string[] = [];
    let left = unit;
    let room = shown[token]!.length - done;
    for (let at = token; left !== ""; room = shown[++at]?.length ?? 0) {
      const part = left.slice(0, room);
      if (part !== "") parts.push(part);
      left = left.slice(room);
    }
    return parts;
  };
  const advance = (length: number): void => {
    done += length;
  };

  for (const [unit] of shown.join("").matchAll(UNITS)) {
    passEmpty();
    if (unit === "\n") {
      put("", token === 0 ? 0 : BREAK * size, true);
      advance(1);
      turn();
      continue;
    }
    const parts = partsOf(unit);
    const wide = parts.reduce((sum, part) => sum + measure(part), 0);
    let blanks = 0;
    if (x > 0 && x + wide > width + SLACK) {
      turn();
      blanks = unit.length - unit.trimStart().length;
    }
    for (const part of parts) {
      passEmpty();
      const dropped = Math.min(blanks, part.length - part.trimStart().length);
      blanks -= dropped;
      const text = part.slice(dropped);
      for (const fitting of x + measure(text) <= width + SLACK ? [text] : graphemesOf(text)) {
        const one = measure(fitting);
        if (x > 0 && x + one > width + SLACK) turn();
        put(fitting, one);
      }
      advance(part.length);
    }
  }
  passEmpty();
  if (lines[lines.length - 1]!.length === 0) lines.pop();
  return lines;
}

const graphemesOf = (text: string): string[] => Array.from(graphemes.segment(text), ({ segment }) => segment);

const LETTER = /\p{L}/u;

/** By the first letter, as the page does it. */
function startsFromTheRight(texts: readonly string[]): boolean {
  for (const text of texts) {
    const letter = LETTER.exec(text)?.[0];
    if (letter !== undefined) return rightToLeftRuns([letter]).length > 0;
  }
  return false;
}

/** Puts the pieces of a line where they are read: runs from right to left turned round. */
function directed(
  pieces: readonly PagePiece[],
  width: number,
  isRightToLeft: boolean,
  { measure }: PageShape,
): Pick<PageLine, "pieces" | "runs" | "inRuns"> {
  const turned = rightToLeftRuns(pieces.map(({ text }) => text));
  if (turned.length === 0 && !isRightToLeft) return { pieces, runs: [], inRuns: new Set() };
  const placed = [...pieces];
  const runs: PageRun[] = [];
  const inRuns = new Set<number>();
  const segments: { first: number; end: number; turns: boolean }[] = [];
  let at = 0;
  for (const [first, end] of turned) {
    if (first > at) segments.push({ first: at, end: first, turns: false });
    // A run of the prompt and of tokens is two, for it has two colours.
    const border = pieces.findIndex(({ token }, i) => i >= first && i < end && token > 0);
    if (border > first) segments.push({ first, end: border, turns: true });
    segments.push({ first: border > first ? border : first, end, turns: true });
    at = end;
  }
  if (at < pieces.length) segments.push({ first: at, end: pieces.length, turns: false });

  const natural = segments.map(({ first, end, turns }) => {
    const sum = pieces.slice(first, end).reduce((all, piece) => all + piece.width, 0);
    return { text: pieces.slice(first, end).map(({ text }) => text).join(""), sum, turns };
  });
  // Joined letters are narrower than letters apart: the tokens of a run share the width that it takes.
  const widths = natural.map(({ text, sum, turns }) => (turns ? Math.min(sum, measure(text)) : sum));
  const total = widths.reduce((sum, one) => sum + one, 0);
  const order = segments.map((_, i) => i);
  if (isRightToLeft) order.reverse();
  let x = isRightToLeft ? width - total : 0;
  for (const i of order) {
    const { first, end, turns } = segments[i]!;
    const { sum, text } = natural[i]!;
    const share = sum > 0 ? widths[i]! / sum : 1;
    const inOrder = Array.from({ length: end - first }, (_, k) => (turns ? end - 1 - k : first + k));
    if (turns) runs.push({ text: inRun(text, "", ""), x, isPrompt: pieces[first]!.token === 0 });
    for (const one of inOrder) {
      if (turns) inRuns.add(one);
      const piece = pieces[one]!;
      placed[one] = { ...piece, x, width: piece.width * share };
      x += piece.width * share;
    }
  }
  return { pieces: placed, runs, inRuns };
}
