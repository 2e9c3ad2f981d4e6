/** Draws a scene of the Worlds view on a canvas. Reads what it is given, changes nothing else. */
import { type Emphasis, PLAIN } from "../model/emphasis";
import { linesThrough, type Target } from "../model/pick";
import type { Line, Scene } from "../model/scene";
import type { StateRef } from "../model/ref";
import { isSelected, type Selection } from "../model/selection";
import { drawBlocks, drawHatches, drawTicks, outlineBlock } from "./blocks";
import { type Brush, roundedRect } from "./brush";
import { drawLines, drawWaiting } from "./lines";
import { drawBlockMarks, drawWordMarks } from "./standout";
import type { Theme } from "./theme";

export interface WorldsLook {
  readonly selection: Selection | null;
  /** The line whose world is read; null: every line through the selected state. */
  readonly line: number | null;
  readonly hover: Target | null;
  /** Milliseconds of the page's clock, for what moves by itself. */
  readonly now: number;
  readonly reducedMotion: boolean;
  /** Whether growth is under way: without it, waiting lines stand still. */
  readonly growing: boolean;
  /** Whether what is not grown is on its way; otherwise it is hatched. */
  readonly awaits: boolean;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  /** What stands out; nothing, if left out. */
  readonly emphasis?: Emphasis;
  /** How far right of their place the columns are, CSS pixels; 0 if left out. */
  readonly slide?: number;
  /** States are rows of cells: the row that a key leads to. */
  readonly rowOf?: ((key: number) => Uint8Array | null) | null;
}

/** Whether the picture moves by itself, so that it has to be drawn again for every frame. */
export function moves(scene: Scene, look: WorldsLook): boolean {
  return look.growing && !look.reducedMotion && scene.open > 0;
}

/** The context's transform maps CSS pixels from the scene's top left to device pixels. */
export function drawWorlds(
  context: CanvasRenderingContext2D,
  scene: Scene,
  theme: Theme,
  look: WorldsLook,
): void {
  context.fillStyle = theme.background;
  context.fillRect(0, 0, scene.width, scene.height);
  const slide = look.slide ?? 0;
  if (slide === 0) {
    drawScene(context, scene, theme, look, OPAQUE);
    return;
  }
  context.save();
  context.translate(slide, 0);
  drawScene(context, slide > 0 ? { ...scene, blocks: [...scene.before, ...scene.blocks] } : scene, theme, look, OPAQUE);
  context.restore();
}

const OPAQUE: Opacities = { blocks: 1, labels: 1, text: 1 };

/** Opacities, 0 to 1. */
export interface Opacities {
  readonly blocks: number;
  readonly labels: number;
  readonly text: number;
}

/** Without a background. */
export function drawScene(
  context: CanvasRenderingContext2D,
  scene: Scene,
  theme: Theme,
  look: WorldsLook,
  { blocks, labels, text }: Opacities,
): void {
  context.save();
  context.textBaseline = "alphabetic";
  const solid: Brush = { context, theme, ratio: look.ratio, alpha: blocks, rowOf: look.rowOf ?? null };
  const running: Brush = { ...solid, alpha: text };
  const chosen = chosenLines(scene, look);
  const emphasis = look.emphasis ?? PLAIN;
  const isHeld = ({ node, key }: StateRef): boolean => emphasis.filters && !emphasis.passes(node, key);
  context.globalAlpha = blocks;
  drawHatches(solid, scene);
  drawTicks(solid, scene, ({ ref }) => isHeld(ref));
  context.globalAlpha = text;
  if (text > 0) {
    if (look.awaits) drawWaiting(running, scene, moves(scene, look) ? look.now : null);
    drawTokenMarks(running, scene, look);
    drawWordMarks(running, scene, emphasis);
    drawLines(running, scene, look.awaits, {
      isHeld: ({ ref }) => isHeld(ref),
      of: ({ index }, { ref }) => {
        if (isHeld(ref)) return theme.held;
        return chosen === null ? theme.text : chosen.has(index) ? theme.ink : theme.soft;
      },
    });
  }
  const written: Brush = { ...solid, alpha: labels };
  drawBlocks(solid, written, scene, {
    isOnPath: ({ ref }) => isSelected(look.selection, ref),
    isFaint: ({ ref }) => isHeld(ref),
  });
  context.globalAlpha = blocks;
  drawBlockMarks(written, scene, emphasis);
  for (const block of scene.blocks) {
    if (isSelected(look.selection, block.ref)) outlineBlock(solid, block, theme.accent, 2);
  }
  const { hover } = look;
  if (hover?.kind === "block") {
    const block = scene.blocks.find((one) => one.ref === hover.ref);
    if (block !== undefined && !isSelected(look.selection, block.ref)) {
      outlineBlock(solid, block, theme.ink, 1.5);
    }
  }
  context.restore();
}

/** The lines of the selected state, or null when that tells no line from another. */
function chosenLines(scene: Scene, look: WorldsLook): ReadonlySet<number> | null {
  if (look.selection === null) return null;
  if (look.line !== null) {
    return new Set(scene.lines.filter(({ id }) => id === look.line).map(({ index }) => index));
  }
  const through: readonly Line[] = linesThrough(scene, look.selection.ref);
  if (through.length === 0 || through.length === scene.lines.length) return null;
  return new Set(through.map(({ index }) => index));
}

/** Behind the text: the token under the pointer, and the selected one wherever it stands. */
function drawTokenMarks(brush: Brush, scene: Scene, look: WorldsLook): void {
  const { context, theme } = brush;
  const { hover, selection } = look;
  if (hover?.kind === "token") {
    context.fillStyle = theme.hoverWash;
    roundedRect(context, hover.x0, hover.y0 + 0.5, hover.x1, hover.y1 - 0.5, 3);
    context.fill();
  }
  if (selection === null) return;
  const { node, key } = selection.ref;
  context.fillStyle = theme.accentWash;
  for (const line of scene.lines) {
    const half = Math.min((line.y1 - line.y0) / 2 - 0.5, scene.textSize * 0.66);
    for (const { ref, x0, x1 } of line.pieces) {
      if (ref.node !== node || ref.key !== key) continue;
      roundedRect(context, x0 - 1, line.y - half, x1 + 1, line.y + half, 3);
      context.fill();
    }
  }
}
