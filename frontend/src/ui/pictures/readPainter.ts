/** The Read view as a picture: the trajectory's text as a page, in the largest text that fits. */
import { cellsOf } from "../../model/cells";
import { MARK } from "../../model/emphasis";
import { domainOf } from "../../model/measures";
import { fitPage, type Page } from "../../model/page";
import type { Painter, PaintSize, PictureKey } from "../../model/painter";
import { piecesAfter, written } from "../../model/text";
import { legendOf } from "../../render/legend";
import { drawPage, fontOfPage, MARGIN, type PageLook } from "../../render/page";
import { scaleOf, stepOf } from "../../render/palette";
import { drawRows } from "../../render/spacetime";
import { THEMES } from "../../render/theme";
import { readColour } from "../../state/readColours";
import { isOpenFork, siblingsOf, stateAt, valueAt, type Trajectory } from "../../state/reading";
import type { TreeSession } from "../../state/session.svelte";
import type { ViewState } from "../../state/view.svelte";
import { plural } from "../numbers";

/** What is read at the moment. */
export interface Reading {
  readonly trajectory: Trajectory;
  /** The selected step; 0 is the prompt. */
  readonly step: number;
}

const INSET = 8;
const LARGEST_CELL = 16;
/** Widths are measured at this size and scaled. */
const MEASURED = 100;

export function readPainter(session: TreeSession, view: ViewState, reading: () => Reading): Painter {
  const { model } = session;
  const paint = model.shape.cells === true ? paintRows : paintText;
  return {
    get title() {
      const { length } = reading().trajectory.keys;
      return `A trajectory of ${plural(length, model.shape.kind === "rewriting" ? "step" : "token")}`;
    },
    paint,
  };

  function paintText(context: CanvasRenderingContext2D, { width, height, ratio, ...size }: PaintSize): PictureKey {
    const { trajectory, step } = reading();
    const theme = THEMES[size.theme];
    const texts = [session.tree.prompt.text, ...piecesAfter(model, 0, trajectory.keys)].map(written);
    const room = { width: width - MARGIN - INSET, height: height - 2 * INSET, selected: step };
    const page = fitPage(texts, room, measuring(context));
    const domain = domainOf(model, readColour(view), 0, trajectory.keys.length);
    const look = { tokens: looksOf(trajectory, theme.name, domain), selected: step };
    const left = page.isRightToLeft ? width - MARGIN - page.width : MARGIN;
    context.fillStyle = theme.background;
    context.fillRect(0, 0, width, height);
    drawPage({ context, theme, ratio, alpha: 1 }, page, look, left, INSET);
    return { scale: legendOf(theme.name, domain), notes: notesOf(page, look) };
  }

  function looksOf(
    trajectory: Trajectory,
    name: "dark" | "light",
    domain: ReturnType<typeof domainOf>,
  ): PageLook["tokens"] {
    const colour = readColour(view);
    const { colours } = scaleOf(name, colour);
    const most = domainOf(model, "entropy", 0, 0).hi;
    return trajectory.keys.map((_, i) => {
      const node = trajectory.nodes[i]!;
      const parent = stateAt(trajectory, i).node;
      const place = stepOf(domain, valueAt(model, session.weighting, colour, trajectory, i + 1));
      return {
        tint: place === -1 ? null : colours[place]!,
        forks: siblingsOf(model, parent, node) > 0,
        isOpen: isOpenFork(model, parent, most),
        marks: node === -1 ? 0 : view.emphasis.marksOf(node),
        name: node === -1 ? "" : model.annotations.label(node),
        isFaint: node === -1 || (view.emphasis.filters && !view.emphasis.passes(node)),
      };
    });
  }

  /** An automaton is read row by row, time downwards. */
  function paintRows(context: CanvasRenderingContext2D, { width, height, ratio, ...size }: PaintSize): PictureKey {
    const { trajectory, step } = reading();
    const theme = THEMES[size.theme];
    const texts = [session.tree.prompt.text, ...piecesAfter(model, 0, trajectory.keys)];
    const rows = texts.flatMap((text) => {
      const row = cellsOf(text.trim());
      return row === null ? [] : [row];
    });
    const columns = rows[0]?.length ?? 1;
    const cell = Math.min(LARGEST_CELL, width / columns, height / Math.max(1, rows.length));
    context.fillStyle = theme.background;
    context.fillRect(0, 0, width, height);
    const grid = { cell, width: columns * cell, height: rows.length * cell };
    context.save();
    context.translate((width - grid.width) / 2, 0);
    drawRows({ context, theme, ratio, alpha: 1 }, rows, grid, rows.length, step);
    context.restore();
    return { scale: null, notes: ["space to the right, time downwards", `row ${step + 1} is selected`] };
  }
}

/** Measured once for all sizes. */
function measuring(context: CanvasRenderingContext2D): (size: number) => (text: string) => number {
  const widths = new Map<string, number>();
  return (size) => (text) => {
    let width = widths.get(text);
    if (width === undefined) {
      context.font = fontOfPage(MEASURED);
      width = context.measureText(text).width / MEASURED;
      widths.set(text, width);
    }
    return width * size;
  };
}

function notesOf(page: Page, { tokens, selected }: PageLook): string[] {
  const shown = new Set(page.lines.flatMap((line) => line.pieces.map(({ token }) => token)));
  const some = (is: (look: PageLook["tokens"][number]) => boolean): boolean =>
    tokens.some((look, i) => shown.has(i + 1) && is(look));
  const notes = [selected === 0 ? "the prompt is selected" : "underlined: the selected token"];
  if (page.prompt !== "none") notes.unshift("paler: the prompt");
  if (some(({ forks }) => forks)) notes.push("dotted: others are grown");
  if (some(({ isOpen }) => isOpen)) notes.push("ring: much was possible");
  if (some(({ marks }) => (marks & MARK.bookmark) !== 0)) notes.push("ribbon: bookmarked");
  if (some(({ marks }) => (marks & MARK.note) !== 0)) notes.push("lines of a page: a note");
  if (some(({ marks }) => (marks & MARK.label) !== 0)) notes.push("tag: a branch with a name");
  const left = [
    ...(page.prompt === "none" ? ["the prompt"] : page.prompt === "part" ? ["a part of the prompt"] : []),
    ...(page.before > 0 ? [`${plural(page.before, "token")} before`] : []),
    ...(page.after > 0 ? [`${plural(page.after, "token")} after`] : []),
  ];
  if (left.length > 0) notes.push(`…: left out are ${left.join(", ")}`);
  return notes;
}
