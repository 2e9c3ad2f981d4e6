const MOST = 3;

/** Device pixels per CSS pixel of an element, with the page's own zoom (the presentation size). */
export const pixelRatio = (element: Element): number =>
  Math.min(MOST, (devicePixelRatio || 1) * (element.currentCSSZoom ?? 1));
