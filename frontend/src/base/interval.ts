/** Plain arithmetic on numbers and intervals. */

export function clamp(value: number, low: number, high: number): number {
  return value < low ? low : value > high ? high : value;
}

export function lerp(from: number, to: number, t: number): number {
  return from + (to - from) * t;
}

/** 0 before `from`, 1 after `to`, and a smooth rise between them. */
export function smoothstep(from: number, to: number, value: number): number {
  const t = clamp((value - from) / (to - from), 0, 1);
  return t * t * (3 - 2 * t);
}

/** Natural-log probability to bits of surprisal. */
export function bitsOf(logProb: number): number {
  return Math.max(0, -logProb / Math.LN2);
}
