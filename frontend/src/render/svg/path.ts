/** A path in the making. Points are transformed when they come, as on a canvas. */
import { multiply, type Matrix } from "./matrix";
import { figure } from "./text";

export class Path {
  private parts: string[] = [];
  private last: { x: number; y: number } | null = null;

  get data(): string {
    return this.parts.join("");
  }
  get isEmpty(): boolean {
    return this.parts.length === 0;
  }

  move(at: Matrix, x: number, y: number): void {
    this.parts.push(`M${point(at, x, y)}`);
    this.last = { x, y };
  }
  line(at: Matrix, x: number, y: number): void {
    this.parts.push(`${this.last ? "L" : "M"}${point(at, x, y)}`);
    this.last = { x, y };
  }
  quadratic(at: Matrix, cx: number, cy: number, x: number, y: number): void {
    if (!this.last) this.move(at, cx, cy);
    this.parts.push(`Q${point(at, cx, cy)} ${point(at, x, y)}`);
    this.last = { x, y };
  }
  cubic(at: Matrix, ax: number, ay: number, bx: number, by: number, x: number, y: number): void {
    if (!this.last) this.move(at, ax, ay);
    this.parts.push(`C${point(at, ax, ay)} ${point(at, bx, by)} ${point(at, x, y)}`);
    this.last = { x, y };
  }
  close(): void {
    if (!this.isEmpty) this.parts.push("Z");
  }

  rect(at: Matrix, x: number, y: number, width: number, height: number): void {
    this.move(at, x, y);
    this.line(at, x + width, y);
    this.line(at, x + width, y + height);
    this.line(at, x, y + height);
    this.close();
  }

  roundRect(at: Matrix, x: number, y: number, width: number, height: number, radius: number): void {
    if (radius <= 0) return this.rect(at, x, y, width, height);
    const right = x + width;
    const bottom = y + height;
    this.move(at, x + radius, y);
    for (const [cornerX, cornerY, fromX, fromY, toX, toY] of [
      [right, y, right - radius, y, right, y + radius],
      [right, bottom, right, bottom - radius, right - radius, bottom],
      [x, bottom, x + radius, bottom, x, bottom - radius],
      [x, y, x, y + radius, x + radius, y],
    ] as const) {
      this.line(at, fromX, fromY);
      const bend = (from: number, corner: number): number => from + (corner - from) * KAPPA;
      this.cubic(
        at,
        bend(fromX, cornerX),
        bend(fromY, cornerY),
        bend(toX, cornerX),
        bend(toY, cornerY),
        toX,
        toY,
      );
    }
    this.close();
  }

  /** Angles in radians, clockwise from the x axis. */
  ellipse(
    at: Matrix,
    x: number,
    y: number,
    radiusX: number,
    radiusY: number,
    rotation: number,
    start: number,
    end: number,
    counterclockwise: boolean,
  ): void {
    const cos = Math.cos(rotation);
    const sin = Math.sin(rotation);
    const turned = multiply(at, [cos * radiusX, sin * radiusX, -sin * radiusY, cos * radiusY, x, y]);
    const sweep = sweepOf(start, end, counterclockwise);
    const steps = Math.max(1, Math.ceil(Math.abs(sweep) / (Math.PI / 2) - 1e-9));
    const step = sweep / steps;
    const handle = (4 / 3) * Math.tan(step / 4);
    this.line(turned, Math.cos(start), Math.sin(start));
    for (let i = 0; i < steps; i++) {
      const from = start + i * step;
      const to = from + step;
      this.cubic(
        turned,
        Math.cos(from) - handle * Math.sin(from),
        Math.sin(from) + handle * Math.cos(from),
        Math.cos(to) + handle * Math.sin(to),
        Math.sin(to) - handle * Math.cos(to),
        Math.cos(to),
        Math.sin(to),
      );
    }
  }
}

/** Where the handles of a quarter circle stand, as a share of the way to its corner. */
const KAPPA = 0.5522847498;

function sweepOf(start: number, end: number, counterclockwise: boolean): number {
  const full = 2 * Math.PI;
  const asked = counterclockwise ? start - end : end - start;
  const sweep = asked >= full ? full : ((asked % full) + full) % full;
  return counterclockwise ? -sweep : sweep;
}

function point([a, b, c, d, e, f]: Matrix, x: number, y: number): string {
  return `${figure(a * x + c * y + e)},${figure(b * x + d * y + f)}`;
}
