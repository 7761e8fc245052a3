/** Whether rows are a grouping that a chart tells at a glance, and which chart. */

import type { Column, Page, Row } from "../table/pages";

export interface Chart {
  readonly kind: "bar" | "line";
  /** Of a line: whether its groups are whole days or months, which are the same everywhere. */
  readonly isCalendar: boolean;
  /** What is grouped by, and what was counted or added up. */
  readonly group: Column;
  readonly figure: Column;
  readonly points: readonly Point[];
  /** Rows that have no figure: a chart would show them as zero, so they are named instead. */
  readonly left: number;
}

export interface Point {
  readonly group: string;
  readonly figure: number;
}

// More bars than these are a table again.
const MOST_BARS = 60;
const FEWEST = 2;
const NO_GROUP = "(no value)";
// Days and months that were made by grouping are text.
const CALENDAR = /^\d{4}-\d{2}(-\d{2})?$/;

/**
 * The chart of these rows; undefined where they are none: it takes one column of text, days or moments, one of numbers
 * and no other, each group once, and few enough rows to be all here.
 */
export function chartOf(page: Page): Chart | undefined {
  const [one, other, ...more] = page.columns.map((column, place) => ({ column, place }));
  if (one === undefined || other === undefined || more.length > 0) return undefined;
  if (page.matching !== page.rows.length || page.matching < FEWEST) return undefined;
  const [group, figure] = isFigure(one.column) ? [other, one] : [one, other];
  const isCalendar = group.column.kind === "day" || isCalendarText(group.column, page.rows, group.place);
  const kind = isCalendar || group.column.kind === "moment" ? "line" : "bar";
  if (!isFigure(figure.column) || !isGroup(group.column)) return undefined;
  if (kind === "bar" && page.matching > MOST_BARS) return undefined;
  const points = pointsOf(page.rows, group.place, figure.place, kind);
  const isEachOnce = new Set(points.map((point) => point.group)).size === points.length;
  if (points.length < FEWEST || !isEachOnce) return undefined;
  return { kind, isCalendar, group: group.column, figure: figure.column, points, left: page.rows.length - points.length };
}

/** The chart in a sentence, for whoever does not see it. */
export function inWords({ kind, group, figure, points }: Chart): string {
  const sorted = [...points].sort((one, other) => other.figure - one.figure);
  const most = sorted[0];
  const least = sorted.at(-1);
  const name = kind === "bar" ? "Bar chart" : "Line chart";
  const ends = most && least ? ` Highest: ${most.group}, ${most.figure}. Lowest: ${least.group}, ${least.figure}.` : "";
  return `${name} of ${figure.text} by ${group.text}, ${points.length} values.${ends} The table has them all.`;
}

function pointsOf(rows: readonly Row[], group: number, figure: number, kind: Chart["kind"]): Point[] {
  return rows.flatMap((row) => {
    const value = row[figure];
    const name = row[group];
    if (typeof value !== "number") return [];
    // A moment that is not known has no place on a line.
    if (name === null && kind === "line") return [];
    return [{ group: name === null || name === "" ? NO_GROUP : String(name), figure: value }];
  });
}

function isCalendarText({ kind }: Column, rows: readonly Row[], place: number): boolean {
  return kind === "text" && rows.every((row) => row[place] === null || CALENDAR.test(String(row[place])));
}

function isFigure({ kind }: Column): boolean {
  return kind === "integer" || kind === "number";
}

function isGroup({ kind }: Column): boolean {
  return kind === "text" || kind === "boolean" || kind === "day" || kind === "moment";
}
