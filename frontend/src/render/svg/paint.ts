/** Colours and fonts as a canvas takes them, as an SVG writes them. */
import { figure, xmlText } from "./text";

export interface Ink {
  readonly colour: string;
  /** 0 to 1. */
  readonly alpha: number;
}

const NUMBERS = /^rgba?\(\s*([\d.]+)[\s,]+([\d.]+)[\s,]+([\d.]+)(?:\s*[,/]\s*([\d.]+)(%?))?\s*\)$/;
const HEX = /^#[0-9a-f]{3,8}$/i;

/** A CSS colour with its opacity apart: not every reader of SVG knows colours with one. */
export function inkOf(style: string): Ink {
  const numbers = NUMBERS.exec(style);
  if (numbers) {
    const [, red, green, blue, alpha, percent] = numbers;
    const byte = (value: string | undefined): string =>
      Math.round(Number(value)).toString(16).padStart(2, "0");
    const share = alpha === undefined ? 1 : Number(alpha) / (percent === "%" ? 100 : 1);
    return { colour: `#${byte(red)}${byte(green)}${byte(blue)}`, alpha: share };
  }
  if (HEX.test(style) && (style.length === 9 || style.length === 5)) {
    const digits = style.length === 9 ? style.slice(7) : style[4]! + style[4]!;
    const colour = style.length === 9 ? style.slice(0, 7) : style.slice(0, 4);
    return { colour, alpha: parseInt(digits, 16) / 255 };
  }
  return style === "transparent" ? { colour: "none", alpha: 0 } : { colour: style, alpha: 1 };
}

export interface Font {
  readonly style: string;
  readonly weight: string;
  /** CSS pixels. */
  readonly size: number;
  readonly family: string;
}

const FONT = /^(?:(italic|oblique)\s+)?(?:(\d{3}|normal|bold)\s+)?([\d.]+)px(?:\/\S+)?\s+(.+)$/;

/** Of a canvas's font: style and weight if given, a size in px, and the families. */
export function fontOf(font: string): Font {
  const found = FONT.exec(font.trim());
  if (!found) throw new Error(`A picture cannot be written in the font “${font}”.`);
  const [, style = "normal", weight = "400", size, family] = found;
  return { style, weight, size: Number(size), family: family!.replaceAll('"', "'") };
}

export function fontAttributes({ style, weight, size, family }: Font): string {
  const slant = style === "normal" ? "" : ` font-style="${style}"`;
  return ` font-family="${xmlText(family)}" font-size="${figure(size)}" font-weight="${weight}"${slant}`;
}
