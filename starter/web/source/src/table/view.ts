/** What a person made of the table: how it is sorted, filtered and searched. The gateway does it, over all rows. */

import { count } from "../words";
import type { Column } from "./pages";

export interface SortKey {
  readonly column: string;
  readonly isDescending: boolean;
}

export const TESTS = {
  contains: "contains",
  eq: "is",
  ne: "is not",
  ge: "at least",
  le: "at most",
  empty: "is empty",
  present: "is not empty",
} as const;
export type Test = keyof typeof TESTS;

export interface Filter {
  readonly column: string;
  readonly test: Test;
  /** Empty where the test needs none. */
  readonly value: string;
}

export interface View {
  readonly sort: readonly SortKey[];
  readonly filters: readonly Filter[];
  readonly search: string;
}

export const AS_IT_CAME: View = { sort: [], filters: [], search: "" };

/** The tests that make sense for the cells of a column. */
export function testsFor(column: Column): readonly Test[] {
  if (column.kind === "number" || column.kind === "time" || column.kind === "day") {
    return ["eq", "ne", "ge", "le", "empty", "present"];
  }
  if (column.kind === "boolean") return ["eq", "empty", "present"];
  if (column.kind === "list" || column.kind === "record") return ["contains", "empty", "present"];
  return ["contains", "eq", "ne", "empty", "present"];
}

export function needsValue(test: Test): boolean {
  return test !== "empty" && test !== "present";
}

/** Up, then down, then as it came; `isMore` keeps the other columns that are sorted by. */
export function sortToggled(view: View, column: string, isMore: boolean): View {
  const now = view.sort.find((key) => key.column === column);
  const others = isMore ? view.sort.filter((key) => key.column !== column) : [];
  if (now === undefined) return { ...view, sort: [...others, { column, isDescending: false }] };
  if (now.isDescending) return { ...view, sort: others };
  const turned = { column, isDescending: true };
  const kept = isMore ? view.sort.map((key) => (key.column === column ? turned : key)) : [turned];
  return { ...view, sort: kept };
}

/** One filter a column: a new one takes the place of the old, undefined takes it away. */
export function filtered(view: View, column: string, filter: Filter | undefined): View {
  const others = view.filters.filter((each) => each.column !== column);
  return { ...view, filters: filter === undefined ? others : [...others, filter] };
}

/** Whether every row is shown. */
export function isWhole(view: View): boolean {
  return view.filters.length === 0 && view.search.trim() === "";
}

/** The parameters of the gateway's routes for rows and exports. */
export function parametersOf(view: View, step: string | undefined): URLSearchParams {
  const parameters = new URLSearchParams();
  if (step !== undefined) parameters.set("step", step);
  for (const { column, isDescending } of view.sort) parameters.append("sort", `${isDescending ? "-" : ""}${column}`);
  for (const filter of view.filters) {
    parameters.append("filter", JSON.stringify({ column: filter.column, test: filter.test, value: filter.value }));
  }
  if (view.search.trim() !== "") parameters.set("search", view.search.trim());
  return parameters;
}

/** A filter in words, for its chip. */
export function inWords(filter: Filter, columns: readonly Column[]): string {
  const heading = columns.find(({ name }) => name === filter.column)?.text ?? filter.column;
  const value = needsValue(filter.test) ? ` “${filter.value}”` : "";
  return `${heading} ${TESTS[filter.test]}${value}`;
}

/** Where in the rows the table is: `Rows 401–428 of 12,345`. */
export function placeInWords(first: number, end: number, matching: number): string {
  if (matching === 0) return "No rows";
  return `Rows ${count(first + 1)}–${count(end)} of ${count(matching)}`;
}
