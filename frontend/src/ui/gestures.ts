/** Moving a picture by mouse, touch and trackpad: one way for the views that lie on a plane. */

export interface Gestures {
  /** The picture is to move by so many CSS pixels. */
  pan(dx: number, dy: number): void;
  /** It is to grow by a factor, about a place in CSS pixels from the element's top left. */
  zoom(factor: number, x: number, y: number): void;
  /** A click or a tap that was no drag. */
  tap(x: number, y: number, event: PointerEvent): void;
  /** The pointer moves over it, or has left (null). */
  hover(at: { x: number; y: number } | null): void;
}

/** Less than this is a click with an unsteady hand, CSS pixels. */
const SLOP = 5;
/** Wheel deltas are pixels, lines or pages. */
const LINE = 18;
const PER_PIXEL = 0.0022;
const MOST_STEP = 0.35;

/** Listens on an element; returns how to stop. */
export function listen(element: HTMLElement, gestures: Gestures): () => void {
  const held = new Map<number, { x: number; y: number }>();
  let travelled = 0;
  let pinched = false;

  const place = (event: MouseEvent): { x: number; y: number } => {
    const box = element.getBoundingClientRect();
    // An ancestor may be zoomed (presentation size).
    const scale = box.width / element.offsetWidth || 1;
    return { x: (event.clientX - box.left) / scale, y: (event.clientY - box.top) / scale };
  };
  const spread = (): { distance: number; x: number; y: number } => {
    const [a, b] = [...held.values()];
    if (!a || !b) return { distance: 0, x: 0, y: 0 };
    return { distance: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };

  const ondown = (event: PointerEvent): void => {
    if (event.button !== 0) return;
    if (held.size === 0) {
      travelled = 0;
      pinched = false;
    }
    held.set(event.pointerId, place(event));
  };
  const onmove = (event: PointerEvent): void => {
    const at = place(event);
    const last = held.get(event.pointerId);
    if (last === undefined) {
      if (event.pointerType !== "touch") gestures.hover(at);
      return;
    }
    if (held.size === 1) {
      travelled += Math.hypot(at.x - last.x, at.y - last.y);
      held.set(event.pointerId, at);
      if (travelled <= SLOP) return;
      // From here on it is a drag, also outside the element.
      if (!element.hasPointerCapture(event.pointerId)) element.setPointerCapture(event.pointerId);
      gestures.hover(null);
      gestures.pan(at.x - last.x, at.y - last.y);
      return;
    }
    const before = spread();
    held.set(event.pointerId, at);
    const after = spread();
    pinched = true;
    gestures.pan(after.x - before.x, after.y - before.y);
    if (before.distance > 0) gestures.zoom(after.distance / before.distance, after.x, after.y);
  };
  const onup = (event: PointerEvent): void => {
    const at = held.get(event.pointerId);
    held.delete(event.pointerId);
    if (at && held.size === 0 && travelled <= SLOP && !pinched && event.type === "pointerup") {
      gestures.tap(at.x, at.y, event);
    }
  };
  const onleave = (): void => {
    if (held.size === 0) gestures.hover(null);
  };
  const onwheel = (event: WheelEvent): void => {
    event.preventDefault();
    const unit = event.deltaMode === 1 ? LINE : event.deltaMode === 2 ? element.offsetHeight : 1;
    const { x, y } = place(event);
    if (!event.ctrlKey && (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))) {
      gestures.pan(-(event.deltaX || event.deltaY) * unit, event.shiftKey ? 0 : -event.deltaY * unit);
      return;
    }
    // A pinch on a trackpad comes as a wheel with Ctrl, in smaller numbers.
    const step = -event.deltaY * unit * PER_PIXEL * (event.ctrlKey ? 4 : 1);
    gestures.zoom(Math.exp(Math.max(-MOST_STEP, Math.min(MOST_STEP, step))), x, y);
  };

  element.addEventListener("pointerdown", ondown);
  element.addEventListener("pointermove", onmove);
  element.addEventListener("pointerup", onup);
  element.addEventListener("pointercancel", onup);
  element.addEventListener("pointerleave", onleave);
  element.addEventListener("wheel", onwheel, { passive: false });
  return () => {
    element.removeEventListener("pointerdown", ondown);
    element.removeEventListener("pointermove", onmove);
    element.removeEventListener("pointerup", onup);
    element.removeEventListener("pointercancel", onup);
    element.removeEventListener("pointerleave", onleave);
    element.removeEventListener("wheel", onwheel);
  };
}
