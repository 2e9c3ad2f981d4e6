/**
 * Which worlds are in view: points at even spacing, that stay where they are while one moves.
 *
 * The lines of a state stand at u = (j/2^k + offset)/n of its interval, and go on beyond it at the
 * same spacing. Level k makes them about as dense as the screen has room for, and holds all lines of
 * level k − 1: coming closer puts new lines between the old ones, moving brings new ones in at the
 * edge, and those that were there are read on. A smaller screen leaves every second one out, and
 * shows no world that the larger one does not.
 */
import { homeOf, type Camera } from "./camera";
import { shareWithin, viewIn } from "./anchoring";
import { mix, uniform } from "./random";
import type { TreeModel } from "./tree";
import { advance, FULL_BITS, type Position } from "./walk";
import type { Weighting } from "./weighting";

/** Lines stand at least at this share of the pitch that the screen has room for, and under twice of it. */
const DENSEST = 0.75;
/** A place on the border of the view counts as in it. */
const ROUNDING = 1e-9;

export interface Lattice {
  /** k; 0 where all n lines of the whole state, and no others, stand as close as these. */
  readonly level: number;
  /** Between two lines, as a share of the height in view. */
  readonly spacing: number;
  /** What tells a line from others, and its random numbers from theirs; 32-bit words. */
  readonly ids: Uint32Array;
  /** Random numbers are counted from this depth on. */
  readonly origin: number;
  /** Places within the anchor. */
  readonly u: Float64Array;
  readonly left: Float64Array;
  /** A state below the anchor where lines begin anew, exactly; −1: there is none. */
  readonly home: number;
  /** Where in it each of them begins; NaN for those that do not pass it. */
  readonly inner: Float64Array;
}

export interface LatticeOptions {
  /** n: lines of a whole state. */
  readonly lines: number;
  /** How many the screen has room for; else n. */
  readonly room?: number;
  readonly offset: number;
  readonly seed: number;
}

/** The lines that a camera shows, the topmost first. */
export function latticeOf(
  tree: TreeModel,
  heights: Weighting,
  camera: Camera,
  { lines, room = lines, offset, seed }: LatticeOptions,
): Lattice {
  let home = homeOf(camera);
  let seen = viewIn(tree, heights, camera, home);
  if (seen === null) [home, seen] = [camera.anchor, camera];
  const size = seen.hi - seen.lo;
  const level = levelOf(lines, room, size);
  const scale = 2 ** level;
  const first = Math.ceil((seen.lo * lines - offset) * scale - ROUNDING);
  const end = Math.ceil((seen.hi * lines - offset) * scale - ROUNDING);
  const count = Math.max(0, end - first);
  const ids = Uint32Array.from({ length: count }, (_, i) => idOf(first + i, level));
  const places = Float64Array.from({ length: count }, (_, i) => ((first + i) / scale + offset) / lines);
  const common = {
    level,
    spacing: 1 / (lines * scale * size),
    ids,
    origin: tree.depth[home]!,
  };
  const left = new Float64Array(count).fill(FULL_BITS);
  const outside = new Float64Array(count).fill(NaN);
  if (home === camera.anchor) {
    return { ...common, u: places.map(inUnit), left, home: -1, inner: outside };
  }
  if (tree.isAncestor(camera.anchor, home)) {
    const share = shareWithin(tree, heights, camera.anchor, home)!;
    const u = places.map((place) => inUnit(share.start + share.size * place));
    const inner = places.map((place) => (place >= 0 && place < 1 ? place : NaN));
    return { ...common, u, left, home, inner };
  }
  const way = tree.path(camera.anchor).slice(common.origin + 1);
  const shares = way.map((node) => shareWithin(tree, heights, tree.parent[node]!, node)!);
  const u = new Float64Array(count);
  for (let i = 0; i < count; i++) {
    let at: Position = { u: inUnit(places[i]!), left: FULL_BITS };
    shares.forEach(({ start, size: width }, step) => {
      at = advance(at, start, width, uniform(seed, ids[i]!, step));
    });
    u[i] = at.u;
    left[i] = at.left;
  }
  return { ...common, u, left, home: -1, inner: outside };
}

/** How many times n lines are doubled (halved, where negative) to suit a view of that share. */
export const levelOf = (lines: number, room: number, size: number): number =>
  Math.floor(Math.log2(room / (lines * DENSEST * size)));

/** The most lines that a view with so much room may have. */
export const mostLinesIn = (room: number): number => Math.ceil(room / DENSEST) + 1;

const LAST = 1 - 2 ** -53;
const inUnit = (u: number): number => (u < 0 ? 0 : u > LAST ? LAST : u);

/** Of the j-th line of a level: the same on every level that has it; j for those of level 0. */
export function idOf(j: number, level: number): number {
  let at = j;
  let k = level;
  while (k > 0 && at % 2 === 0) {
    at /= 2;
    k -= 1;
  }
  if (k > 0) return mix(at ^ mix(k));
  return (at * 2 ** -k) >>> 0;
}

/** The random number of a line's step from a state of that depth. */
export const freshAt = (lattice: Lattice, seed: number, line: number, depth: number): number =>
  uniform(seed, lattice.ids[line]!, depth - lattice.origin);

/** Where a line begins anew in a state; null where it goes on as it came. */
export function enteredAt(lattice: Lattice, line: number, node: number): Position | null {
  if (node !== lattice.home) return null;
  const u = lattice.inner[line]!;
  return Number.isNaN(u) ? null : { u, left: FULL_BITS };
}
