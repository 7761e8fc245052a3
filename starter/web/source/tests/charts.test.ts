import assert from "node:assert/strict";
import { test } from "node:test";
import { compile } from "vega-lite";
import { type Chart, chartOf, inWords } from "../src/charts/detect";
import { specOf } from "../src/charts/spec";
import type { Column, Page, Row } from "../src/table/pages";

const CITY: Column = { name: "city", text: "City", kind: "text" };
const USERS: Column = { name: "users", text: "Users", kind: "integer" };
const DAY: Column = { name: "day", text: "Day", kind: "day" };
const PALETTE = { mark: "#0b6257", ink: "#111", soft: "#555", line: "#ddd", ground: "#fff", font: "sans-serif" };

function page(columns: Column[], rows: Row[], matching = rows.length): Page {
  return { columns, rows, total: matching, matching, offset: 0 };
}

function chart(columns: Column[], rows: Row[]): Chart {
  const found = chartOf(page(columns, rows));
  assert.ok(found);
  return found;
}

test("categories with a number are bars, in the order of the rows", () => {
  const found = chart([CITY, USERS], [["Oslo", 3], ["Bern", 9]]);
  assert.equal(found.kind, "bar");
  assert.deepEqual(found.points, [{ group: "Oslo", figure: 3 }, { group: "Bern", figure: 9 }]);
});

test("days and moments with a number are a line, whichever column comes first", () => {
  const found = chart([USERS, DAY], [[3, "2026-11-19"], [9, "2026-11-20"]]);
  assert.deepEqual([found.kind, found.group.name], ["line", "day"]);
});

test("days and months that a grouping wrote as text are a line, text that only begins so is not", () => {
  for (const days of [["2026-11-19", "2026-11-20"], ["2026-10", "2026-11"], [null, "2026-11", "2026-12"]]) {
    const found = chart([CITY, USERS], days.map((day, at) => [day, at]));
    assert.deepEqual([found.kind, found.isCalendar], ["line", true]);
  }
  assert.equal(chart([CITY, USERS], [["2026-11-19", 1], ["2026-11-19 late", 2]]).kind, "bar");
});

test("what is no grouping gets no chart", () => {
  const rows: Row[] = [["Oslo", 3], ["Bern", 9]];
  const more: Column = { name: "land", text: "Land", kind: "text" };
  assert.equal(chartOf(page([CITY], [["Oslo"], ["Bern"]])), undefined, "one column");
  assert.equal(chartOf(page([CITY, USERS, more], [["Oslo", 3, "NO"], ["Bern", 9, "CH"]])), undefined, "three columns");
  assert.equal(chartOf(page([CITY, more], [["Oslo", "NO"], ["Bern", "CH"]])), undefined, "no number");
  assert.equal(chartOf(page([USERS, { ...USERS, name: "more" }], [[1, 2], [3, 4]])), undefined, "two numbers");
  assert.equal(chartOf(page([CITY, USERS], [["Oslo", 3]])), undefined, "one bar");
  assert.equal(chartOf(page([CITY, USERS], [["Oslo", 3], ["Oslo", 9]])), undefined, "a group twice");
  assert.equal(chartOf(page([CITY, USERS], rows, 5_000)), undefined, "rows that are not here");
  assert.equal(chartOf(page([CITY, USERS], Array.from({ length: 61 }, (_, at) => [`c${at}`, at]))), undefined, "too many bars");
});

test("a group without a value is named, a figure that is not known is left out and counted, never zero", () => {
  const found = chart([CITY, USERS], [[null, 3], ["Bern", null], ["Oslo", 0]]);
  assert.deepEqual(found.points, [{ group: "(no value)", figure: 3 }, { group: "Oslo", figure: 0 }]);
  assert.equal(found.left, 1);
});

test("the sentence names the highest and the lowest", () => {
  const words = inWords(chart([CITY, USERS], [["Oslo", 3], ["Bern", 9], ["Rom", 5]]));
  assert.match(words, /^Bar chart of Users by City, 3 values. Highest: Bern, 9. Lowest: Oslo, 3./);
});

test("every chart compiles without a warning, also with names that mean something to Vega", () => {
  const warned: string[] = [];
  const logger = { level: () => logger, error: note, warn: note, info: () => logger, debug: () => logger } as never;
  function note(...words: readonly unknown[]) {
    warned.push(words.join(" "));
    return logger;
  }
  const odd: Column = { name: "a.b['c']", text: "datum.x <script>", kind: "text" };
  const bars = chart([odd, USERS], [["${x}", 3], ["</svg>", 9]]);
  const line = chart([DAY, USERS], [["2026-11-19", 3], ["2026-11-20", 9]]);
  for (const each of [bars, line]) compile(specOf(each, PALETTE, 600), { logger });
  assert.deepEqual(warned, []);
});
