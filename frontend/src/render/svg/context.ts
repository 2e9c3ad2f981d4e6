/**
 * A canvas's context that writes an SVG: shapes stay shapes and text stays text, whatever its size.
 * svgcanvas was tried: it sets fonts by a style attribute, which this page's policy refuses, lets a
 * second fill of a path replace the first, and drops white space.
 */
import { IDENTITY, isUpright, multiply, scaleOf, type Matrix } from "./matrix";
import { fontAttributes, fontOf, inkOf } from "./paint";
import { Path } from "./path";
import { figure, oneLine, xmlText } from "./text";

/** Measures text as a real canvas does. */
export type MeasureText = (font: string, text: string) => TextMetrics;

interface State {
  matrix: Matrix;
  clip: string | null;
  fillStyle: Style;
  strokeStyle: Style;
  globalAlpha: number;
  lineWidth: number;
  lineCap: string;
  lineJoin: string;
  miterLimit: number;
  dash: readonly number[];
  lineDashOffset: number;
  font: string;
  textAlign: CanvasTextAlign;
  textBaseline: CanvasTextBaseline;
  direction: CanvasDirection;
  letterSpacing: string;
  fontKerning: string;
  imageSmoothingEnabled: boolean;
}

type Style = string | Gradient | Pattern;

const FIRST: Readonly<State> = {
  matrix: IDENTITY,
  clip: null,
  fillStyle: "#000000",
  strokeStyle: "#000000",
  globalAlpha: 1,
  lineWidth: 1,
  lineCap: "butt",
  lineJoin: "miter",
  miterLimit: 10,
  dash: [],
  lineDashOffset: 0,
  font: "10px sans-serif",
  textAlign: "start",
  textBaseline: "alphabetic",
  direction: "ltr",
  letterSpacing: "0px",
  fontKerning: "auto",
  imageSmoothingEnabled: true,
};

/** Where a baseline lies below what a text is set by, in sizes of the font. */
const BASELINES: Readonly<Record<CanvasTextBaseline, number>> = {
  alphabetic: 0,
  ideographic: -0.2,
  bottom: -0.22,
  middle: 0.34,
  hanging: 0.74,
  top: 0.8,
};

class Gradient {
  readonly stops: { at: number; style: string }[] = [];
  /** head: the element's name and its own attributes, in the space of `matrix`. */
  constructor(
    readonly name: "linearGradient" | "radialGradient",
    readonly attributes: string,
    readonly matrix: Matrix,
  ) {}
  addColorStop(at: number, style: string): void {
    this.stops.push({ at, style });
  }
}

class Pattern {
  matrix: Matrix = IDENTITY;
  constructor(readonly tile: { width: number; height: number; body: string }) {}
  setTransform({ a = 1, b = 0, c = 0, d = 1, e = 0, f = 0 }: DOMMatrix2DInit = {}): void {
    this.matrix = [a, b, c, d, e, f];
  }
}

/** A canvas of the picture's own, for what is drawn first and then repeated. */
class Tile {
  width = 300;
  height = 150;
  private readonly written: SvgContext;
  constructor(parent: SvgContext) {
    this.written = new SvgContext(0, 0, parent.measure, `${parent.prefix}${parent.tiles++}t`);
  }
  getContext(): SvgContext {
    return this.written;
  }
  get body(): string {
    return this.written.body;
  }
}

export class SvgContext {
  private state: State = { ...FIRST };
  private readonly saved: State[] = [];
  private path = new Path();
  private readonly elements: string[] = [];
  private readonly defs: string[] = [];
  private readonly known = new Map<string, string>();
  private openClip: string | null = null;
  /** How many canvases of its own it has been asked for. */
  tiles = 0;
  readonly canvas: { width: number; height: number; ownerDocument: object };

  /** prefix: of the ids in it, where several are in one document. */
  constructor(
    width: number,
    height: number,
    readonly measure: MeasureText,
    readonly prefix = "s",
  ) {
    const ownerDocument = { createElement: (): Tile => new Tile(this) };
    this.canvas = { width, height, ownerDocument };
  }

  /** What has been drawn, as elements of an SVG. */
  get body(): string {
    const defs = this.defs.length > 0 ? `<defs>${this.defs.join("")}</defs>\n` : "";
    return defs + this.elements.join("\n") + (this.openClip === null ? "" : "\n</g>");
  }

  /** Puts another one's drawing on this one; what stands out of its size is cut off. */
  embed(other: SvgContext, x: number, y: number, width: number, height: number): void {
    const place = `x="${figure(x)}" y="${figure(y)}" width="${figure(width)}" height="${figure(height)}"`;
    this.add(`<svg ${place} viewBox="0 0 ${figure(width)} ${figure(height)}">\n${other.body}\n</svg>`);
  }

  // -- state

  save(): void {
    this.saved.push({ ...this.state });
  }
  restore(): void {
    this.state = this.saved.pop() ?? this.state;
  }
  setTransform(a: number | DOMMatrix2DInit = 1, b = 0, c = 0, d = 1, e = 0, f = 0): void {
    this.state.matrix =
      typeof a === "number" ? [a, b, c, d, e, f] : [a.a ?? 1, a.b ?? 0, a.c ?? 0, a.d ?? 1, a.e ?? 0, a.f ?? 0];
  }
  resetTransform(): void {
    this.state.matrix = IDENTITY;
  }
  getTransform(): { a: number; b: number; c: number; d: number; e: number; f: number } {
    const [a, b, c, d, e, f] = this.state.matrix;
    return { a, b, c, d, e, f };
  }
  transform(...inner: Matrix): void {
    this.state.matrix = multiply(this.state.matrix, inner);
  }
  translate(x: number, y: number): void {
    this.transform(1, 0, 0, 1, x, y);
  }
  scale(x: number, y: number): void {
    this.transform(x, 0, 0, y, 0, 0);
  }
  rotate(angle: number): void {
    this.transform(Math.cos(angle), Math.sin(angle), -Math.sin(angle), Math.cos(angle), 0, 0);
  }
  setLineDash(dash: readonly number[]): void {
    this.state.dash = dash.length % 2 === 1 ? [...dash, ...dash] : [...dash];
  }
  getLineDash(): number[] {
    return [...this.state.dash];
  }

  // -- paths

  beginPath(): void {
    this.path = new Path();
  }
  closePath(): void {
    this.path.close();
  }
  moveTo(x: number, y: number): void {
    this.path.move(this.state.matrix, x, y);
  }
  lineTo(x: number, y: number): void {
    this.path.line(this.state.matrix, x, y);
  }
  quadraticCurveTo(cx: number, cy: number, x: number, y: number): void {
    this.path.quadratic(this.state.matrix, cx, cy, x, y);
  }
  bezierCurveTo(ax: number, ay: number, bx: number, by: number, x: number, y: number): void {
    this.path.cubic(this.state.matrix, ax, ay, bx, by, x, y);
  }
  rect(x: number, y: number, width: number, height: number): void {
    this.path.rect(this.state.matrix, x, y, width, height);
  }
  roundRect(x: number, y: number, width: number, height: number, radii: number | readonly number[] = 0): void {
    const radius = typeof radii === "number" ? radii : (radii[0] ?? 0);
    const most = Math.min(Math.abs(width), Math.abs(height)) / 2;
    this.path.roundRect(this.state.matrix, x, y, width, height, Math.min(radius, most));
  }
  arc(x: number, y: number, radius: number, start: number, end: number, counterclockwise = false): void {
    this.ellipse(x, y, radius, radius, 0, start, end, counterclockwise);
  }
  ellipse(
    x: number,
    y: number,
    radiusX: number,
    radiusY: number,
    rotation: number,
    start: number,
    end: number,
    counterclockwise = false,
  ): void {
    const { matrix } = this.state;
    this.path.ellipse(matrix, x, y, radiusX, radiusY, rotation, start, end, counterclockwise);
  }
  fill(): void {
    this.draw(this.path, this.painted("fill"));
  }
  stroke(): void {
    this.draw(this.path, `${this.painted("stroke")}${this.pen()} fill="none"`);
  }
  clip(): void {
    const within = this.state.clip === null ? "" : ` clip-path="url(#${this.state.clip})"`;
    const path = `<path d="${this.path.data}"/>`;
    this.state.clip = this.defined((id) => `<clipPath id="${id}"${within}>${path}</clipPath>`);
  }

  // -- shapes

  fillRect(x: number, y: number, width: number, height: number): void {
    if (width === 0 || height === 0) return;
    const path = new Path();
    path.rect(this.state.matrix, x, y, width, height);
    this.draw(path, this.painted("fill"));
  }
  strokeRect(x: number, y: number, width: number, height: number): void {
    const path = new Path();
    path.rect(this.state.matrix, x, y, width, height);
    this.draw(path, `${this.painted("stroke")}${this.pen()} fill="none"`);
  }
  /** A picture begins empty. */
  clearRect(): void {}

  // -- text

  measureText(text: string): TextMetrics {
    return this.measure(this.state.font, text);
  }
  fillText(text: string, x: number, y: number, most?: number): void {
    this.write(text, x, y, most, this.painted("fill"));
  }
  strokeText(text: string, x: number, y: number, most?: number): void {
    this.write(text, x, y, most, `${this.painted("stroke")}${this.pen()} fill="none"`);
  }

  // -- paint

  createLinearGradient(x1: number, y1: number, x2: number, y2: number): Gradient {
    const ends = `x1="${figure(x1)}" y1="${figure(y1)}" x2="${figure(x2)}" y2="${figure(y2)}"`;
    return new Gradient("linearGradient", ends, this.state.matrix);
  }
  createRadialGradient(fx: number, fy: number, _: number, cx: number, cy: number, r: number): Gradient {
    const ends = `cx="${figure(cx)}" cy="${figure(cy)}" r="${figure(r)}" fx="${figure(fx)}" fy="${figure(fy)}"`;
    return new Gradient("radialGradient", ends, this.state.matrix);
  }
  createPattern(image: unknown): Pattern {
    if (image instanceof Tile) return new Pattern(image);
    const { width, height } = image as HTMLCanvasElement;
    const body = imageElement(image as HTMLCanvasElement, `width="${width}" height="${height}"`, true);
    return new Pattern({ width, height, body });
  }
  drawImage(image: HTMLCanvasElement, ...place: number[]): void {
    const whole = [0, 0, image.width, image.height];
    const [sx, sy, sw, sh, dx, dy, dw, dh] =
      place.length === 8
        ? place
        : [...whole, place[0]!, place[1]!, place[2] ?? image.width, place[3] ?? image.height];
    const attributes = `width="${figure(image.width)}" height="${figure(image.height)}"`;
    const picture = imageElement(image, attributes, this.state.imageSmoothingEnabled);
    const window = `x="${figure(dx!)}" y="${figure(dy!)}" width="${figure(dw!)}" height="${figure(dh!)}"`;
    const source = `viewBox="${figure(sx!)} ${figure(sy!)} ${figure(sw!)} ${figure(sh!)}" preserveAspectRatio="none"`;
    const opacity = this.state.globalAlpha === 1 ? "" : ` opacity="${figure(this.state.globalAlpha)}"`;
    this.add(`<g${this.placed()}${opacity}><svg ${window} ${source}>${picture}</svg></g>`);
  }

  // -- inside

  private add(element: string): void {
    const { clip } = this.state;
    if (clip !== this.openClip) {
      if (this.openClip !== null) this.elements.push("</g>");
      if (clip !== null) this.elements.push(`<g clip-path="url(#${clip})">`);
      this.openClip = clip;
    }
    this.elements.push(element);
  }

  private draw(path: Path, look: string): void {
    if (!path.isEmpty) this.add(`<path d="${path.data}"${look}/>`);
  }

  private write(text: string, x: number, y: number, most: number | undefined, look: string): void {
    const shown = oneLine(text);
    if (shown.trim() === "") return;
    const { font, textAlign, textBaseline, direction, letterSpacing, matrix } = this.state;
    const known = fontOf(font);
    const natural = this.measure(font, shown).width;
    const width = most === undefined ? natural : Math.min(most, natural);
    const down = y + BASELINES[textBaseline] * known.size;
    const spacing = parseFloat(letterSpacing) || 0;
    const only = matrix[0] === 1 && matrix[3] === 1 && isUpright(matrix);
    const [at, turned] = only
      ? [`x="${figure(x + matrix[4])}" y="${figure(down + matrix[5])}"`, ""]
      : [`x="${figure(x)}" y="${figure(down)}"`, this.placed()];
    const attributes = [
      at,
      fontAttributes(known),
      look,
      turned,
      anchorOf(textAlign, direction),
      direction === "rtl" ? ' direction="rtl"' : "",
      spacing === 0 ? "" : ` letter-spacing="${figure(spacing)}"`,
      // Where the font is another one, the text still takes its place and no more.
      spacing === 0 && width > 0 ? ` textLength="${figure(width)}" lengthAdjust="spacingAndGlyphs"` : "",
    ].join("");
    this.add(`<text ${attributes} xml:space="preserve">${xmlText(shown)}</text>`);
  }

  private placed(): string {
    const { matrix } = this.state;
    return matrix.every((value, i) => value === IDENTITY[i])
      ? ""
      : ` transform="matrix(${matrix.map((value) => String(Math.round(value * 1e6) / 1e6)).join(" ")})"`;
  }

  private painted(kind: "fill" | "stroke"): string {
    const style = kind === "fill" ? this.state.fillStyle : this.state.strokeStyle;
    if (style instanceof Gradient) return ` ${kind}="url(#${this.gradient(style)})"${this.opacity(kind, 1)}`;
    if (style instanceof Pattern) return ` ${kind}="url(#${this.pattern(style)})"${this.opacity(kind, 1)}`;
    const { colour, alpha } = inkOf(style);
    return ` ${kind}="${xmlText(colour)}"${this.opacity(kind, alpha)}`;
  }

  private opacity(kind: "fill" | "stroke", alpha: number): string {
    const share = alpha * this.state.globalAlpha;
    return share >= 1 ? "" : ` ${kind}-opacity="${figure(share)}"`;
  }

  private pen(): string {
    const { lineWidth, lineCap, lineJoin, miterLimit, dash, lineDashOffset, matrix } = this.state;
    const scale = scaleOf(matrix);
    const dashes = dash.map((length) => figure(length * scale)).join(" ");
    return [
      ` stroke-width="${figure(lineWidth * scale)}"`,
      lineCap === "butt" ? "" : ` stroke-linecap="${lineCap}"`,
      lineJoin === "miter" ? ` stroke-miterlimit="${figure(miterLimit)}"` : ` stroke-linejoin="${lineJoin}"`,
      dashes === "" ? "" : ` stroke-dasharray="${dashes}"`,
      dashes === "" || lineDashOffset === 0 ? "" : ` stroke-dashoffset="${figure(lineDashOffset * scale)}"`,
    ].join("");
  }

  private gradient({ name, attributes, stops, matrix }: Gradient): string {
    const space = `gradientUnits="userSpaceOnUse" gradientTransform="matrix(${matrix.join(" ")})"`;
    const colours = stops.map(({ at, style }) => {
      const { colour, alpha } = inkOf(style);
      const opacity = alpha === 1 ? "" : ` stop-opacity="${figure(alpha)}"`;
      return `<stop offset="${figure(at)}" stop-color="${xmlText(colour)}"${opacity}/>`;
    });
    return this.defined((id) => `<${name} id="${id}" ${attributes} ${space}>${colours.join("")}</${name}>`);
  }

  private pattern({ tile, matrix }: Pattern): string {
    const all = multiply(this.state.matrix, matrix).join(" ");
    const size = `width="${figure(tile.width)}" height="${figure(tile.height)}"`;
    return this.defined(
      (id) =>
        `<pattern id="${id}" ${size} patternUnits="userSpaceOnUse" patternTransform="matrix(${all})">${tile.body}</pattern>`,
    );
  }

  /** Puts a definition into the document, once; returns its id. */
  private defined(element: (id: string) => string): string {
    const shape = element("");
    const known = this.known.get(shape);
    if (known !== undefined) return known;
    const id = `${this.prefix}${this.known.size}`;
    this.known.set(shape, id);
    this.defs.push(element(id));
    return id;
  }

  // -- what a canvas has as fields

  get fillStyle(): Style {
    return this.state.fillStyle;
  }
  set fillStyle(style: Style) {
    this.state.fillStyle = style;
  }
  get strokeStyle(): Style {
    return this.state.strokeStyle;
  }
  set strokeStyle(style: Style) {
    this.state.strokeStyle = style;
  }
}

for (const name of [
  "globalAlpha",
  "lineWidth",
  "lineCap",
  "lineJoin",
  "miterLimit",
  "lineDashOffset",
  "font",
  "textAlign",
  "textBaseline",
  "direction",
  "letterSpacing",
  "fontKerning",
  "imageSmoothingEnabled",
] as const) {
  Object.defineProperty(SvgContext.prototype, name, {
    get(this: { state: State }) {
      return this.state[name];
    },
    set(this: { state: Record<string, unknown> }, value: unknown) {
      this.state[name] = value;
    },
  });
}

function anchorOf(align: CanvasTextAlign, direction: CanvasDirection): string {
  const leads = direction === "rtl" ? "right" : "left";
  if (align === "center") return ' text-anchor="middle"';
  return align === "start" || align === leads ? "" : ' text-anchor="end"';
}

function imageElement(image: HTMLCanvasElement, attributes: string, smooth: boolean): string {
  const rendering = smooth ? "" : ' image-rendering="pixelated"';
  return `<image ${attributes}${rendering} href="${image.toDataURL()}"/>`;
}

/** As the type that drawing functions take. What it has not raises an Error that names it. */
export function asCanvasContext(context: SvgContext): CanvasRenderingContext2D {
  const guarded = new Proxy(context, {
    get(target, name) {
      if (!(name in target)) throw new Error(`A picture as SVG cannot do “${String(name)}”.`);
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
    set: (target, name, value) => {
      if (!(name in target)) throw new Error(`A picture as SVG cannot do “${String(name)}”.`);
      return Reflect.set(target, name, value, target);
    },
  });
  return guarded as unknown as CanvasRenderingContext2D;
}

/** The document. physical: width and height with their units, such as "89mm". */
export function svgDocument(
  context: SvgContext,
  title: string,
  description: string,
  physical: { width: string; height: string },
): string {
  const { width, height } = context.canvas;
  const size = `width="${xmlText(physical.width)}" height="${xmlText(physical.height)}" viewBox="0 0 ${figure(width)} ${figure(height)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} role="img">`,
    `<title>${xmlText(title)}</title>`,
    `<desc>${xmlText(description)}</desc>`,
    context.body,
    "</svg>",
    "",
  ].join("\n");
}
