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

/** Of many series, told apart also by who does not see all colours (Okabe and Ito). */
const SERIES = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442"];
const FONT = "Inter, system-ui, sans-serif";
const MARGINS = { marginLeft: 52, marginRight: 18, marginTop: 22, marginBottom: 36 };
const FEWEST_TICKS = 2;
const TICK_PX = 70;

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
  onrow?: (row: number | null) => void,
): Drawn {
  const rows = Array.from({ length: rowCount(table) }, (_, row) => row);
  const x = valuesOf(table, figure.x);
  const isOrdinal = x.some((value) => typeof value === "string");
  const key: { name: string; colour: string; kind: Mark["kind"] }[] = [];
  const marks: Plot.Markish[] = [
    Plot.gridY({ stroke: theme.edge, strokeOpacity: 0.6 }),
    ...(figure.from_zero ? [Plot.ruleY([0], { stroke: theme.soft })] : []),
  ];
  for (const mark of figure.marks) {
    const series = mark.by === null ? null : seriesOf(table, mark.by);
    const colourOf = (row: number): string =>
      series === null ? toneOf(mark, theme) : series.colours.get(series.values[row]!)!;
    marks.push(...drawn(mark, table, rows, x, isOrdinal, colourOf, series?.values ?? null));
    if (series === null) key.push({ name: mark.name, colour: toneOf(mark, theme), kind: mark.kind });
    else for (const [name, colour] of series.colours) key.push({ name, colour, kind: mark.kind });
  }
  const first = figure.marks[0];
  if (onrow && first) {
    marks.push(
      Plot.ruleX(rows, Plot.pointerX({ x: (row: number) => x[row], stroke: theme.soft })),
      Plot.dot(
        rows,
        Plot.pointerX({
          x: (row: number) => x[row],
          y: (row: number) => valuesOf(table, first.y)[row],
          fill: theme.accent,
          r: 4,
        }),
      ),
    );
  }
  const plot = Plot.plot({
    ...size,
    ...MARGINS,
    x: {
      label: figure.x_title,
      tickSize: 3,
      ...(isOrdinal ? {} : { ticks: Math.max(FEWEST_TICKS, Math.floor(size.width / TICK_PX)) }),
    },
    y: { label: figure.y_title, tickSize: 3, ticks: Math.max(FEWEST_TICKS, Math.floor(size.height / 40)) },
    color: { type: "identity" },
    marks,
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
  for (const text of plot.querySelectorAll("text")) text.setAttribute("white-space", "pre");
  if (onrow) plot.addEventListener("input", () => onrow(plot.value ?? null));
  return { svg: plot, key };
}

function drawn(
  mark: Mark,
  table: Table,
  rows: readonly number[],
  xs: readonly (number | string | null)[],
  isOrdinal: boolean,
  colour: (row: number) => string,
  series: readonly string[] | null,
): Plot.Markish[] {
  const ys = valuesOf(table, mark.y);
  const others = mark.y2 === null ? null : valuesOf(table, mark.y2);
  const x = (row: number) => xs[row];
  const y = (row: number) => ys[row];
  const y2 = (row: number) => others?.[row];
  const z = series === null ? null : (row: number) => series[row];
  switch (mark.kind) {
    case "line":
      return [Plot.lineY(rows, { x, y, z, stroke: colour, strokeWidth: 1.75 })];
    case "steps":
      return [Plot.lineY(rows, { x, y, z, stroke: colour, strokeWidth: 1.75, curve: "step-after" })];
    case "dots":
      return [Plot.dot(rows, { x, y, fill: colour, r: 2.5 })];
    case "bars":
      return isOrdinal
        ? [Plot.barY(rows, { x, y, fill: colour })]
        : [Plot.rectY(rows, { x1: (row: number) => Number(xs[row]) - 0.4, x2: (row: number) => Number(xs[row]) + 0.4, y, fill: colour })];
    case "band":
      return [Plot.areaY(rows, { x, y1: y, y2, z, fill: colour, fillOpacity: 0.18 })];
    case "areas":
      return [Plot.areaY(rows, Plot.stackY({ x, y, z, fill: colour, fillOpacity: 0.85 }))];
    case "interval":
      return [Plot.ruleX(rows, { x, y1: y, y2, stroke: colour, strokeWidth: 1.25, marker: "tick" })];
    case "level": {
      const level = ys.find((value) => typeof value === "number");
      return level === undefined ? [] : [Plot.ruleY([level], { stroke: colour(0), strokeDasharray: "4 3" })];
    }
  }
}

function valuesOf(table: Table, name: string): readonly (number | string | null)[] {
  const column = columnOf(table, name);
  if (column === undefined) throw new Error(`the table ${table.name} has no column ${name}`);
  return column.values;
}

function seriesOf(table: Table, name: string): { values: string[]; colours: Map<string, string> } {
  const values = valuesOf(table, name).map(String);
  const names = [...new Set(values)];
  return { values, colours: new Map(names.map((each, i) => [each, SERIES[i % SERIES.length]!])) };
}

function toneOf(mark: Mark, theme: Theme): string {
  const tones = { main: theme.accent, other: theme.ended, soft: theme.soft, warning: "#d55e00" };
  return tones[mark.tone];
}

