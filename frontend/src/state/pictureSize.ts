/** Sizes of pictures: in pixels, and how large the text is in them. */

export interface PictureSize {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Pixels per CSS pixel: how large the text is. */
  readonly scale: number;
  /** Of the width on paper; null for a screen. */
  readonly millimetres: number | null;
}

export const LEAST_PIXELS = 240;
export const MOST_PIXELS = 8192;
/** Of the whole picture: more than a browser may have room for. */
export const MOST_AREA = 36_000_000;
export const LEAST_SCALE = 0.5;
export const MOST_SCALE = 6;

const DPI = 300;
const onPaper = (millimetres: number, share: number): PictureSize => {
  const width = Math.round((millimetres / 25.4) * DPI);
  // Text of 13 CSS pixels is about 7 points on paper then, as journals ask for.
  return { width, height: Math.round(width * share), scale: 2.2, millimetres };
};

export interface Preset {
  readonly id: string;
  readonly name: string;
  readonly size: PictureSize;
}

export const PRESETS: readonly Preset[] = [
  { id: "slide", name: "Slide, 1920 × 1080", size: { width: 1920, height: 1080, scale: 1.5, millimetres: null } },
  { id: "column", name: "Paper, one column: 89 mm at 300 dpi", size: onPaper(89, 1.2) },
  { id: "page", name: "Paper, two columns: 183 mm at 300 dpi", size: onPaper(183, 0.62) },
  { id: "square", name: "Square, 1600 × 1600", size: { width: 1600, height: 1600, scale: 2, millimetres: null } },
];

/** Of what is on the screen, with room around it; ratio: device pixels per CSS pixel. */
export function asOnScreen(width: number, height: number, ratio: number): PictureSize {
  const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, ratio));
  const bounded = (value: number): number =>
    Math.min(MOST_PIXELS, Math.max(LEAST_PIXELS, Math.round(value * scale)));
  return { width: bounded(width), height: bounded(height), scale, millimetres: null };
}

/** Why there can be no picture of that size; null where there can. */
export function refusalOf({ width, height, scale }: PictureSize): string | null {
  const whole = (value: number): boolean => Number.isInteger(value) && value >= LEAST_PIXELS && value <= MOST_PIXELS;
  if (!whole(width) || !whole(height)) {
    return `Width and height are whole numbers of pixels from ${LEAST_PIXELS} to ${MOST_PIXELS.toLocaleString("en")}.`;
  }
  if (width * height > MOST_AREA) {
    return `That is ${Math.round((width * height) / 1e6)} million pixels; a picture has at most ${MOST_AREA / 1e6} million.`;
  }
  if (!(scale >= LEAST_SCALE && scale <= MOST_SCALE)) {
    return `The size of the text is a factor from ${LEAST_SCALE} to ${MOST_SCALE}.`;
  }
  if (width / scale < 160 || height / scale < 160) {
    return "With text of that size there is no room for the view; make the picture larger or the text smaller.";
  }
  return null;
}

/** Width and height as an SVG says them. */
export function physicalOf({ width, height, millimetres }: PictureSize): { width: string; height: string } {
  if (millimetres === null) return { width: `${width}px`, height: `${height}px` };
  const tall = Math.round(((millimetres * height) / width) * 100) / 100;
  return { width: `${millimetres}mm`, height: `${tall}mm` };
}
