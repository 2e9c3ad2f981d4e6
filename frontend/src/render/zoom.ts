/**
 * One picture becoming another: conditioning on a block, or giving its bits back.
 *
 * Both scenes are drawn where the moving camera sees them; blocks of the two coincide on the way,
 * so only the text fades out and in.
 */
import { lerp, smoothstep } from "../base/interval";
import { PERCENT_ROW } from "../model/labels";
import type { Block, Scene } from "../model/scene";
import { drawScene, type WorldsLook } from "./worlds";
import type { Theme } from "./theme";

export const ZOOM_MS = 420;

/** t from 0 (`from` as it stands) to 1 (`to` as it stands). */
export function drawZoom(
  context: CanvasRenderingContext2D,
  from: Scene,
  to: Scene,
  theme: Theme,
  look: WorldsLook,
  t: number,
): void {
  context.fillStyle = theme.background;
  context.fillRect(0, 0, to.width, to.height);
  const eased = smoothstep(0, 1, t);
  const inward = windowOf(from, to);
  const outward = inward === null ? windowOf(to, from) : null;
  let before = from;
  let after = to;
  if (inward !== null) [before, after] = between(from, to, inward, eased);
  else if (outward !== null) [after, before] = between(to, from, outward, 1 - eased);
  const still = { ...look, hover: null };
  drawScene(context, before, theme, still, {
    blocks: 1 - smoothstep(0.6, 1, t),
    labels: 1 - smoothstep(0.3, 0.5, t),
    text: 1 - smoothstep(0, 0.4, t),
  });
  drawScene(context, after, theme, still, {
    blocks: smoothstep(0.1, 0.6, t),
    labels: smoothstep(0.5, 0.75, t),
    text: smoothstep(0.55, 1, t),
  });
}

/** Where in `outer` the whole of `inner` lies. */
interface Window {
  readonly y0: number;
  readonly y1: number;
  /** How far right the first column of `inner` begins. */
  readonly x: number;
}

function windowOf(outer: Scene, inner: Scene): Window | null {
  const { anchor, lo, hi } = inner.camera;
  if (anchor === outer.camera.anchor) {
    const size = outer.camera.hi - outer.camera.lo;
    const y0 = ((lo - outer.camera.lo) / size) * outer.height;
    const y1 = ((hi - outer.camera.lo) / size) * outer.height;
    return y0 >= -1e-6 && y1 <= outer.height + 1e-6 && y1 > y0 ? { y0, y1, x: 0 } : null;
  }
  const block = outer.blocks.find(({ ref }) => ref.key === undefined && ref.node === anchor);
  if (block === undefined || block.y1 - block.y0 < 1) return null;
  const height = block.y1 - block.y0;
  return { y0: block.y0 + lo * height, y1: block.y0 + hi * height, x: block.x1 };
}

/** Both scenes as a camera sees them that has gone share e of the way into the window. */
function between(outer: Scene, inner: Scene, window: Window, e: number): [Scene, Scene] {
  const { height } = outer;
  const target = window.y1 - window.y0;
  const size = height * (target / height) ** e;
  const share = Math.abs(height - target) < 1e-6 ? e : (height - size) / (height - target);
  const top = lerp(0, window.y0, share);
  const scale = height / size;
  const dx = -window.x * e;
  const stretch = (target / inner.height) * scale;
  return [
    moved(outer, scale, -top * scale, dx),
    moved(inner, stretch, (window.y0 - top) * scale, window.x + dx),
  ];
}

/** The scene with y ↦ scale·y + dy and x ↦ x + dx; text keeps its size. */
function moved(scene: Scene, scale: number, dy: number, dx: number): Scene {
  const shift = <T extends { x0: number; x1: number; y0: number; y1: number }>(shape: T): T => ({
    ...shape,
    x0: shape.x0 + dx,
    x1: shape.x1 + dx,
    y0: shape.y0 * scale + dy,
    y1: shape.y1 * scale + dy,
  });
  const isSeen = ({ y0, y1 }: { y0: number; y1: number }): boolean =>
    y1 > 0 && y0 < scene.height;
  return {
    ...scene,
    blocks: scene.blocks.map((block) => relabelled(shift(block))).filter(isSeen),
    hatches: scene.hatches.map(shift).filter(isSeen),
    ticks: scene.ticks.map(shift).filter(isSeen),
    lines: scene.lines
      .map((line) => ({
        ...shift(line),
        y: line.y * scale + dy,
        pieces: line.pieces.map((piece) => ({ ...piece, x0: piece.x0 + dx, x1: piece.x1 + dx })),
      }))
      .filter(isSeen),
  };
}

/** Without what no longer fits into the block while it moves. */
function relabelled(block: Block): Block {
  const height = block.y1 - block.y0;
  if (height < block.size + 1) return { ...block, label: "", percent: "" };
  if (block.percentBelow && height < PERCENT_ROW) return { ...block, percent: "", percentBelow: false };
  return block;
}
