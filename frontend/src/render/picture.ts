/** A picture to publish: a view laid out anew for its size, with a heading, the key, and a caption. */
import type { Painter, PaintSize, PictureKey, PictureTheme } from "../model/painter";
import { asCanvasContext, SvgContext, svgDocument, type MeasureText } from "./svg/context";
import { SANS, THEMES, type Theme } from "./theme";
import { wrap } from "./wrap";

export interface PictureOptions {
  /** CSS pixels; text has the size in them that it has on the screen. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the picture per CSS pixel. */
  readonly ratio: number;
  readonly theme: PictureTheme;
  /** The name of the tree; null leaves the heading out. */
  readonly heading: string | null;
  /** A paragraph each; none leaves the caption out. */
  readonly caption: readonly string[];
  readonly withKey: boolean;
}

interface Line {
  readonly text: string;
  readonly y: number;
}

interface Frame {
  readonly pad: number;
  readonly view: { x: number; y: number; width: number; height: number };
  readonly caption: readonly Line[];
  /** Rows of the key: what stands where. */
  readonly key: readonly Item[];
}

type Item =
  | { readonly kind: "scale"; readonly x: number; readonly y: number; readonly stops: readonly string[] }
  | { readonly kind: "swatch"; readonly x: number; readonly y: number; readonly colour: string }
  | { readonly kind: "text"; readonly x: number; readonly y: number; readonly text: string };

const TITLE = `600 15px ${SANS}`;
const SUBTITLE = `400 12px ${SANS}`;
const SMALL = `400 11px ${SANS}`;
const LEADING = 15;
const ROW = 19;
const HEADING = 30;
const SCALE_WIDTH = 104;
const SCALE_HEIGHT = 8;
const GAP = 7;
const APART = 20;
/** Of the height, that heading, key and caption may take together. */
const MOST_AROUND = 0.4;
const MOST_PARAGRAPH = 4;
/** How often a view is painted to be asked for its key, at most. */
const ASKED = 3;

/** The picture as the text of an SVG file. physical: width and height with their units. */
export function pictureAsSvg(
  painter: Painter,
  options: PictureOptions,
  measure: MeasureText,
  physical: { width: string; height: string },
): string {
  const frame = frameOf(painter, options, measure);
  const whole = new SvgContext(options.width, options.height, measure);
  const { x, y, width, height } = frame.view;
  drawGround(asCanvasContext(whole), options);
  whole.embed(paintedAs(painter, options, frame, measure), x, y, width, height);
  drawAround(asCanvasContext(whole), frame, painter.title, options);
  const title = options.heading === null ? painter.title : `${options.heading}: ${painter.title}`;
  return svgDocument(whole, title, options.caption.join("\n"), physical);
}

/** The picture on a canvas of its own: width × ratio by height × ratio pixels. Raises an Error where the browser has no room for it. */
export function pictureAsCanvas(
  painter: Painter,
  options: PictureOptions,
  measure: MeasureText,
): HTMLCanvasElement {
  const frame = frameOf(painter, options, measure);
  const { ratio } = options;
  const [canvas, context] = canvasOf(options.width * ratio, options.height * ratio);
  context.scale(ratio, ratio);
  drawGround(context, options);
  const { x, y, width, height } = frame.view;
  const [view, inner] = canvasOf(width * ratio, height * ratio);
  inner.scale(ratio, ratio);
  painter.paint(inner, sizeOf(frame, options));
  context.save();
  context.resetTransform();
  context.drawImage(view, Math.round(x * ratio), Math.round(y * ratio));
  context.restore();
  drawAround(context, frame, painter.title, options);
  return canvas;
}

/** How a real canvas measures text. */
export function measureOn(context: CanvasRenderingContext2D): MeasureText {
  return (font, text) => {
    context.font = font;
    return context.measureText(text);
  };
}

function canvasOf(width: number, height: number): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(width);
  canvas.height = Math.round(height);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser has no room for so large a picture.");
  return [canvas, context];
}

const sizeOf = ({ view: { width, height } }: Frame, { theme, ratio }: PictureOptions): PaintSize => ({
  width,
  height,
  theme,
  ratio,
});

/**
 * The key says how much room it takes, and only a painted view has one: it is painted to be asked.
 * And again in the room that is left beside the key, since a key may count what is in view.
 */
function frameOf(painter: Painter, options: PictureOptions, measure: MeasureText): Frame {
  let frame = arrange(options, null, measure);
  if (!options.withKey) return frame;
  for (let i = 0; i < ASKED; i++) {
    const { width, height } = frame.view;
    const asked = new SvgContext(width, height, measure);
    const key = painter.paint(asCanvasContext(asked), { ...sizeOf(frame, options), ratio: 1 });
    frame = arrange(options, key ?? null, measure);
    if (frame.view.height === height) break;
  }
  return frame;
}

function paintedAs(
  painter: Painter,
  options: PictureOptions,
  frame: Frame,
  measure: MeasureText,
): SvgContext {
  const view = new SvgContext(frame.view.width, frame.view.height, measure, "v");
  painter.paint(asCanvasContext(view), { ...sizeOf(frame, options), ratio: 1 });
  return view;
}

function arrange(options: PictureOptions, key: PictureKey | null, measure: MeasureText): Frame {
  const { width, height } = options;
  const pad = options.heading === null && options.caption.length === 0 && !options.withKey ? 0 : Math.round(Math.max(10, Math.min(28, width * 0.022)));
  const inner = Math.max(40, width - 2 * pad);
  const small = (text: string): number => measure(SMALL, text).width;
  const heading = options.heading === null ? 0 : HEADING;
  const { items, rows } = keyItems(key, inner, small);
  const keyHeight = rows * ROW + (rows > 0 ? GAP : 0);
  const room = Math.max(0, Math.floor((height * MOST_AROUND - heading - keyHeight) / LEADING));
  const wrapped = options.caption.flatMap((one) => wrap(one, inner, MOST_PARAGRAPH, small));
  const lines = wrapped.slice(0, room);
  const captionHeight = lines.length * LEADING + (lines.length > 0 ? GAP : 0);
  const top = pad + heading;
  const viewHeight = Math.max(40, height - top - keyHeight - captionHeight - pad);
  const keyTop = top + viewHeight + GAP;
  const captionTop = keyTop + keyHeight;
  return {
    pad,
    view: { x: pad, y: top, width: inner, height: viewHeight },
    key: items.map((item) => ({ ...item, x: item.x + pad, y: item.y * ROW + keyTop + 13 })),
    caption: lines.map((text, i) => ({ text, y: captionTop + i * LEADING + 11 })),
  };
}

/** What the key has, in rows of `width`; y counts rows. */
function keyItems(
  key: PictureKey | null,
  width: number,
  small: (text: string) => number,
): { items: Item[]; rows: number } {
  const items: Item[] = [];
  let x = 0;
  let y = 0;
  const place = (wide: number): void => {
    if (x > 0 && x + wide > width) {
      x = 0;
      y += 1;
    }
  };
  const write = (text: string): void => {
    for (const [i, line] of wrap(text, width, 3, small).entries()) {
      if (i > 0) [x, y] = [0, y + 1];
      place(small(line));
      items.push({ kind: "text", x, y, text: line });
      x += small(line) + APART;
    }
  };
  if (key?.scale) {
    const { title, stops, range } = key.scale;
    place(small(title) + small(range) + SCALE_WIDTH + 2 * GAP);
    items.push({ kind: "text", x, y, text: title });
    x += small(title) + GAP;
    items.push({ kind: "scale", x, y, stops });
    x += SCALE_WIDTH + GAP;
    items.push({ kind: "text", x, y, text: range });
    x += small(range) + APART;
  }
  for (const { colour, name } of key?.swatches ?? []) {
    place(small(name) + 16);
    items.push({ kind: "swatch", x, y, colour });
    items.push({ kind: "text", x: x + 15, y, text: name });
    x += small(name) + 15 + APART;
  }
  for (const note of key?.notes ?? []) write(note);
  return { items, rows: items.length === 0 ? 0 : y + 1 };
}

function drawGround(context: CanvasRenderingContext2D, { width, height, theme }: PictureOptions): void {
  context.fillStyle = THEMES[theme].background;
  context.fillRect(0, 0, width, height);
}

function drawAround(
  context: CanvasRenderingContext2D,
  frame: Frame,
  title: string,
  options: PictureOptions,
): void {
  const theme = THEMES[options.theme];
  context.textAlign = "left";
  context.textBaseline = "alphabetic";
  context.direction = "ltr";
  context.globalAlpha = 1;
  if (options.heading !== null) drawHeading(context, frame, options.heading, title, theme);
  for (const item of frame.key) drawItem(context, item, theme);
  context.font = SMALL;
  context.fillStyle = theme.soft;
  for (const { text, y } of frame.caption) context.fillText(text, frame.pad, y);
}

function drawHeading(
  context: CanvasRenderingContext2D,
  { pad, view }: Frame,
  heading: string,
  title: string,
  theme: Theme,
): void {
  const baseline = pad + 14;
  const widthOf = (font: string) => (text: string): number => {
    context.font = font;
    return context.measureText(text).width;
  };
  const [name = ""] = wrap(heading, view.width, 1, widthOf(TITLE));
  const taken = widthOf(TITLE)(name) + 12;
  context.fillStyle = theme.ink;
  context.fillText(name, pad, baseline);
  const room = view.width - taken;
  if (room < 80) return;
  const [shown = ""] = wrap(title, room, 1, widthOf(SUBTITLE));
  context.font = SUBTITLE;
  context.fillStyle = theme.soft;
  context.fillText(shown, pad + taken, baseline);
}

function drawItem(context: CanvasRenderingContext2D, item: Item, theme: Theme): void {
  const { x, y } = item;
  if (item.kind === "text") {
    context.font = SMALL;
    context.fillStyle = theme.text;
    context.fillText(item.text, x, y);
  } else if (item.kind === "swatch") {
    context.fillStyle = item.colour;
    context.fillRect(x, y - 9, 10, 10);
  } else {
    const gradient = context.createLinearGradient(x, 0, x + SCALE_WIDTH, 0);
    item.stops.forEach((stop, i) => gradient.addColorStop(i / Math.max(1, item.stops.length - 1), stop));
    context.fillStyle = gradient;
    context.fillRect(x, y - SCALE_HEIGHT, SCALE_WIDTH, SCALE_HEIGHT);
    context.strokeStyle = theme.edge;
    context.lineWidth = 0.5;
    context.strokeRect(x, y - SCALE_HEIGHT, SCALE_WIDTH, SCALE_HEIGHT);
  }
}
