/** Wheel, fingers, mouse and keys as moves of a camera: smooth, and one move a frame. */
import { type Camera, panned, pinched, type Pinch, sameCamera, zoomed } from "../model/camera";

/** Zoom of a wheel's pixel, of a pinch on a trackpad (which comes as a wheel with Ctrl), in nats. */
const WHEEL = 0.0022;
const TRACKPAD_PINCH = 0.011;
const LINE_HEIGHT = 16;
const PAGE_HEIGHT = 400;
/** One event of a coarse wheel counts at most as much. */
const MOST_WHEEL = 240;
/** How fast what was asked for is done, ms to 1/e. */
const EASE_MS = 60;
const ENOUGH = 0.002;
/** A pointer that has moved less has clicked, CSS pixels. */
const SLOP = 5;

export interface Steered {
  camera(): Camera;
  /** Height of the canvas, CSS pixels. */
  height(): number;
  /** Looks there, from the next frame on; gives where it really looks. */
  look(camera: Camera): void;
  /** Motion by itself is not wanted. */
  readonly still: boolean;
  /** Asks for a frame. */
  wake(): void;
}

interface Finger {
  readonly x: number;
  readonly y: number;
}

export class Steering {
  /** Zoom and pan that are still to be done: nats about a share of the height, and heights. */
  private zoom = 0;
  private focus = 0.5;
  private pan = 0;
  private last = 0;
  private readonly fingers = new Map<number, Finger>();
  /** Where the fingers were when the camera last followed them. */
  private held: readonly Finger[] = [];
  private from: Finger | null = null;
  private isDragging = false;

  constructor(private readonly of: Steered) {}

  /** Whether it moves, or is held. */
  get isMoving(): boolean {
    return this.zoom !== 0 || this.pan !== 0 || this.isDragging;
  }

  /** Whether the pointer that has just been let go had moved: then it was no click. */
  get wasDrag(): boolean {
    return this.isDragging;
  }

  /** Closer by a factor about a share of the height. */
  zoomBy(focus: number, factor: number): void {
    this.focus = focus;
    this.zoom += Math.log(factor);
    this.of.wake();
  }

  /** Down by a share of the height. */
  panBy(share: number): void {
    this.pan += share;
    this.of.wake();
  }

  /** What was still to be done is not wanted any more. */
  halt(): void {
    this.zoom = this.pan = 0;
  }

  /** y: CSS pixels from the canvas's top. */
  wheel(event: WheelEvent, y: number): void {
    const unit = event.deltaMode === 1 ? LINE_HEIGHT : event.deltaMode === 2 ? PAGE_HEIGHT : 1;
    const height = Math.max(1, this.of.height());
    if (event.shiftKey) {
      this.panBy(((event.deltaY || event.deltaX) * unit) / height);
      return;
    }
    const moved = Math.max(-MOST_WHEEL, Math.min(MOST_WHEEL, event.deltaY * unit));
    // Mice send whole notches with Ctrl too; a trackpad's pinch comes in small steps.
    const isPinch = event.ctrlKey && Math.abs(moved) < 50;
    this.zoomBy(y / height, Math.exp(-moved * (isPinch ? TRACKPAD_PINCH : WHEEL)));
  }

  press(id: number, x: number, y: number): void {
    this.halt();
    if (this.fingers.size === 0) {
      this.from = { x, y };
      this.isDragging = false;
    }
    this.fingers.set(id, { x, y });
    this.held = [...this.fingers.values()];
    if (this.fingers.size > 1) this.isDragging = true;
  }

  /** Gives whether the pointer is held. */
  move(id: number, x: number, y: number): boolean {
    if (!this.fingers.has(id)) return false;
    this.fingers.set(id, { x, y });
    const { from } = this;
    if (!this.isDragging && from !== null && Math.hypot(x - from.x, y - from.y) >= SLOP) {
      this.isDragging = true;
    }
    if (this.isDragging) this.of.wake();
    return this.isDragging;
  }

  release(id: number): void {
    if (!this.fingers.has(id)) return;
    this.follow();
    this.fingers.delete(id);
    this.held = [...this.fingers.values()];
  }

  /** The click that a pointer may have ended in has been seen. */
  forget(): void {
    if (this.fingers.size === 0) this.isDragging = false;
  }

  /** Moves on to `now` (ms); whether there is more to come. */
  step(now: number): boolean {
    const elapsed = Math.min(50, Math.max(1, now - this.last));
    this.last = now;
    this.follow();
    if (this.zoom === 0 && this.pan === 0) return false;
    const share = this.of.still ? 1 : 1 - Math.exp(-elapsed / EASE_MS);
    const zoom = Math.abs(this.zoom) < ENOUGH ? this.zoom : this.zoom * share;
    const pan = Math.abs(this.pan) < ENOUGH ? this.pan : this.pan * share;
    this.zoom -= zoom;
    this.pan -= pan;
    const before = this.of.camera();
    this.of.look(panned(zoomed(before, this.focus, Math.exp(zoom)), pan));
    // At the edge of what there is, one does not push on.
    if (sameCamera(before, this.of.camera())) this.halt();
    return this.zoom !== 0 || this.pan !== 0;
  }

  /** The camera goes with the fingers. */
  private follow(): void {
    if (!this.isDragging || this.fingers.size === 0) return;
    const now = [...this.fingers.values()];
    const height = Math.max(1, this.of.height());
    const [from, to] = [handOf(this.held, height), handOf(now, height)];
    this.held = now;
    if (from.middle === to.middle && from.spread === to.spread) return;
    this.of.look(pinched(this.of.camera(), from, to));
  }
}

function handOf(fingers: readonly Finger[], height: number): Pinch {
  const [one, other] = fingers;
  if (one === undefined) return { middle: 0, spread: 0 };
  if (other === undefined) return { middle: one.y / height, spread: 0 };
  return {
    middle: (one.y + other.y) / 2 / height,
    spread: Math.hypot(one.x - other.x, one.y - other.y),
  };
}
