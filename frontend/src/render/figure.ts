/**
 * A figure of an instrument as an SVG element, by Observable Plot: axes, marks and a key in the
 * theme's own colours.
 */
import * as Plot from "@observablehq/plot";
import { columnOf, rowCount, type Figure, type Mark, type Table } from "../model/figure";
import type { Theme } from "./theme";

export interface FigureSize {
  readonly width: number;
  readonly height: number;
}

const FONT = "Inter, system-ui, sans-serif";
const MARGINS = { marginLeft: 52, marginRight: 18, marginTop: 22, marginBottom: 36 };
const FEWEST_TICKS = 2;
const TICK_PX = 70;
/** Of steps that are counted one by one. */
const HALF_BAR = 0.4;

export interface Drawn {
  readonly svg: SVGSVGElement;
  /** What a colour stands for, in the order of the marks. */
  readonly key: readonly { name: string; colour: string; kind: Mark["kind"] }[];
}

/** Draws a figure. onrow: told which row the pointer is nearest to along x; null when it leaves. */
export function drawFigure(
  figure: Figure,
  table: Table,
  theme: Theme,
  size: FigureSize,
  onrow: (row: number | null) => void,
): Drawn {
  const rows = Array.from({ length: rowCount(table) }, (_, row) => row);
  const x = channelOf(table, figure.x);
  const first = channelOf(table, figure.marks[0]!.y);
  const plot = Plot.plot({
    ...size,
    ...MARGINS,
    x: {
      label: figure.x_title,
      tickSize: 3,
      ticks: Math.max(FEWEST_TICKS, Math.floor(size.width / TICK_PX)),
    },
    y: { label: figure.y_title, tickSize: 3, ticks: Math.max(FEWEST_TICKS, Math.floor(size.height / 40)) },
    marks: [
      Plot.gridY({ stroke: theme.edge, strokeOpacity: 0.6 }),
      ...(figure.from_zero ? [Plot.ruleY([0], { stroke: theme.soft })] : []),
      ...figure.marks.map((mark) => drawn(mark, table, rows, x, toneOf(mark, theme))),
      Plot.ruleX(rows, Plot.pointerX({ x, stroke: theme.soft })),
      Plot.dot(rows, Plot.pointerX({ x, y: first, fill: theme.accent, r: 4 })),
    ],
  }) as SVGSVGElement & { value: number | null };
  // The page's policy admits no style sheet inside a picture: what it says is said by attributes.
  plot.querySelector("style")?.remove();
  for (const [name, value] of Object.entries({
    "font-family": FONT,
    "font-size": "11",
    fill: theme.soft,
    color: theme.soft,
    overflow: "visible",
    role: "img",
    "aria-label": figure.title,
  })) {
    plot.setAttribute(name, value);
  }
  plot.addEventListener("input", () => onrow(plot.value ?? null));
  return {
    svg: plot,
    key: figure.marks.map((mark) => ({ name: mark.name, colour: toneOf(mark, theme), kind: mark.kind })),
  };
}

type Channel = (row: number) => number | null;

function drawn(mark: Mark, table: Table, rows: readonly number[], x: Channel, colour: string): Plot.Markish {
  const y = channelOf(table, mark.y);
  switch (mark.kind) {
    case "line":
      return Plot.lineY(rows, { x, y, stroke: colour, strokeWidth: 1.75 });
    case "dots":
      return Plot.dot(rows, { x, y, fill: colour, r: 2.5 });
    case "bars":
      return Plot.rectY(rows, {
        x1: (row: number) => Number(x(row)) - HALF_BAR,
        x2: (row: number) => Number(x(row)) + HALF_BAR,
        y,
        fill: colour,
      });
    case "band":
      return Plot.areaY(rows, { x, y1: y, y2: channelOf(table, mark.y2 ?? mark.y), fill: colour, fillOpacity: 0.18 });
  }
}

/** The numbers of a column; null where one is not known. */
function channelOf(table: Table, name: string): Channel {
  const column = columnOf(table, name);
  if (column === undefined) throw new Error(`the table ${table.name} has no column ${name}`);
  return (row) => {
    const value = column.values[row];
    return typeof value === "number" ? value : null;
  };
}

const toneOf = ({ tone }: Mark, theme: Theme): string =>
  ({ main: theme.accent, other: theme.ended, soft: theme.soft })[tone];
