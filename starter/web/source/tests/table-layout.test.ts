import assert from "node:assert/strict";
import { test } from "node:test";
import { HEADINGS, moved } from "../src/table/moves";
import { across, filling, leftShowing, total, widthFor } from "../src/table/widths";
import { chance } from "./chance";

const BOUNDS = { rows: 1_000_000, columns: 8, screen: 16 };
const WIDTHS = [150, 200, 100, 300, 120, 80, 400, 160];
const measure = (text: string) => text.length * 8;

function press(key: string, more: Partial<Record<"ctrlKey" | "shiftKey" | "altKey" | "metaKey", boolean>> = {}) {
  return { key, ctrlKey: false, metaKey: false, altKey: false, shiftKey: false, ...more };
}

test("keys move the focus as the grid pattern says", () => {
  const from = { row: 500, column: 3 };
  const cases: [string, boolean, number, number][] = [
    ["ArrowDown", false, 501, 3],
    ["ArrowUp", false, 499, 3],
    ["ArrowLeft", false, 500, 2],
    ["ArrowRight", false, 500, 4],
    ["PageDown", false, 516, 3],
    ["PageUp", false, 484, 3],
    ["Home", false, 500, 0],
    ["End", false, 500, 7],
    ["Home", true, 0, 0],
    ["End", true, 999_999, 7],
    ["ArrowDown", true, 999_999, 3],
    ["ArrowUp", true, 0, 3],
  ];
  for (const [key, ctrlKey, row, column] of cases) {
    assert.deepEqual(moved(from, press(key, { ctrlKey }), BOUNDS), { row, column }, key);
  }
});

test("no key leaves the grid, and the headings are reached only by the arrow above the first row", () => {
  const next = chance(3);
  const keys = ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight", "PageDown", "PageUp", "Home", "End"];
  let spot = { row: 0, column: 0 };
  for (let round = 0; round < 3_000; round += 1) {
    const key = keys[Math.floor(next() * keys.length)] ?? "Home";
    const before = spot;
    spot = moved(spot, press(key, { ctrlKey: next() < 0.2 }), { ...BOUNDS, rows: 40 }) ?? spot;
    assert.ok(spot.row >= HEADINGS && spot.row < 40 && spot.column >= 0 && spot.column < 8);
    if (spot.row === HEADINGS && before.row !== HEADINGS) assert.deepEqual([before.row, key], [0, "ArrowUp"]);
  }
});

test("keys of others are left alone", () => {
  for (const pressed of [press("a"), press("ArrowDown", { altKey: true }), press("ArrowDown", { shiftKey: true }), press("Tab")]) {
    assert.equal(moved({ row: 0, column: 0 }, pressed, BOUNDS), undefined);
  }
});

test("a width fits the heading and most cells, within bounds", () => {
  const column = { name: "city", text: "City", kind: "text" } as const;
  const rows = [...Array.from({ length: 30 }, () => ["Rotterdam"]), ["Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch".repeat(9)]];
  const width = widthFor(column, 0, rows, measure);
  assert.ok(width >= measure("Rotterdam") && width < 200);
  assert.equal(widthFor(column, 0, rows.slice(-1), measure), 340);
  assert.ok(widthFor({ ...column, text: "A heading that is long" }, 0, rows, measure) >= measure("A heading that is long"));
});

test("columns fill the room to the pixel where it is not far too large, and are never made narrower for it", () => {
  const next = chance(4);
  for (let round = 0; round < 500; round += 1) {
    const widths = Array.from({ length: 1 + Math.floor(next() * 12) }, () => 64 + Math.floor(next() * 300));
    const room = Math.floor(next() * 2_400);
    const filled = filling(widths, room);
    assert.equal(total(filled), Math.max(Math.min(room, Math.floor(total(widths) * 1.8)), total(widths)));
    assert.ok(filled.every((width, index) => width >= (widths[index] ?? 0)));
  }
});

test("the first column, what is drawn and the gaps are as wide as all columns, and what is seen is drawn", () => {
  const next = chance(5);
  for (let round = 0; round < 1_000; round += 1) {
    const room = 300 + next() * 900;
    const left = next() * Math.max(0, total(WIDTHS) - room);
    const shows = across(WIDTHS, left, room, 50);
    const drawn = total(WIDTHS.slice(shows.first, shows.end));
    assert.equal((WIDTHS[0] ?? 0) + shows.before + drawn + shows.after, total(WIDTHS));
    assert.ok((WIDTHS[0] ?? 0) + shows.before <= Math.max(left, WIDTHS[0] ?? 0));
    assert.ok((WIDTHS[0] ?? 0) + shows.before + drawn >= Math.min(left + room, total(WIDTHS)));
  }
});

test("a table of one column draws no other", () => {
  assert.deepEqual(across([150], 0, 600, 50), { first: 1, end: 1, before: 0, after: 0 });
});

test("a column is brought into sight right of the first, which stays", () => {
  assert.equal(leftShowing(WIDTHS, 0, 700, 1), 0);
  assert.equal(leftShowing(WIDTHS, 900, 700, 1), 0);
  assert.equal(leftShowing(WIDTHS, 0, 700, 7), total(WIDTHS) - 700);
  assert.equal(leftShowing(WIDTHS, 300, 700, 0), 300);
});
