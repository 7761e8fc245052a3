import assert from "node:assert/strict";
import { test } from "node:test";
import { asLine, isAtRight, moment, shown } from "../src/table/cells";
import type { Column, Kind } from "../src/table/pages";

function column(name: string, kind: Kind): Column {
  return { name, text: name, kind };
}

test("no value, empty text and no members look different", () => {
  assert.deepEqual(shown(null, column("city", "text"), "utc"), { text: "—", whole: "", chips: null, mark: "none" });
  assert.equal(shown("  ", column("city", "text"), "utc").text, "(empty)");
  assert.equal(shown("—", column("city", "text"), "utc").mark, null);
  assert.equal(shown([], column("groups", "list"), "utc").text, "(none)");
});

test("zero and no are values", () => {
  assert.equal(shown(0, column("logins", "number"), "utc").text, "0");
  assert.equal(shown(false, column("is_admin", "boolean"), "utc").text, "no");
});

test("what could not be read is marked, a null beside it is not", () => {
  assert.equal(shown("factors: 403", column("unread", "text"), "utc").mark, "unknown");
  assert.equal(shown("unknown", column("fits", "text"), "utc").mark, "unknown");
  assert.equal(shown(null, column("unread", "text"), "utc").mark, "none");
  assert.equal(shown("The Unknown Pleasures", column("title", "text"), "utc").mark, null);
});

test("markup of a tenant stays the text that it is", () => {
  const text = "<img src=x onerror=alert(1)>";
  assert.equal(shown(text, column("name", "text"), "utc").text, text);
});

test("numbers have thousands, but not where they stand for a name", () => {
  assert.equal(shown(1234567.5, column("bytes", "number"), "utc").text, "1,234,567.5");
  assert.equal(shown(1234567.5, column("bytes", "number"), "utc").whole, "1234567.5");
  assert.equal(shown(20261120, column("badge_id", "number"), "utc").text, "20261120");
  assert.equal(shown("9007199254740993", column("bytes", "big-integer"), "utc").text, "9,007,199,254,740,993");
  assert.equal(isAtRight(column("badge_id", "number")), false);
  assert.equal(isAtRight(column("bytes", "number")), true);
});

test("a moment is told in the zone that was chosen, and text that is none stays", () => {
  assert.equal(moment("2026-11-20T14:03:09.123Z", "utc"), "2026-11-20 14:03:09Z");
  assert.match(moment("2026-11-20T14:03:09Z", "local"), /^2026-11-(20|21) \d\d:\d\d:09$/);
  assert.equal(moment("never", "utc"), "never");
  assert.equal(shown("2026-11-20T14:03:09Z", column("seen", "moment"), "utc").whole, "2026-11-20T14:03:09Z");
});

test("long text is cut in the cell and whole where it is copied", () => {
  const long = "x".repeat(5_000);
  const cell = shown(long, column("note", "text"), "utc");
  assert.ok(cell.text.length < 400);
  assert.equal(cell.whole, long);
});

test("a list is its members, and whole in the clipboard", () => {
  const cell = shown(["a", null, { id: 1 }], column("groups", "list"), "utc");
  assert.deepEqual(cell.chips, ["a", "null", '{"id":1}']);
  assert.equal(cell.whole, 'a, null, {"id":1}');
});

test("a copied row is one line of a spreadsheet, whatever its cells hold", () => {
  const cells = ["one\ttwo", "three\nfour", null, 5].map((cell) => shown(cell, column("c", "text"), "utc"));
  assert.equal(asLine(cells), "one two\tthree four\t\t5");
});
