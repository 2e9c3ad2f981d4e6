/**
 * Colour scales: sequential, lightness rising or falling all the way, so that they survive
 * colour-blindness and print; of ratios diverging, blue against orange, lightness rising or falling
 * from the middle to both ends; of people one colour each. Interpolated in CIELAB; the stops are viridis and magma, subdued.
 */
import { rgb } from "d3-color";
import { interpolateLab, piecewise } from "d3-interpolate";
import type { Colour, ColourDomain } from "../model/scene";
import type { ThemeName } from "./theme";

const STEPS = 64;

type Stops = readonly string[];

// On light, a scale begins well away from the page's own colour: a low value is still a shape.

const WARM_ON_DARK: Stops = ["#2b355a", "#2c5276", "#357a83", "#6ea87f", "#d8c870"];
const WARM_ON_LIGHT: Stops = ["#edbd7a", "#e39b6e", "#d27a68", "#b0566a", "#76305a"];
const COOL_ON_DARK: Stops = ["#262b4f", "#3a4d92", "#4f83bd", "#86b9d2", "#dcebdf"];
const COOL_ON_LIGHT: Stops = ["#a9cbc9", "#7fb0c4", "#5a8fb8", "#3f6c9f", "#243f78"];
const SLATE_ON_DARK: Stops = ["#303a55", "#4a5877", "#6f7c92", "#9ba2a8", "#cdc8b4"];
const SLATE_ON_LIGHT: Stops = ["#c4c1ba", "#a3a8ae", "#818b9c", "#616e8b", "#3f4d72"];

const DUSK_ON_DARK: Stops = ["#2e2c52", "#573f7c", "#8e5290", "#c97a86", "#eebf94"];
const DUSK_ON_LIGHT: Stops = ["#e0b6a1", "#cb9098", "#a66c95", "#794a8b", "#40306e"];

/** People: apart for every kind of colour-blindness (after Okabe and Ito), again from the first. */
const PEOPLE_ON_DARK: Stops = ["#7aa7e8", "#f2b84b", "#6cc5a8", "#e0805f", "#c79bd6", "#9fd4ee", "#e6dc8c", "#a3acbb"];
const PEOPLE_ON_LIGHT: Stops = ["#2b62b3", "#c8841c", "#1d7a5f", "#b5482c", "#8a4fa3", "#4f9dc0", "#94831f", "#6d7685"];

/** From "only in B" over "equal" to "only in A": apart for every kind of colour-blindness. */
const APART_ON_DARK: Stops = ["#8cc4ff", "#4f86c0", "#2c3b55", "#262a33", "#523c22", "#b9752c", "#ffb765"];
const APART_ON_LIGHT: Stops = ["#1f5c9e", "#5f93c6", "#a9c3da", "#cfc9ba", "#e0b67c", "#cb7f33", "#8e4700"];

const STOPS: Readonly<Record<ThemeName, Readonly<Record<Colour, Stops>>>> = {
  dark: {
    entropy: WARM_ON_DARK,
    surprisal: WARM_ON_DARK,
    probability: COOL_ON_DARK,
    depth: SLATE_ON_DARK,
    author: PEOPLE_ON_DARK,
    time: DUSK_ON_DARK,
    varentropy: WARM_ON_DARK,
    rank: DUSK_ON_DARK,
    trajectory: SLATE_ON_DARK,
    ratio: APART_ON_DARK,
  },
  light: {
    entropy: WARM_ON_LIGHT,
    surprisal: WARM_ON_LIGHT,
    probability: COOL_ON_LIGHT,
    depth: SLATE_ON_LIGHT,
    author: PEOPLE_ON_LIGHT,
    time: DUSK_ON_LIGHT,
    varentropy: WARM_ON_LIGHT,
    rank: DUSK_ON_LIGHT,
    trajectory: SLATE_ON_LIGHT,
    ratio: APART_ON_LIGHT,
  },
};

export interface Scale {
  /** CSS colours from the low end to the high end. */
  readonly colours: readonly string[];
  /** The label's ink on each. */
  readonly inks: readonly string[];
}

const scales = new Map<string, Scale>();

export function scaleOf(theme: ThemeName, colour: Colour): Scale {
  const name = `${theme}/${colour}`;
  let scale = scales.get(name);
  if (scale === undefined) {
    const stops = STOPS[theme][colour];
    const at = piecewise(interpolateLab, [...stops]);
    const colours = Array.from({ length: STEPS }, (_, i) =>
      colour === "author" ? stops[i % stops.length]! : rgb(at(i / (STEPS - 1))).formatHex(),
    );
    scale = { colours, inks: colours.map(inkOn) };
    scales.set(name, scale);
  }
  return scale;
}

/** The place of a value on a scale, or −1 where it is not known. */
export function stepOf(domain: ColourDomain, value: number): number {
  if (Number.isNaN(value)) return -1;
  const share = (value - domain.lo) / (domain.hi - domain.lo);
  return Math.round(Math.min(1, Math.max(0, share)) * (STEPS - 1));
}

const SOFT_INKS = ["#14161d", "#f6f3ec"];
const HARD_INKS = ["#000000", "#ffffff"];
/** WCAG 2.2, contrast of text at level AA. */
export const LEGIBLE = 4.5;

/** The softest ink that is legible on a colour; black or white always is. */
export function inkOn(background: string): string {
  const best = (inks: readonly string[]): string =>
    inks.reduce((a, b) => (contrast(a, background) >= contrast(b, background) ? a : b));
  const soft = best(SOFT_INKS);
  return contrast(soft, background) >= LEGIBLE ? soft : best(HARD_INKS);
}

/** Contrast ratio of two colours, 1 to 21 (WCAG 2.2). */
export function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

/** Relative luminance of a CSS colour, 0 to 1 (WCAG 2.2). */
function luminance(colour: string): number {
  const { r, g, b } = rgb(colour);
  const linear = (channel: number): number => {
    const share = channel / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}
