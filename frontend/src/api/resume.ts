/** What to do with an event that arrives when `seq` is the last one applied. */
export type Arrival = "apply" | "duplicate" | "gap";

export function arrival(seq: number, next: number): Arrival {
  if (next <= seq) return "duplicate";
  return next === seq + 1 ? "apply" : "gap";
}

const FIRST_WAIT_MS = 300;
const LONGEST_WAIT_MS = 10_000;

/**
 * Wait before reconnection number `attempt` (from 0), in milliseconds: doubling, bounded, and
 * spread by `chance` ∈ [0, 1) over its upper half so that many pages do not return at once.
 */
export function backoff(attempt: number, chance: number): number {
  const whole = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempt, 16));
  return whole * (0.5 + chance / 2);
}
