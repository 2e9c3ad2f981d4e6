/** The axis of a log: growths as bars by the states they added, other events as marks below. */
import type { Mark } from "../model/chapters";
import type { Theme } from "./theme";

const FLOOR = 8;
const LEAST_BAR = 2;
const TICK = 4;

/** Draws over the whole of `width` × `height`, CSS pixels; `until` events of `last` are in the past. */
export function drawTimeline(
  context: CanvasRenderingContext2D,
  marks: readonly Mark[],
  width: number,
  height: number,
  until: number,
  theme: Theme,
): void {
  context.clearRect(0, 0, width, height);
  const step = width / Math.max(1, marks.length);
  const thick = Math.max(1, Math.min(6, step * 0.7));
  const most = marks.reduce((max, { added }) => Math.max(max, added), 1);
  const floor = height - FLOOR;
  context.fillStyle = theme.edge;
  context.fillRect(0, floor, width, 1);
  marks.forEach((mark, i) => {
    const x = (i + 1) * step - thick / 2 - step / 2;
    context.globalAlpha = mark.first <= until ? 1 : 0.38;
    if (mark.added > 0) {
      // A growth of one state is seen beside one of thousands.
      const share = Math.log2(1 + mark.added) / Math.log2(1 + most);
      const bar = LEAST_BAR + share * (floor - LEAST_BAR - 2);
      context.fillStyle = theme.soft;
      context.fillRect(x, floor - bar, thick, bar);
    }
    if (mark.cuts > 0) {
      context.fillStyle = theme.accent;
      context.fillRect(x, floor + 2, thick, TICK);
    }
    if (mark.sets > 0) {
      context.fillStyle = theme.ended;
      context.beginPath();
      context.arc(x + thick / 2, floor + 4, Math.min(2.2, 0.8 + thick / 2), 0, 2 * Math.PI);
      context.fill();
    }
  });
  context.globalAlpha = 1;
}
