/** What is under the pointer, and which lines pass through a state. */
import type { StateRef } from "./ref";
import type { Line, Scene } from "./scene";

export interface Target {
  readonly kind: "block" | "token" | "line" | "hatch";
  readonly ref: StateRef;
  /** Id of the line for a token or a line; of the first line through a block. */
  readonly line?: number;
  /** What is marked on screen when this is pointed at, CSS pixels. */
  readonly x0: number;
  readonly x1: number;
  readonly y0: number;
  readonly y1: number;
}

/** x, y: CSS pixels from the scene's top left. A line is what lies beyond its last token. */
export function pick(scene: Scene, x: number, y: number): Target | null {
  for (const { ref, first, last, x0, x1, y0, y1 } of scene.blocks) {
    if (x < x0 || x >= x1 || y < y0 || y >= y1) continue;
    const through = last > first ? scene.lines[first] : undefined;
    const line = through === undefined ? {} : { line: through.id };
    return { kind: "block", ref, ...line, x0, x1, y0, y1 };
  }
  const line = scene.lines.find((one) => y >= one.y0 && y < one.y1 && x >= one.x0);
  if (line !== undefined) {
    const piece = line.pieces.find((one) => x >= one.x0 && x < one.x1);
    if (piece !== undefined) return tokenTarget(line, piece);
  }
  const hatch = scene.hatches.find(
    (one) => x >= one.x0 && x < one.x1 && y >= one.y0 && y < one.y1,
  );
  if (hatch !== undefined) {
    const { ref, x0, x1, y0, y1 } = hatch;
    return { kind: "hatch", ref, x0, x1, y0, y1 };
  }
  if (line === undefined) return null;
  const { at, id, x1, y0, y1 } = line;
  return { kind: "line", ref: at, line: id, x0: x1, x1: scene.width, y0, y1 };
}

/** The lines that pass through a state that is on the screen; all of them for the anchor. */
export function linesThrough(scene: Scene, ref: StateRef): Line[] {
  if (ref.key === undefined && ref.node === scene.camera.anchor) return [...scene.lines];
  const block = scene.blocks.find((one) => matches(one.ref, ref));
  if (block !== undefined) {
    return scene.lines.filter(({ index }) => index >= block.first && index < block.last);
  }
  return scene.lines.filter((line) => line.pieces.some((piece) => matches(piece.ref, ref)));
}

function tokenTarget(line: Line, piece: Line["pieces"][number]): Target {
  const { ref, x0, x1 } = piece;
  return { kind: "token", ref, line: line.id, x0, x1, y0: line.y0, y1: line.y1 };
}

function matches(one: StateRef, other: StateRef): boolean {
  return one.node === other.node && one.key === other.key;
}
