/** Where to look so that a state is seen. */
import { reanchored, shareOf, type Share } from "./anchoring";
import { type Camera, wholeOf } from "./camera";
import { placeIn, widthAt } from "./fan";
import type { StateRef } from "./ref";
import type { Scene } from "./scene";
import type { TreeModel } from "./tree";
import type { Weighting } from "./weighting";

/** The least share of the height that makes a state easy to see. */
const VISIBLE = 0.12;
/** States shown before it at most. */
const BEFORE = 3;

/** Whether a state is a block or a word of the picture. */
export function isShown(scene: Scene, ref: StateRef): boolean {
  const same = (one: StateRef): boolean => one.node === ref.node && one.key === ref.key;
  return (
    (ref.key === undefined && ref.node === scene.camera.anchor) ||
    scene.blocks.some((block) => same(block.ref)) ||
    scene.lines.some(({ pieces }) => pieces.some((piece) => same(piece.ref)))
  );
}

/**
 * A camera that shows a state as a block, with some of what leads to it where there is room; all of
 * the state itself where its probability is 0 or not known.
 */
export function cameraShowing(tree: TreeModel, heights: Weighting, ref: StateRef): Camera {
  if (ref.key === undefined && ref.node === 0) return wholeOf(0);
  let anchor = ref.key === undefined ? tree.parent[ref.node]! : ref.node;
  const own = ref.key === undefined ? shareOf(tree, heights, ref.node) : candidateShare(tree, heights, ref.node, ref.key);
  if (own === null || own.size === 0) return wholeOf(ref.node);
  let { start, size } = own;
  for (let before = 1; before < BEFORE && anchor !== 0; before++) {
    const share = shareOf(tree, heights, anchor);
    if (share === null || share.size * size < VISIBLE) break;
    start = share.start + share.size * start;
    size *= share.size;
    anchor = tree.parent[anchor]!;
  }
  if (size >= VISIBLE) return wholeOf(anchor);
  const height = size / VISIBLE;
  const lo = start + size / 2 - height / 2;
  return reanchored(tree, heights, { anchor, lo, hi: lo + height });
}

function candidateShare(
  tree: TreeModel,
  heights: Weighting,
  node: number,
  key: number,
): Share | null {
  const fan = tree.fan(node, heights);
  const place = fan === null ? -1 : placeIn(fan, key);
  if (fan === null || place === -1) return null;
  let start = 0;
  for (let i = fan.from; i < place; i++) start += widthAt(fan, i);
  return { start, size: widthAt(fan, place) };
}
