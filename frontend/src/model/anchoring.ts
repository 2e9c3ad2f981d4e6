/**
 * Keeping a view in the deepest state that holds it: the numbers of a camera are only ever relative
 * to a state near it, so that 300 bits down they are as good as at the first.
 */
import { clamp } from "../base/interval";
import { homeOf, wholeOf, type Camera } from "./camera";
import { widthAt } from "./fan";
import type { TreeModel } from "./tree";
import { widthOf, type Weighting } from "./weighting";

/** A view narrower than this goes into one of the states it lies across. */
export const NARROWEST_VIEW = 2 ** -22;
/** A next state at least so probable leaves the view as it is: nothing is gained by going into it. */
const CERTAIN = 1 - 2 ** -20;
/** Certain steps that are looked through for one that is not. */
const MOST_CERTAIN = 512;
/** More than this of a state is all of it. */
const ALL = 1 - 1e-12;
/** Of a next state that cannot be gone into, the least part that is shown. */
const LEAST_PART = 0.5;

/** Lines belong to a home at most so much larger, smaller, further up than what is in view. */
const FINEST = 2 ** -16;
const COARSEST = 4;
const LEAST_OVERLAP = 0.25;
const FARTHEST = 64;

/** A state's share of another's interval: [start, start + size). */
export interface Share {
  readonly start: number;
  readonly size: number;
}

/** Where a node lies in its parent's interval; null where that is not known. size 0: nowhere. */
export function shareOf(tree: TreeModel, heights: Weighting, node: number): Share | null {
  if (node === 0) return null;
  const parent = tree.parent[node]!;
  const key = tree.key[node]!;
  const fan = tree.fan(parent, heights);
  if (fan === null) return null;
  let start = 0;
  for (let i = fan.from; i < fan.end; i++) {
    const size = widthAt(fan, i);
    if (fan.keys[i] === key) return { start, size };
    start += size;
  }
  if (fan.complete) return { start, size: 0 };
  const tail = heights.tailCumAt(node);
  const size = widthOf(fan.beta, heights.tailScaledAt(node), fan.logZ);
  return Number.isNaN(tail) || Number.isNaN(size) ? null : { start: tail, size };
}

/** Where a state lies in the interval of one before it; null where that is not known. */
export function shareWithin(
  tree: TreeModel,
  heights: Weighting,
  outer: number,
  inner: number,
): Share | null {
  let start = 0;
  let size = 1;
  for (let at = inner; at !== outer; at = tree.parent[at]!) {
    const share = at > outer ? shareOf(tree, heights, at) : null;
    if (share === null) return null;
    start = share.start + share.size * start;
    size *= share.size;
  }
  return { start, size };
}

/** A next state of the anchor, as the view meets it. */
interface Holder {
  readonly start: number;
  readonly end: number;
  /** −1: it is no state of the tree yet, or cannot be gone into. */
  readonly child: number;
}

/** The next state that holds a place; null where it is not known what lies there. */
function holderOf(tree: TreeModel, heights: Weighting, node: number, u: number): Holder | null {
  const fan = tree.fan(node, heights);
  if (fan === null) return null;
  let start = 0;
  for (let i = fan.from; i < fan.end; i++) {
    const end = start + widthAt(fan, i);
    // Rounding may leave the last end a little under one.
    const isLast = fan.complete && i === fan.end - 1;
    if (end > start && (u < end || isLast)) {
      return { start, end, child: enterable(tree, tree.childOf(node, fan.keys[i]!)) };
    }
    start = end;
  }
  let found: Holder | null = null;
  if (!fan.complete) {
    tree.eachChild(node, (child) => {
      const from = heights.tailCumAt(child);
      const end = from + widthOf(fan.beta, heights.tailScaledAt(child), fan.logZ);
      if (from <= u && u < end) found = { start: from, end, child: enterable(tree, child) };
    });
  }
  return found;
}

const enterable = (tree: TreeModel, child: number): number =>
  child === -1 || tree.isCut(child) || tree.isTerminal(child) ? -1 : child;

/**
 * The same view, measured in the deepest state that holds it. What reaches beyond the prompt's
 * interval is moved back into it; what lies across two states and is too narrow for that goes into
 * one of them; in a state that is not grown, or has ended, one can come only so close.
 */
export function reanchored(tree: TreeModel, heights: Weighting, view: Camera): Camera {
  const before = homeOf(view);
  const out = outward(tree, heights, view);
  if (out === null) return wholeOf(view.hi - view.lo > 1 ? tree.parent[view.anchor]! : view.anchor);
  const camera = inward(tree, heights, out);
  return withHome(tree, heights, camera, before);
}

/** Up to a state whose interval holds the view; null where the way up is not known. */
function outward(tree: TreeModel, heights: Weighting, view: Camera): Camera | null {
  let { anchor, lo, hi } = view;
  while (anchor !== 0 && (lo < 0 || hi > 1)) {
    const share = shareOf(tree, heights, anchor);
    if (share === null || share.size === 0) return null;
    lo = share.start + share.size * lo;
    hi = share.start + share.size * hi;
    anchor = tree.parent[anchor]!;
  }
  const size = hi - lo > ALL ? 1 : hi - lo;
  const at = clamp(lo, 0, 1 - size);
  return { anchor, lo: at, hi: size === 1 ? 1 : at + size };
}

function inward(tree: TreeModel, heights: Weighting, view: Camera): Camera {
  let reached = view;
  let { anchor, lo, hi } = view;
  for (let certain = 0; certain < MOST_CERTAIN; ) {
    const holder = holderOf(tree, heights, anchor, (lo + hi) / 2);
    const size = hi - lo;
    if (holder === null) {
      if (size >= NARROWEST_VIEW || anchor !== reached.anchor) return reached;
      return placed(reached, (lo + hi) / 2, NARROWEST_VIEW, 0, 1);
    }
    const { start, end, child } = holder;
    const width = end - start;
    if (lo < start || hi > end) {
      if (size >= NARROWEST_VIEW) return reached;
      // Too narrow to lie across a border: into the state in its middle.
      const narrowed = Math.min(size, width);
      lo = clamp(lo, start, end - narrowed);
      hi = lo + narrowed;
      reached = { anchor, lo, hi };
    }
    if (child === -1) {
      const least = width * LEAST_PART;
      if (hi - lo >= least || anchor !== reached.anchor) return reached;
      return placed(reached, (lo + hi) / 2, least, start, end);
    }
    lo = clamp((lo - start) / width, 0, 1);
    hi = clamp((hi - start) / width, 0, 1);
    if (hi <= lo) return reached;
    anchor = child;
    certain += 1;
    if (width < CERTAIN) {
      reached = { anchor, lo, hi };
      certain = 0;
    }
  }
  return reached;
}

/** An interval of that size about a place, within [from, to]. */
function placed(camera: Camera, about: number, size: number, from: number, to: number): Camera {
  const least = Math.min(size, to - from);
  const lo = clamp(about - least / 2, from, to - least);
  return { anchor: camera.anchor, lo, hi: lo + least };
}

/** The view's lines stay those of the state they belonged to, as long as that is near. */
function withHome(tree: TreeModel, heights: Weighting, camera: Camera, before: number): Camera {
  const { anchor } = camera;
  const seen = before === anchor ? null : viewIn(tree, heights, camera, before);
  return seen !== null && isNear(tree, seen, anchor, before) ? { ...camera, home: before } : camera;
}

function isNear(tree: TreeModel, seen: Interval, anchor: number, home: number): boolean {
  const size = seen.hi - seen.lo;
  if (Math.abs(tree.depth[anchor]! - tree.depth[home]!) > FARTHEST) return false;
  const overlap = Math.min(seen.hi, 1) - Math.max(seen.lo, 0);
  return size >= FINEST && size <= COARSEST && overlap >= LEAST_OVERLAP * size;
}

interface Interval {
  readonly lo: number;
  readonly hi: number;
}

/**
 * What a camera shows, in the interval of a state above or below its anchor; it may reach beyond
 * that. null where neither is above the other, or their widths are not known.
 */
export function viewIn(
  tree: TreeModel,
  heights: Weighting,
  { anchor, lo, hi }: Camera,
  state: number,
): Interval | null {
  if (state === anchor) return { lo, hi };
  if (tree.isAncestor(state, anchor)) {
    const share = shareWithin(tree, heights, state, anchor);
    if (share === null) return null;
    const at = share.start + share.size * lo;
    return { lo: at, hi: at + share.size * (hi - lo) };
  }
  if (!tree.isAncestor(anchor, state)) return null;
  const share = shareWithin(tree, heights, anchor, state);
  if (share === null || share.size === 0) return null;
  return { lo: (lo - share.start) / share.size, hi: (hi - share.start) / share.size };
}
