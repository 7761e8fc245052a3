/** How wide the columns are, in pixels, and which of them a sideways scroll shows. */

import { type Shown, shown } from "./cells";
import type { Column, Row } from "./pages";

export const NARROWEST = 64;
export const WIDEST = 1200;
const WIDEST_AT_FIRST = 340;
const PADDING = 26;
export const CHIP_PADDING = 20;
// For the arrow of the sorting and the menu's button.
const HEADING_EXTRA = 44;
const ROWS_LOOKED_AT = 60;
// Long ones among the cells do not widen the column for all.
const QUANTILE = 0.9;
const MOST_SPREAD = 1.8;

/** Columns `first` up to and without `end`, and the width of those before and after them. */
export interface Across {
  readonly first: number;
  readonly end: number;
  readonly before: number;
  readonly after: number;
}

/** How wide a text is in the cells' font, in pixels. */
export type Measure = (text: string) => number;

/** A width for a column, by its heading and its first cells. What is longer is cut, and a person may widen it. */
export function widthFor(column: Column, index: number, rows: readonly Row[], measure: Measure): number {
  const cells = rows
    .slice(0, ROWS_LOOKED_AT)
    .map((row) => roomFor(shown(row[index] ?? null, column, "utc"), measure))
    .sort((one, other) => one - other);
  const typical = cells[Math.floor((cells.length - 1) * QUANTILE)] ?? 0;
  const heading = measure(column.text) + HEADING_EXTRA;
  return Math.round(within(Math.max(typical, heading) + PADDING, NARROWEST, WIDEST_AT_FIRST));
}

function roomFor({ text, chips, mark }: Shown, measure: Measure): number {
  const around = chips ? chips.length * CHIP_PADDING : mark === "unknown" ? CHIP_PADDING : 0;
  return measure(text) + around;
}

/** The same widths, spread where they leave room: as much to each column as it has of the whole, within reason. */
export function filling(widths: readonly number[], room: number): number[] {
  const whole = total(widths);
  // A column of figures far away from the names that they belong to is hard to read.
  const wanted = Math.min(room, Math.floor(whole * MOST_SPREAD));
  if (whole >= wanted) return [...widths];
  const spread = widths.map((width) => Math.floor((width / whole) * wanted));
  const left = wanted - total(spread);
  return spread.map((width, index) => (index === spread.length - 1 ? width + left : width));
}

/** The columns after the first, which always stays, that are seen between `left` and `left + room`, and a bit more. */
export function across(widths: readonly number[], left: number, room: number, beyond: number): Across {
  let first = 1;
  let before = 0;
  let edge = widths[0] ?? 0;
  while (first < widths.length - 1 && edge + (widths[first] ?? 0) < left - beyond) {
    edge += widths[first] ?? 0;
    before += widths[first] ?? 0;
    first += 1;
  }
  let end = first;
  while (end < widths.length && edge < left + room + beyond) {
    edge += widths[end] ?? 0;
    end += 1;
  }
  return { first, end, before, after: total(widths) - edge };
}

/** The sideways scroll nearest to `left` at which a column is seen whole, right of the first. */
export function leftShowing(widths: readonly number[], left: number, room: number, column: number): number {
  if (column === 0) return left;
  const begin = total(widths.slice(0, column));
  const most = begin - (widths[0] ?? 0);
  const least = begin + (widths[column] ?? 0) - room;
  return Math.max(0, within(left, Math.min(least, most), most));
}

export function within(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

export function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0);
}

export function sameAcross(one: Across, other: Across): boolean {
  return one.first === other.first && one.end === other.end && one.before === other.before && one.after === other.after;
}

/** As a length of CSS. */
export function px(length: number): string {
  return `${length}px`;
}
