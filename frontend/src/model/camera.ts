/**
 * Where one looks, and the moves of looking.
 *
 * A view is an interval of one state's own unit interval, never of the whole tree's, so that no
 * depth wears doubles out (model/anchoring.ts keeps it within the deepest state that holds it).
 */

export interface Camera {
  /** The state whose interval the numbers are measured in. */
  readonly anchor: number;
  readonly lo: number;
  readonly hi: number;
  /**
   * The state that the lines belong to (model/lattice.ts): near the anchor, above or below it. Left
   * out, it is the anchor.
   */
  readonly home?: number;
}

/** All of a state: what a click on its block leads to. */
export const wholeOf = (anchor: number): Camera => ({ anchor, lo: 0, hi: 1 });

export const homeOf = ({ anchor, home }: Camera): number => home ?? anchor;

/** Whether a camera shows all of its anchor and nothing else, with lines of its own. */
export const isWhole = (camera: Camera): boolean =>
  camera.lo === 0 && camera.hi === 1 && homeOf(camera) === camera.anchor;

/** Whether a tree has the states of a camera: when one looks back, it may not have them yet. */
export const isIn = ({ size }: { readonly size: number }, camera: Camera): boolean =>
  camera.anchor < size && homeOf(camera) < size;

export function sameCamera(one: Camera, other: Camera): boolean {
  return (
    one.anchor === other.anchor &&
    one.lo === other.lo &&
    one.hi === other.hi &&
    homeOf(one) === homeOf(other)
  );
}

/**
 * `factor` times closer (under 1: further off), with what stands at `focus` staying where it is.
 * focus: share of the height, 0 to 1. The result may reach beyond the anchor's interval.
 */
export function zoomed(camera: Camera, focus: number, factor: number): Camera {
  const { lo, hi } = camera;
  const fixed = lo + focus * (hi - lo);
  return { ...camera, lo: fixed - (fixed - lo) / factor, hi: fixed + (hi - fixed) / factor };
}

/** Moved down by a share of its height; what is seen goes up. */
export function panned(camera: Camera, share: number): Camera {
  const by = share * (camera.hi - camera.lo);
  return { ...camera, lo: camera.lo + by, hi: camera.hi + by };
}

/** Where two fingers are: their middle as a share of the height, and how far they are apart. */
export interface Pinch {
  readonly middle: number;
  readonly spread: number;
}

/** What two fingers hold goes with them. Fingers that meet only move. */
export function pinched(camera: Camera, from: Pinch, to: Pinch): Camera {
  const factor = from.spread > 0 && to.spread > 0 ? to.spread / from.spread : 1;
  return panned(zoomed(camera, from.middle, factor), from.middle - to.middle);
}
