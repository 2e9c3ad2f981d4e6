/** The running text of one line, from the state where branches get thinner than a line. */
import { bitsOf } from "../base/interval";
import { type Lattice, enteredAt, freshAt } from "./lattice";
import type { StateRef } from "./ref";
import { END_MARK, type LineEnd, type Piece } from "./scene";
import { beyondAt, isForbidden, stopAt } from "./standing";
import { inRun, piecesAfter, rightToLeftRuns, visible } from "./text";
import type { TreeModel } from "./tree";
import { advance, locate, type Position } from "./walk";
import type { Weighting } from "./weighting";

/** A token that shows nothing by itself is still there to be clicked. */
export const THIN = 4;
/** An end token shows no text of its own, but a mark as wide as this. */
const END_ROOM = "  ";
/** Kept free at the end of a line for … or ∎. */
const RESERVE = 16;

export interface Walker {
  readonly tree: TreeModel;
  /** What the heights and lines are drawn by. */
  readonly heights: Weighting;
  /** What is forbidden when the heights are by the rule. */
  readonly procedure: Weighting;
  readonly by: "procedure" | "rule";
  readonly seed: number;
  readonly lattice: Lattice;
  readonly right: number;
  measure(text: string): number;
}

export interface Running {
  readonly pieces: readonly Piece[];
  readonly end: LineEnd;
  readonly at: StateRef;
  readonly x1: number;
}

interface Step {
  readonly ref: StateRef;
  readonly key: number;
  readonly bits: number;
}

/** Walks line `index` on from `node` and lays its tokens out from x to the right edge. */
export function runOn(
  walker: Walker,
  index: number,
  node: number,
  position: Position,
  x: number,
): Running {
  const { tree, measure } = walker;
  const limit = walker.right - RESERVE;
  const { steps, end } = walkOn(walker, index, node, position, limit - x);
  const texts = piecesAfter(
    tree,
    node,
    steps.map((step) => step.key),
  );
  const shown = texts.map((text) => visible(text));
  const runs = rightToLeftRuns(shown);
  for (const [first, end] of runs) {
    // The space before a run parts it from what stands to its left, where its last token comes.
    const before = /^ */.exec(shown[first]!)![0];
    const apart = shown.slice(first, end);
    apart[0] = apart[0]!.slice(before.length);
    apart.forEach((text, i) => {
      shown[first + i] = inRun(text, apart[i - 1] ?? "", apart[i + 1] ?? "");
    });
    shown[end - 1] = before + shown[end - 1]!;
  }
  const laid: Piece[] = [];
  let at: StateRef = { node };
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    const isEnd = tree.isEndKey(step.key);
    const text = isEnd ? END_MARK : shown[i]!;
    const x1 = x + (isEnd ? measure(END_ROOM) : Math.max(THIN, measure(text)));
    if (x1 > limit) return { pieces: turned(laid, runs), end: "edge", at, x1: x };
    at = step.ref;
    laid.push({ ref: step.ref, x0: x, x1, text, bits: step.bits });
    x = x1;
  }
  return { pieces: turned(laid, runs), end, at, x1: x };
}

/** The pieces with each right-to-left run in its own order: the first token at its right end. */
function turned(pieces: Piece[], runs: readonly (readonly [number, number])[]): Piece[] {
  for (const [first, end] of runs) {
    const run = pieces.slice(first, end);
    if (run.length < 2) continue;
    const sum = run[0]!.x0 + run[run.length - 1]!.x1;
    run.forEach((piece, i) => {
      pieces[first + i] = { ...piece, x0: sum - piece.x1, x1: sum - piece.x0 };
    });
  }
  return pieces;
}

function walkOn(
  walker: Walker,
  index: number,
  node: number,
  position: Position,
  room: number,
): { steps: Step[]; end: LineEnd } {
  const { tree, heights } = walker;
  const steps: Step[] = [];
  for (let width = 0; width <= room; ) {
    const stop = stopAt(tree, heights, node);
    if (stop !== null) return { steps, end: stop };
    const beyond = beyondAt(tree, heights, walker.procedure, node, walker.by);
    if (position.u >= beyond.start) return { steps, end: beyond.kind };
    const place = locate(tree, node, position.u, heights);
    if (place === null) return { steps, end: "open" };
    const { key, child } = place;
    const whole = tree.symbols.wholeText(key);
    width += whole === null ? THIN : Math.max(THIN, walker.measure(visible(whole)));
    steps.push({
      ref: child === -1 ? { node, key } : { node: child },
      key,
      bits: bitsOf(place.logProb),
    });
    if (walker.by === "rule" && isForbidden(tree, walker.procedure, node, key)) {
      return { steps, end: "forbidden" };
    }
    if (child === -1) return { steps, end: tree.endsAt(node, key) ? "ended" : "open" };
    const fresh = freshAt(walker.lattice, walker.seed, index, tree.depth[node]!);
    position =
      enteredAt(walker.lattice, index, child) ?? advance(position, place.start, place.q, fresh);
    node = child;
  }
  return { steps, end: "edge" };
}
