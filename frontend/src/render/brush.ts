/** What every drawing function is given. */
import type { Theme } from "./theme";

export interface Brush {
  readonly context: CanvasRenderingContext2D;
  readonly theme: Theme;
  /** Device pixels per CSS pixel. */
  readonly ratio: number;
  /** Opacity of everything drawn, 0 to 1. */
  readonly alpha: number;
  /** States are rows of cells, and drawn as such: the row that a key leads to. */
  readonly rowOf?: ((key: number) => Uint8Array | null) | null;
}

/** Side of the square that stands for an end, in sizes of the text beside it. */
export const END_SIDE = 0.54;

/** The nearest edge between device pixels, CSS pixels. */
export function snap(brush: Brush, value: number): number {
  return Math.round(value * brush.ratio) / brush.ratio;
}

export function roundedRect(
  context: CanvasRenderingContext2D,
  x0: number,
  y0: number,
  x1: number,
  y1: number,
  radius: number,
): void {
  const least = Math.min(radius, (x1 - x0) / 2, (y1 - y0) / 2);
  context.beginPath();
  context.roundRect(x0, y0, x1 - x0, y1 - y0, Math.max(0, least));
}
