/**
 * Sharing out the height: text needs room, probabilities want to be heights.
 *
 * What is in view is cut into consecutive segments (a block without blocks inside it, or a run of
 * branches thinner than a line), each with its exact end and the room its lines need. Of all ways
 * to draw the boundaries so that every segment has its room, this is one with the least greatest
 * deviation from the exact ones: half of what prefix maxima and suffix minima leave between them
 * (isotonic regression in the maximum norm, on boundary − room above it).
 *
 * Bound: putting every boundary at (lines above it) × pitch gives every segment its room, and is
 * off by less than max(offset, 1 − offset) of a pitch, as line i stands at (i + offset) × pitch.
 * So no boundary is drawn further off than that: half a pitch for centred lines, always less
 * than one.
 */

import { clamp } from "../base/interval";

/**
 * ends: exact end of each segment, ascending, the last one = height. needs: room of each segment,
 * Σ ≤ height. Returns the drawn boundaries, ends.length + 1 of them, from 0 to height.
 */
export function shareHeights(
  ends: ArrayLike<number>,
  needs: ArrayLike<number>,
  height: number,
): Float64Array {
  const count = ends.length;
  const room = new Float64Array(count + 1);
  for (let i = 0; i < count; i++) room[i + 1] = room[i]! + needs[i]!;
  const spare = Math.max(0, height - room[count]!);
  // Where the exact boundary is, less the room needed above it: to be made ascending.
  const wanted = (boundary: number): number =>
    boundary === 0 ? 0 : ends[boundary - 1]! - room[boundary]!;
  const drawn = new Float64Array(count + 1);
  for (let i = 0, most = -Infinity; i <= count; i++) drawn[i] = most = Math.max(most, wanted(i));
  for (let i = count, least = Infinity; i >= 0; i--) {
    least = Math.min(least, wanted(i));
    drawn[i] = room[i]! + clamp((drawn[i]! + least) / 2, 0, spare);
  }
  return drawn;
}
