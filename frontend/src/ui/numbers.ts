/** Numbers as people read them. Log-probabilities come in nats, information leaves in bits. */

const SUPERSCRIPT = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const grouped = new Intl.NumberFormat("en-GB");

/** "6.68 bits"; long ones lose their decimals. */
export function bits(value: number): string {
  if (!Number.isFinite(value)) return "∞";
  return value < 100 ? value.toFixed(2) : value.toFixed(1);
}

const superscript = (value: number): string =>
  (value < 0 ? "⁻" : "") + [...String(Math.abs(value))].map((d) => SUPERSCRIPT[Number(d)]).join("");

/** A probability in per cent, from its natural log, however small: "22.3%", "4.1×10⁻⁷%". */
export function percent(logProb: number): string {
  if (logProb === -Infinity) return "0%";
  const value = Math.exp(logProb) * 100;
  if (value >= 99.995) return "100%";
  if (value >= 9.995) return `${value.toFixed(1)}%`;
  if (value >= 0.9995) return `${value.toFixed(2)}%`;
  if (value >= 0.001) return `${value.toPrecision(3)}%`;
  const log10 = logProb / Math.LN10 + 2;
  const exponent = Math.floor(log10);
  return `${(10 ** (log10 - exponent)).toFixed(1)}×10${superscript(exponent)}%`;
}

/** A share of one for a list: "22.3%", "0.04%", "<0.01%". */
export function share(value: number): string {
  const hundred = value * 100;
  if (hundred <= 0) return "0%";
  if (hundred < 0.01) return "<0.01%";
  if (hundred < 1) return `${hundred.toFixed(2)}%`;
  return `${hundred.toFixed(1)}%`;
}

/** A number that a growth tells, with its unit: "12 trajectories", "34.0%", "3.21 bits/token". */
export function figure(value: number, unit: string): string {
  if (unit === "share") return percent(Math.log(value));
  if (unit.startsWith("bits")) return `${bits(value)} ${unit}`;
  const shown = Number.isInteger(value) ? count(value) : String(Number(value.toPrecision(4)));
  const one = unit.replace(/ies$/, "y").replace(/s$/, "");
  return unit === "" ? shown : `${shown} ${value === 1 ? one : unit}`;
}

const compact = new Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 1 });
/** About how many, in a few characters: "99.5K". */
export const roughly = (value: number): string => compact.format(value);

export const count = (value: number): string => grouped.format(value);

export const plural = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

const UNITS: readonly [Intl.RelativeTimeFormatUnit, number][] = [
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** "3 minutes ago" for a Unix time in seconds. */
export function ago(at: number): string {
  const seconds = Date.now() / 1000 - at;
  for (const [unit, length] of UNITS) {
    if (seconds >= length) return relative.format(-Math.floor(seconds / length), unit);
  }
  return "just now";
}
