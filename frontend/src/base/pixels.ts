const MOST = 3;

/** Device pixels per CSS pixel of an element, with the page's own zoom (the presentation size). */
export const pixelRatio = (element: Element): number =>
  Math.min(MOST, (devicePixelRatio || 1) * (element.currentCSSZoom ?? 1));

/** Gives a canvas as many pixels as the screen has for a size in CSS pixels; says how many each. */
export function fitCanvas(canvas: HTMLCanvasElement, size: { width: number; height: number }): number {
  const ratio = pixelRatio(canvas);
  const width = Math.round(size.width * ratio);
  const height = Math.round(size.height * ratio);
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  return ratio;
}
