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
/** People that a legend names, and how many stops each takes, so that they stand side by side. */
const MOST_NAMES = 4;
const A_PERSON = 8;

export function legendOf(theme: ThemeName, domain: ColourDomain): Legend {
  const { colours } = scaleOf(theme, domain.colour);
  if (domain.names) return namedOf(domain.names, colours);
  const stops = Array.from(
    { length: STOPS },
    (_, i) => colours[Math.round((i / (STOPS - 1)) * (colours.length - 1))]!,
  );
  return { title: domain.colour === "ratio" ? "log₂ A/B" : domain.colour, stops, range: rangeOf(domain) };
}

function namedOf(names: readonly string[], colours: readonly string[]): Legend {
  const named = names.slice(0, MOST_NAMES);
  const stops = named.flatMap((_, i) => Array.from({ length: A_PERSON }, () => colours[i]!));
  const more = names.length - named.length;
  const list = named.join(", ") + (more > 0 ? ` and ${more} more` : "");
  return { title: "grown by", stops: stops.length > 0 ? stops : [colours[0]!, colours[0]!], range: list || "nobody yet" };
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
    case "time":
      return `event ${figure(lo)} – ${figure(hi)}`;
    case "varentropy":
      return `${figure(lo)} – ${figure(hi)} bits²`;
    case "rank":
      return `rank 0 – ${Math.round(2 ** hi - 1)} (log scale)`;
    case "trajectory":
      return `${figure(lo)} – ${figure(hi)} bits`;
    case "author":
      return "";
  }
}

function figure(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(1);
}
