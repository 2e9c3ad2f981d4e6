/** Seeded random numbers keyed by (seed, trajectory, depth); the same bits as core/random.py. */

/** murmur3's finaliser on 32 bits. */
export function mix(h: number): number {
  h ^= h >>> 16;
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** A double in [0, 1) with 53 random bits. */
export function uniform(seed: number, trajectory: number, depth: number): number {
  const a = mix(seed ^ mix((trajectory + 0x9e3779b9) ^ mix(depth + 0x7f4a7c15)));
  const high = mix(a + 0x9e3779b9);
  const low = mix(a + 0x3c6ef372);
  return ((high >>> 5) * 67108864 + (low >>> 6)) / 9007199254740992;
}

/** Where lines stand between two neighbours: centred for seed 0, else one draw for all lines. */
export function offsetOf(seed: number): number {
  return seed === 0 ? 0.5 : uniform(seed, 0xffffffff, 0);
}
