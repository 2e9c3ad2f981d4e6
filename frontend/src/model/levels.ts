/** The way from the prompt to what is in view, as intervals within intervals: for a minimap. */
import { shareOf } from "./anchoring";
import type { Camera } from "./camera";
import type { TreeModel } from "./tree";
import type { Weighting } from "./weighting";

/** A state's whole interval, and the part of it that the next level, or the view, takes up. */
export interface Level {
  readonly state: number;
  readonly lo: number;
  readonly hi: number;
  /** −log₂ of the state's probability from the prompt, as it is measured; NaN where not known. */
  readonly bits: number;
}

/** A part of a level smaller than this has a level of its own. */
const SMALLEST_PART = 1 / 16;

/**
 * At most `most` levels, the outermost first, the last one that of the camera's anchor: those next
 * to the view, and the prompt. `skipped`: whether there are others between these.
 */
export function levelsOf(
  tree: TreeModel,
  heights: Weighting,
  camera: Camera,
  most: number,
): { levels: Level[]; skipped: boolean } {
  const bits = bitsAlong(tree, heights, camera.anchor);
  const levels: Level[] = [
    { state: camera.anchor, lo: camera.lo, hi: camera.hi, bits: bits.get(camera.anchor)! },
  ];
  let lo = 0;
  let hi = 1;
  let skipped = false;
  for (let node = camera.anchor; node !== 0; ) {
    const share = shareOf(tree, heights, node);
    const parent = tree.parent[node]!;
    if (share !== null && share.size > 0) {
      lo = share.start + share.size * lo;
      hi = share.start + share.size * hi;
    }
    const above = parent === 0 ? null : shareOf(tree, heights, parent);
    const isSmall = above === null || (hi - lo) * above.size < SMALLEST_PART;
    if (isSmall && (parent === 0 || levels.length < most - 1)) {
      levels.push({ state: parent, lo, hi, bits: bits.get(parent)! });
      lo = 0;
      hi = 1;
    } else if (isSmall) {
      skipped = true;
      lo = 0;
      hi = 1;
    }
    node = parent;
  }
  return { levels: levels.reverse(), skipped };
}

function bitsAlong(tree: TreeModel, heights: Weighting, node: number): Map<number, number> {
  let sum = 0;
  const found = new Map<number, number>([[0, 0]]);
  for (const at of tree.path(node).slice(1)) {
    const share = shareOf(tree, heights, at);
    sum += share === null ? NaN : -Math.log2(share.size);
    found.set(at, sum);
  }
  return found;
}
