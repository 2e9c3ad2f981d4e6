/** Looking at a merged graph: its camera, sizes on the screen, and what a pointer is on. */
import { clamp } from "../../base/interval";
import type { Multiway } from "./graph";

/**
 * What lies at (x, y) of the graph's plane is in the middle of the canvas; a unit is `scale` CSS
 * pixels wide and `stretch` times as high, so that layers of few classes use the height there is,
 * and layers of many do not take the width.
 */
export interface GraphCamera {
  readonly x: number;
  readonly y: number;
  readonly scale: number;
  readonly stretch: number;
}

export interface Size {
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const FIRST_CAMERA: GraphCamera = { x: 0, y: 0, scale: 1, stretch: 1 };

const LEAST_SCALE = 0.02;
const MOST_SCALE = 4;
/** A graph of a few classes is not blown up to the size of the canvas. */
const MOST_FITTED = 1.15;
const MARGIN = 34;

export const toScreen = (camera: GraphCamera, size: Size, x: number, y: number): Point => ({
  x: size.width / 2 + (x - camera.x) * camera.scale,
  y: size.height / 2 + (y - camera.y) * camera.scale * camera.stretch,
});

/** How far a picture may be drawn out of its proportions: least and greatest stretch. */
export type Stretch = readonly [number, number];
export const SHAPELY: Stretch = [1, 1];

/** The camera that shows everything, with room for labels on the right. */
export function fitted(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  size: Size,
  labelRoom: number,
  [least, most]: Stretch = SHAPELY,
): GraphCamera {
  let [x0, x1, y0, y1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < x.length; i++) {
    x0 = Math.min(x0, x[i]!);
    x1 = Math.max(x1, x[i]!);
    y0 = Math.min(y0, y[i]!);
    y1 = Math.max(y1, y[i]!);
  }
  if (x.length === 0) return FIRST_CAMERA;
  const wide = Math.max(40, size.width - 2 * MARGIN - labelRoom) / (x1 - x0 || 1);
  const high = Math.max(40, size.height - 2 * MARGIN) / (y1 - y0 || 1);
  const scale = clamp(Math.min(wide, high / least), LEAST_SCALE, MOST_FITTED);
  const stretch = clamp(high / scale, least, most);
  return { x: (x0 + x1) / 2 + labelRoom / 2 / scale, y: (y0 + y1) / 2, scale, stretch };
}

/**
 * Closer by a factor, with what is under the pointer staying there. What is drawn lower than it lies
 * gets its proportions back first.
 */
export function zoomedAt(camera: GraphCamera, size: Size, at: Point, factor: number): GraphCamera {
  const stretch = factor > 1 && camera.stretch < 1 ? Math.min(1, camera.stretch * factor) : camera.stretch;
  const wider = factor * (camera.stretch / stretch);
  const scale = clamp(camera.scale * wider, LEAST_SCALE, MOST_SCALE);
  const dx = at.x - size.width / 2;
  const dy = at.y - size.height / 2;
  return {
    x: camera.x + dx / camera.scale - dx / scale,
    y: camera.y + dy / (camera.scale * camera.stretch) - dy / (scale * stretch),
    scale,
    stretch,
  };
}

/** Moved by CSS pixels, as a hand moves paper. */
export const pannedBy = (camera: GraphCamera, dx: number, dy: number): GraphCamera => ({
  ...camera,
  x: camera.x - dx / camera.scale,
  y: camera.y - dy / (camera.scale * camera.stretch),
});

/** The same camera, moved by as little as brings a place into sight. */
export function revealing(camera: GraphCamera, size: Size, x: number, y: number): GraphCamera {
  const at = toScreen(camera, size, x, y);
  const roomX = Math.min(MARGIN - 8, size.width / 4);
  const roomY = Math.min(MARGIN - 8, size.height / 4);
  const dx = at.x - clamp(at.x, roomX, size.width - roomX);
  const dy = at.y - clamp(at.y, roomY, size.height - roomY);
  return dx === 0 && dy === 0 ? camera : pannedBy(camera, -dx, -dy);
}

/** How large things are drawn: less than the scale changes, so that they stay legible. */
export const drawnScale = ({ scale, stretch }: Pick<GraphCamera, "scale" | "stretch">): number =>
  clamp(Math.sqrt(scale * Math.min(1, Math.sqrt(stretch))), 0.4, 1.5);

const LARGEST = 16;
const SMALLEST = 2.2;

/** Of a class's disc, CSS pixels: its area is the probability of reaching it. */
export function radiusOf(
  graph: Multiway,
  one: number,
  camera: Pick<GraphCamera, "scale" | "stretch">,
): number {
  const share = Math.min(1, graph.reach[one]!);
  return Math.max(SMALLEST * Math.min(1, 2 * drawnScale(camera)), LARGEST * Math.sqrt(share) * drawnScale(camera));
}

const REACH = 7;

/** The class whose disc a point of the canvas is on, or nearly; −1 where there is none. */
export function pickClass(
  graph: Multiway,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  camera: GraphCamera,
  size: Size,
  at: Point,
): number {
  let found = -1;
  let least = Infinity;
  for (let one = 0; one < graph.size; one++) {
    const place = toScreen(camera, size, x[one]!, y[one]!);
    const gap = Math.hypot(place.x - at.x, place.y - at.y) - radiusOf(graph, one, camera);
    if (gap >= least || gap > REACH) continue;
    least = gap;
    found = one;
  }
  return found;
}

/** The classes in sight, as one reads them: from left to right, and in a layer from above. */
export function inSight(
  graph: Multiway,
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  camera: GraphCamera,
  size: Size,
): number[] {
  const found: number[] = [];
  for (let one = 0; one < graph.size; one++) {
    const at = toScreen(camera, size, x[one]!, y[one]!);
    if (at.x >= 0 && at.x <= size.width && at.y >= 0 && at.y <= size.height) found.push(one);
  }
  return found.sort((a, b) => x[a]! - x[b]! || y[a]! - y[b]!);
}

/** The outermost of some points, counter-clockwise (Andrew 1979). */
export function hullOf(points: readonly Point[]): Point[] {
  if (points.length < 3) return [...points];
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const half = (ones: readonly Point[]): Point[] => {
    const chain: Point[] = [];
    for (const point of ones) {
      while (chain.length >= 2 && turn(chain.at(-2)!, chain.at(-1)!, point) <= 0) chain.pop();
      chain.push(point);
    }
    chain.pop();
    return chain;
  };
  return [...half(sorted), ...half(sorted.reverse())];
}

const turn = (a: Point, b: Point, c: Point): number =>
  (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
