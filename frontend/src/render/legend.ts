/** What the legend beside the canvas says about the colours. */
import type { ColourDomain } from "../model/scene";
import { scaleOf } from "./palette";
import type { ThemeName } from "./theme";

export interface Legend {
  readonly title: string;
  /** CSS colours, evenly spaced from the low end to the high end. */
  readonly stops: readonly string[];
  /** Such as "0 – 9 bits". */
  readonly range: string;
}

const STOPS = 9;

export function legendOf(theme: ThemeName, domain: ColourDomain): Legend {
  const { colours } = scaleOf(theme, domain.colour);
  const stops = Array.from(
    { length: STOPS },
    (_, i) => colours[Math.round((i / (STOPS - 1)) * (colours.length - 1))]!,
  );
  return { title: domain.colour === "ratio" ? "log₂ A/B" : domain.colour, stops, range: rangeOf(domain) };
}

function rangeOf({ colour, lo, hi }: ColourDomain): string {
  switch (colour) {
    case "entropy":
    case "surprisal":
      return `${figure(lo)} – ${figure(hi)} bits`;
    case "probability":
      return `${figure(lo * 100)} – ${figure(hi * 100)} %`;
    case "ratio":
      return `B +${figure(-lo)} … A +${figure(hi)} bits`;
    case "depth":
      return `step ${figure(lo)} – ${figure(hi)}`;
  }
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
