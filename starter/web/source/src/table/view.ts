/** What a person made of the table: how it is sorted, filtered and searched. The gateway does it, over all rows. */

import { count } from "../words";
import type { Column, Kind } from "./pages";

export interface SortKey {
  readonly column: string;
  readonly isDescending: boolean;
}

/** The operators of the gateway's filters. */
export type Test = "contains" | "starts" | "eq" | "ne" | "ge" | "le" | "is-null" | "not-null";

const WORDS: Record<Test, string> = {
  contains: "contains",
  starts: "starts with",
  eq: "is",
  ne: "is not",
  ge: "is at least",
  le: "is at most",
  "is-null": "has no value",
  "not-null": "has a value",
};
// Of days and moments nobody says "at least".
const WORDS_OF_TIMES: Partial<Record<Test, string>> = { contains: "is in", ge: "is at or after", le: "is at or before" };

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

const TESTS: Record<Kind, readonly Test[]> = {
  text: ["contains", "starts", "eq", "ne", "is-null", "not-null"],
  boolean: ["eq", "is-null", "not-null"],
  integer: ["eq", "ne", "ge", "le", "is-null", "not-null"],
  "big-integer": ["eq", "ne", "ge", "le", "is-null", "not-null"],
  number: ["eq", "ne", "ge", "le", "is-null", "not-null"],
  day: ["eq", "ne", "ge", "le", "is-null", "not-null"],
  // Nobody knows a moment to the microsecond; what contains `2026-11` is in that month.
  moment: ["ge", "le", "contains", "is-null", "not-null"],
  list: ["contains", "is-null", "not-null"],
  nested: ["contains", "is-null", "not-null"],
};

/** The tests that make sense for the cells of a column. */
export function testsFor({ kind }: Column): readonly Test[] {
  return TESTS[kind];
}

export function testInWords(test: Test, kind: Kind): string {
  const isTime = kind === "day" || kind === "moment";
  return (isTime ? WORDS_OF_TIMES[test] : undefined) ?? WORDS[test];
}

export function needsValue(test: Test): boolean {
  return test !== "is-null" && test !== "not-null";
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
  for (const { column, test, value } of view.filters) {
    parameters.append("filter", needsValue(test) ? `${column}:${test}:${value}` : `${column}:${test}`);
  }
  if (view.search.trim() !== "") parameters.set("search", view.search.trim());
  return parameters;
}

/** A filter in words, for its chip. */
export function inWords(filter: Filter, columns: readonly Column[]): string {
  const column = columns.find(({ name }) => name === filter.column);
  const value = needsValue(filter.test) ? ` “${filter.value}”` : "";
  return `${column?.text ?? filter.column} ${testInWords(filter.test, column?.kind ?? "text")}${value}`;
}

/** Where in the rows the table is: `Rows 401–428 of 12,345`. */
export function placeInWords(first: number, end: number, matching: number): string {
  if (matching === 0) return "No rows";
  return `Rows ${count(first + 1)}–${count(end)} of ${count(matching)}`;
}
