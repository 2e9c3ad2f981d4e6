/** What is on the canvas of the Tree view: the part of a tidy tree that is in sight, in CSS pixels. */
import { clamp } from "../base/interval";
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
/** Radius of a state, CSS pixels. */
export const TIDY_RADIUS = 4.5;

export interface TidyState {
  readonly node: number;
  readonly x: number;
  readonly y: number;
  /** White space visible, shortened to fit. */
  readonly label: string;
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
  readonly label: string;
  readonly collapsed: boolean;
}

export interface TidyScene {
  readonly width: number;
  readonly height: number;
  readonly states: readonly TidyState[];
  readonly edges: readonly TidyEdge[];
  readonly wedges: readonly TidyWedge[];
  readonly domain: ColourDomain;
}

/** Of the whole probability, CSS pixels. */
const WHOLE_WIDTH = 14;
const THINNEST = 0.75;
const GAP = 8;
const WEDGE = 26;
const ROOT = 18;

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
  const outs = new Map<number, number>();
  const labels = new Map<number, string>();

  // Where a label ends depends on the label only, so that edges from out of sight begin rightly.
  const labelled = (index: number): { text: string; out: number } => {
    const one = tidy.nodes[index]!;
    let out = outs.get(index);
    if (out === undefined) {
      const text = textOf(tree, one);
      const shown = shorten(text, columnWidth - 2 * TIDY_RADIUS - 2 * GAP, view.measure);
      out = xOf(one.column) + TIDY_RADIUS + GAP / 2 + view.measure(shown) + GAP / 2;
      outs.set(index, out);
      labels.set(index, shown);
    }
    return { text: labels.get(index)!, out };
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
    if (at.x > width || at.x < -columnWidth - WEDGE) return;
    const { text, out } = labelled(index);
    if (inSight(at.y, at.y)) {
      states.push({
        node: one.node,
        ...at,
        label: text,
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
    wedges.push({
      node: one.node,
      first: wedge.first,
      x0: Math.max(out, xOf(one.column + 1) - TIDY_RADIUS - WEDGE),
      x1: xOf(one.column + 1) + TIDY_RADIUS,
      y0: at.y,
      y: wy,
      half: clamp(WHOLE_WIDTH * wedge.share, 3, rowHeight * 0.36),
      label: `${many} ${wedge.states === 1 ? "state" : "states"}, ${wedge.share < 0.00005 ? "<0.01%" : percentOf(wedge.share)}`,
      collapsed: wedge.collapsed,
    });
  });
  return { width, height, states, edges, wedges, domain };
}

function textOf(tree: TreeModel, { node }: TidyNode): string {
  if (node === 0) return "prompt";
  const key = tree.key[node]!;
  const own = tree.isEndKey(key) ? END_MARK : label(pieceAfter(tree, tree.parent[node]!, key)) || "·";
  const name = tree.annotations.label(node);
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
