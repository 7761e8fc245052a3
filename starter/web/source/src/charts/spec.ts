/** A chart as Vega-Lite draws it, in the page's own colours. */

import type { TopLevelSpec } from "vega-lite";
import type { Chart } from "./detect";

/** Colours and font as the page shows them now. */
export interface Palette {
  readonly mark: string;
  readonly ink: string;
  readonly soft: string;
  readonly line: string;
  readonly ground: string;
  readonly font: string;
}

const BAR_STEP = 26;
const LINE_HEIGHT = 280;
// Dots on a line help only while one can tell them apart.
const MOST_DOTS = 80;
const TICKS = 6;
const LONGEST_LABEL = 190;

export function specOf(chart: Chart, palette: Palette, width: number): TopLevelSpec {
  const isBar = chart.kind === "bar";
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width,
    height: isBar ? chart.points.length * BAR_STEP : LINE_HEIGHT,
    autosize: { type: "fit-x", contains: "padding" },
    background: palette.ground,
    padding: 8,
    data: { values: chart.points.map((point) => ({ ...point })) },
    mark: isBar
      ? { type: "bar", cornerRadiusEnd: 3, height: { band: 0.68 } }
      : { type: "line", strokeWidth: 2, point: chart.points.length <= MOST_DOTS },
    encoding: isBar ? barsOf(chart) : lineOf(chart),
    config: configOf(palette),
  };
}

function barsOf({ group, figure }: Chart) {
  return {
    y: { field: "group", type: "nominal" as const, sort: null, title: null, axis: { labelLimit: LONGEST_LABEL } },
    x: { field: "figure", type: "quantitative" as const, title: figure.text, axis: { tickMinStep: 1, tickCount: TICKS } },
    tooltip: tooltipOf(group.text, figure.text, "nominal"),
  };
}

function lineOf({ group, figure, isCalendar }: Chart) {
  const scale = isCalendar ? ("utc" as const) : ("time" as const);
  return {
    // A day is the same day everywhere; a moment is shown as the table does.
    x: { field: "group", type: "temporal" as const, title: null, scale: { type: scale }, axis: { grid: false } },
    y: { field: "figure", type: "quantitative" as const, title: figure.text, axis: { tickMinStep: 1, tickCount: TICKS } },
    tooltip: tooltipOf(group.text, figure.text, "temporal"),
  };
}

function tooltipOf(group: string, figure: string, type: "nominal" | "temporal") {
  const figures = { field: "figure", type: "quantitative" as const, title: figure, format: "," };
  return [{ field: "group", type, title: group }, figures];
}

function configOf({ mark, ink, soft, line, font }: Palette) {
  return {
    font,
    aria: false,
    mark: { color: mark, aria: false },
    view: { stroke: null },
    axis: {
      labelColor: ink,
      titleColor: soft,
      gridColor: line,
      domainColor: line,
      tickColor: line,
      labelFontSize: 12,
      titleFontSize: 12,
      titleFontWeight: 500,
      labelPadding: 6,
    },
    axisY: { ticks: false, domain: false },
    axisBand: { grid: false },
  } as const;
}
