/** What an instrument has found of every state, to colour the tree by. */

/** The results that states can be coloured by (backend/semioscope/physics/profile.py). */
export const MEASURED = ["varentropy", "rank", "trajectory"] as const;
export type Measured = (typeof MEASURED)[number];

export const isMeasured = (colour: string): colour is Measured =>
  (MEASURED as readonly string[]).includes(colour);

export interface Overlay {
  readonly name: Measured;
  /** By node; NaN where it is not known. Later nodes have none yet. Of ranks log₂(1 + rank). */
  readonly values: Float32Array;
  /** Where the colour scale ends. */
  readonly hi: number;
}

/** Of so many of the values the scale shows the differences; what lies above has its last colour. */
const SHOWN = 0.98;
const MOST_SORTED = 20_000;

/** What is drawn of a result. Ranks differ by orders of magnitude: linearly, all but a few were one. */
export function overlayOf(name: Measured, found: Float32Array): Overlay {
  const values = name === "rank" ? found.map((rank) => Math.log2(1 + rank)) : found;
  return { name, values, hi: endOf(values) };
}

/** Where a scale for these values ends: a round number that all but a few keep below. */
function endOf(values: Float32Array): number {
  const step = Math.max(1, Math.floor(values.length / MOST_SORTED));
  const known: number[] = [];
  for (let i = 0; i < values.length; i += step) if (Number.isFinite(values[i])) known.push(values[i]!);
  if (known.length === 0) return 1;
  known.sort((a, b) => a - b);
  return rounded(known[Math.min(known.length - 1, Math.floor(known.length * SHOWN))]!);
}

function rounded(value: number): number {
  if (!(value > 0)) return 1;
  const size = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((digit) => digit * size).find((end) => end >= value) ?? value;
}
