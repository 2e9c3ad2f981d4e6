/** Rows of cells with their alternatives beside them: the picture of a noisy automaton. */
import type { Alternative } from "../model/multiway/spacetime";
import { runsOf } from "../model/cells";
import { snap, type Brush } from "./brush";
import type { Grid } from "./spacetime";

/** Between the columns of alternatives, CSS pixels. */
export const BRANCH_GAP = 22;

/** Where the column of the i-th alternatives begins, CSS pixels. */
export const branchLeft = ({ width }: Grid, i: number): number => (i + 1) * (width + BRANCH_GAP);

/** The alternatives of each row, fainter the less probable, tied to the row that they follow. */
export function drawAlternatives(
  brush: Brush,
  alternatives: readonly (readonly Alternative[])[],
  grid: Grid,
): void {
  const { context, theme } = brush;
  alternatives.forEach((ones, index) => {
    const y = snap(brush, index * grid.cell);
    const height = snap(brush, (index + 1) * grid.cell) - y;
    ones.forEach(({ row, p }, i) => {
      const left = branchLeft(grid, i);
      const weight = Number.isNaN(p) ? 0.2 : Math.sqrt(p);
      context.globalAlpha = brush.alpha * (0.25 + 0.75 * weight);
      if (i === 0) tie(brush, grid, y, left);
      context.fillStyle = theme.neutral;
      context.fillRect(left, y, grid.width, height);
      context.fillStyle = theme.ink;
      for (const [first, end] of runsOf(row)) {
        const x = snap(brush, left + first * grid.cell);
        context.fillRect(x, y, snap(brush, left + end * grid.cell) - x, height);
      }
    });
  });
  context.globalAlpha = brush.alpha;
}

/** From the end of the row before to an alternative. */
function tie({ context, theme }: Brush, grid: Grid, y: number, left: number): void {
  context.beginPath();
  context.moveTo(grid.width + 1, y - grid.cell / 2);
  context.lineTo(left - BRANCH_GAP / 2, y - grid.cell / 2);
  context.lineTo(left - 2, y + grid.cell / 2);
  context.lineWidth = 1;
  context.strokeStyle = theme.soft;
  context.stroke();
}
