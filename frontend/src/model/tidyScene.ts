/** What is on the canvas of the Tree view: the part of a tidy tree that is in sight, in CSS pixels. */
import { clamp } from "../base/interval";
import { cellsOf } from "./cells";
import { percentOf, shorten } from "./labels";
import { domainOf, valueOf } from "./measures";
import type { ColourDomain } from "./scene";
import { END_MARK } from "./scene";
import { label, pieceAfter } from "./text";
import type { TidyNode, TidyTree } from "./tidy";
import type { TreeModel } from "./tree";
import type { Weighting } from "./weighting";

export interface TidyView {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Where the tree's top left corner stands. */
  readonly x: number;
  readonly y: number;
  readonly rowHeight: number;
  readonly columnWidth: number;
  readonly colour: ColourDomain["colour"];
  /** Width of a text in the mono face at TIDY_TEXT, CSS pixels. */
  measure(text: string): number;
}

/** Size of the states' text, CSS pixels. */
export const TIDY_TEXT = 12;
/** Widths of a wedge's label, given those of the mono face: 11 px of the sans face, with some to spare. */
const WEDGE_TEXT = 0.85;
/** Radius of a state, CSS pixels. */
export const TIDY_RADIUS = 4.5;

export interface TidyState {
  readonly node: number;
  readonly x: number;
  readonly y: number;
  /** White space visible, shortened to fit; empty where the right edge leaves no room. */
  readonly label: string;
  /** Of an automaton: its row in place of a label, where there is room. */
  readonly row: Uint8Array | null;
  /** Of the row, CSS pixels. */
  readonly rowWidth: number;
  /** Where its label ends, and the edges to its next states begin. */
  readonly out: number;
  readonly value: number;
  readonly kind: "frontier" | "expanded" | "ended" | "cut";
  readonly unweighed: boolean;
}

export interface TidyEdge {
  readonly node: number;
  readonly x0: number;
  readonly y0: number;
  readonly x1: number;
  readonly y1: number;
  /** CSS pixels: the probability given the root. */
  readonly width: number;
  readonly isCut: boolean;
  readonly unweighed: boolean;
}

export interface TidyWedge {
  /** The state whose next states it holds. */
  readonly node: number;
  /** The most probable of them. */
  readonly first: number;
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y: number;
  /** Half its height at its open end, CSS pixels. */
  readonly half: number;
  /** Empty where the right edge leaves no room: half a number would be another number. */
  readonly label: string;
  readonly collapsed: boolean;
}

export interface TidyScene {
  readonly width: number;
  readonly height: number;
  readonly states: readonly TidyState[];
  readonly edges: readonly TidyEdge[];
  readonly wedges: readonly TidyWedge[];
  /** The first and the last step of the tree that have states beyond the right edge. */
  readonly beyond: { readonly first: number; readonly last: number } | null;
  readonly domain: ColourDomain;
}

/** Of the whole probability, CSS pixels. */
const WHOLE_WIDTH = 14;
const THINNEST = 0.75;
const GAP = 8;
const WEDGE = 26;
const ROOT = 18;
/** Before the right edge, CSS pixels: lines fade there if the tree goes on, and no text begins. */
export const TIDY_FADE = 28;
/** Between text and the right edge. */
const MARGIN = 4;
/** The widest cell of an automaton's row, CSS pixels. */
const CELL = 5;
/** What a label needs at least: a few characters. */
const LEAST_LABEL = 24;
/** From the open end of a wedge to its label. */
export const WEDGE_GAP = 7;

export function tidyScene(
  tree: TreeModel,
  weighting: Weighting,
  tidy: TidyTree,
  view: TidyView,
): TidyScene {
  const { width, height, x, y, rowHeight, columnWidth, colour } = view;
  const root = tidy.nodes[0]!.node;
  const domain = domainOf(tree, colour, tree.depth[root]!, tidy.columns);
  const xOf = (column: number): number => x + ROOT + column * columnWidth;
  const yOf = (row: number): number => y + row * rowHeight;
  const inSight = (top: number, bottom: number): boolean => bottom > -rowHeight && top < height + rowHeight;
  const beyond = beyondOf(tree, tidy, view);
  const edge = width - (beyond === null ? MARGIN : TIDY_FADE);
  const known = new Map<number, Labelled>();

  // Where a label ends depends on the label only, so that edges from out of sight begin rightly.
  const labelled = (index: number): Labelled => {
    const found = known.get(index);
    if (found !== undefined) return found;
    const one = tidy.nodes[index]!;
    const from = xOf(one.column) + TIDY_RADIUS + GAP / 2;
    const column = columnWidth - 2 * TIDY_RADIUS - 2 * GAP;
    const row = rowOf(tree, one.node);
    const rowWidth = row === null ? 0 : Math.min(column, row.length * CELL);
    const fits = rowWidth > 0 && rowWidth <= edge - from;
    const text =
      row === null ? fitted(textOf(tree, one), column, edge - from, width - MARGIN - from, view.measure) : "";
    const wide = fits ? rowWidth : view.measure(text);
    const label = { text, row: fits ? row : null, rowWidth: fits ? rowWidth : 0, out: from + wide + GAP / 2 };
    known.set(index, label);
    return label;
  };

  const states: TidyState[] = [];
  const edges: TidyEdge[] = [];
  const wedges: TidyWedge[] = [];
  tidy.nodes.forEach((one, index) => {
    const at = { x: xOf(one.column), y: yOf(one.y) };
    const isBeyond = at.x - columnWidth > width;
    const isCut = tree.underCut(one.node);
    if (one.parent >= 0 && !isBeyond && at.x > -columnWidth) {
      const parent = tidy.nodes[one.parent]!;
      const y0 = yOf(parent.y);
      if (inSight(Math.min(y0, at.y), Math.max(y0, at.y))) {
        edges.push({
          node: one.node,
          x0: labelled(one.parent).out,
          y0,
          x1: at.x - TIDY_RADIUS,
          y1: at.y,
          width: Math.max(THINNEST, WHOLE_WIDTH * one.share),
          isCut,
          unweighed: one.unweighed,
        });
      }
    }
    if (at.x > width - TIDY_RADIUS || at.x < -columnWidth - WEDGE) return;
    const { text, row, rowWidth, out } = labelled(index);
    if (inSight(at.y, at.y)) {
      states.push({
        node: one.node,
        ...at,
        label: text,
        row,
        rowWidth,
        out,
        value: valueIn(tree, weighting, colour, one),
        kind: kindOf(tree, one.node, isCut),
        unweighed: one.unweighed,
      });
    }
    const { wedge } = one;
    if (wedge === null) return;
    const wy = yOf(wedge.y);
    if (!inSight(Math.min(wy, at.y), Math.max(wy, at.y))) return;
    const many = new Intl.NumberFormat("en").format(wedge.states);
    const says = `${many} ${wedge.states === 1 ? "state" : "states"}, ${wedge.share < 0.00005 ? "<0.01%" : percentOf(wedge.share)}`;
    const x1 = xOf(one.column + 1) + TIDY_RADIUS;
    wedges.push({
      node: one.node,
      first: wedge.first,
      x0: Math.max(out, xOf(one.column + 1) - TIDY_RADIUS - WEDGE),
      x1,
      y0: at.y,
      y: wy,
      half: clamp(WHOLE_WIDTH * wedge.share, 3, rowHeight * 0.36),
      // The mono face is wider than the one that it is written in.
      label: x1 + WEDGE_GAP + view.measure(says) * WEDGE_TEXT <= width - MARGIN ? says : "",
      collapsed: wedge.collapsed,
    });
  });
  return { width, height, states, edges, wedges, beyond, domain };
}

/** What stands beside a state, and where it ends. */
interface Labelled extends Pick<TidyState, "row" | "rowWidth" | "out"> {
  readonly text: string;
}

/** The cells of an automaton's state; null for the prompt, of other trees, and where a name stands. */
function rowOf(tree: TreeModel, node: number): Uint8Array | null {
  if (tree.shape.cells !== true || node === 0 || tree.annotations.label(node) !== "") return null;
  return cellsOf(tree.symbols.wholeText(tree.key[node]!) ?? "");
}

/**
 * In the room of a column; unshortened within what is left of it before the right edge, else
 * shortened where lines do not fade yet; "" where that is too little to read.
 */
function fitted(
  text: string,
  column: number,
  left: number,
  whole: number,
  measure: TidyView["measure"],
): string {
  const label = shorten(text, column, measure);
  if (measure(label) <= (label === text ? whole : left)) return label;
  return left < LEAST_LABEL ? "" : shorten(text, left, measure);
}

/** That the tree goes on to the right; "" where it does not. */
export function beyondSaid(beyond: TidyScene["beyond"]): string {
  if (beyond === null) return "";
  const { first, last } = beyond;
  return first === last
    ? `step ${first} is beyond the right edge`
    : `steps ${first} to ${last} are beyond the right edge`;
}

/** Steps are counted as the tree counts them, though the view may begin at a later one. */
function beyondOf(tree: TreeModel, tidy: TidyTree, view: TidyView): TidyScene["beyond"] {
  const fit = Math.floor((view.width - TIDY_RADIUS - view.x - ROOT) / view.columnWidth) + 1;
  const first = Math.max(0, fit);
  if (first >= tidy.columns) return null;
  const from = tree.depth[tidy.nodes[0]!.node]!;
  return { first: from + first, last: from + tidy.columns - 1 };
}

function textOf(tree: TreeModel, { node }: TidyNode): string {
  if (node === 0) return "prompt";
  const key = tree.key[node]!;
  const own = tree.isEndKey(key) ? END_MARK : label(pieceAfter(tree, tree.parent[node]!, key)) || "·";
  const name = tree.annotations.label(node);
  if (name && tree.shape.cells === true) return name;
  return name ? `${name} · ${own}` : own;
}

function valueIn(
  tree: TreeModel,
  weighting: Weighting,
  colour: ColourDomain["colour"],
  { node, step }: TidyNode,
): number {
  if (node === 0 || colour === "ratio") return NaN;
  return valueOf(tree, weighting, colour, tree.parent[node]!, node, tree.logProb[node]!, step);
}

function kindOf(tree: TreeModel, node: number, isCut: boolean): TidyState["kind"] {
  if (isCut) return "cut";
  if (tree.isTerminal(node)) return "ended";
  return tree.isExpanded(node) ? "expanded" : "frontier";
}

/** What is under the pointer: a state, or the wedge beside one. */
export type TidyTarget = { kind: "state" | "wedge"; node: number };

/** x, y: CSS pixels from the scene's top left. */
export function pickTidy(scene: TidyScene, x: number, y: number, rowHeight: number): TidyTarget | null {
  for (const { node, x: at, y: middle, out } of scene.states) {
    if (Math.abs(y - middle) <= rowHeight / 2 && x >= at - 2 * TIDY_RADIUS && x <= out) {
      return { kind: "state", node };
    }
  }
  for (const { node, x0, x1, y: middle } of scene.wedges) {
    if (Math.abs(y - middle) <= rowHeight / 2 && x >= x0 && x <= x1 + 120) return { kind: "wedge", node };
  }
  return null;
}
