/** Walking a line down the tree (arithmetic sampling): the same numbers as core/walk.py. */
import { clamp } from "../base/interval";
import type { Fan } from "./fan";
import type { TreeModel } from "./tree";
import { widthOf, type Weighting } from "./weighting";

/** Bits of a position that are good at the start, and after fresh ones were appended. */
export const FULL_BITS = 52;
/** Fewer bits than this: fresh ones are appended. */
export const FEW_BITS = 30;
const LAST = 1 - 2 ** -53;

/** A line's place inside the interval of the state that it has reached. */
export interface Position {
  /** In [0, 1). */
  readonly u: number;
  /** Bits of u that are not used up. */
  readonly left: number;
}

/** One step of a line: which next state its position falls into. */
export interface Place {
  readonly key: number;
  /** The child by that key, or −1 when it is a stored candidate only. */
  readonly child: number;
  /** F(t⁻) = start of the next state's share, and its probability q under the procedure. */
  readonly start: number;
  readonly q: number;
  /** Natural log under the rule. */
  readonly logProb: number;
}

/** Into the share [start, start + q): what is left of the position, refreshed when it runs out. */
export function advance(at: Position, start: number, q: number, fresh: number): Position {
  const u = clamp((at.u - start) / q, 0, LAST);
  const left = at.left + Math.log2(q);
  if (left >= FEW_BITS) return { u, left };
  const scale = 2 ** Math.max(0, Math.floor(left));
  return { u: clamp((Math.floor(u * scale) + fresh) / scale, 0, LAST), left: FULL_BITS };
}

/** Line i of n over [lo, hi): evenly spaced, `offset` of a spacing from the top. */
export function lineStart(lo: number, hi: number, line: number, lines: number, offset: number): Position {
  return { u: clamp(lo + ((hi - lo) * (line + offset)) / lines, 0, LAST), left: FULL_BITS };
}

/**
 * The next state of `node` at position u, as far as the tree knows it: one of its fan, or a child
 * beyond it whose interval is stored. null: only the rule can tell.
 */
export function locate(
  tree: TreeModel,
  node: number,
  u: number,
  weighting: Weighting,
): Place | null {
  const fan = tree.fan(node, weighting);
  if (fan === null) return null;
  const { beta, complete, end, logZ, scaled } = fan;
  let start = 0;
  let last = -1;
  let lastStart = 0;
  for (let i = fan.from; i < end; i++) {
    const next = start + widthOf(beta, scaled[i]!, logZ);
    if (next > start) {
      last = i;
      lastStart = start;
    }
    if (u < next) break;
    start = next;
    // Rounding may leave the last end a little under one; the last next state holds the rest.
    if (i === end - 1 && !complete) last = -1;
  }
  if (last === -1) return complete ? null : locateInTail(tree, node, u, weighting, fan);
  const key = fan.keys[last]!;
  const q = widthOf(beta, scaled[last]!, logZ);
  return { key, child: tree.childOf(node, key), start: lastStart, q, logProb: fan.logProbs[last]! };
}

function locateInTail(
  tree: TreeModel,
  node: number,
  u: number,
  weighting: Weighting,
  { beta, logZ }: Fan,
): Place | null {
  let found: Place | null = null;
  tree.eachChild(node, (child) => {
    if (found !== null) return;
    const start = weighting.tailCumAt(child);
    const q = widthOf(beta, weighting.tailScaledAt(child), logZ);
    if (start <= u && u < start + q) {
      found = { key: tree.key[child]!, child, start, q, logProb: tree.logProb[child]! };
    }
  });
  return found;
}
