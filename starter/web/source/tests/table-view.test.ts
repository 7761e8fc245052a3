import assert from "node:assert/strict";
import { test } from "node:test";
import { exportPath, isHeld, nameIn } from "../src/table/exporting";
import { AS_IT_CAME, filtered, inWords, isWhole, parametersOf, placeInWords, sortToggled, testsFor } from "../src/table/view";

test("a heading sorts upwards, then downwards, then as it came", () => {
  const up = sortToggled(AS_IT_CAME, "city", false);
  const down = sortToggled(up, "city", false);
  assert.deepEqual(up.sort, [{ column: "city", isDescending: false }]);
  assert.deepEqual(down.sort, [{ column: "city", isDescending: true }]);
  assert.deepEqual(sortToggled(down, "city", false).sort, []);
});

test("with shift a column joins the others and keeps its rank when it turns", () => {
  const both = sortToggled(sortToggled(AS_IT_CAME, "city", false), "name", true);
  assert.deepEqual(both.sort.map(({ column }) => column), ["city", "name"]);
  const turned = sortToggled(both, "city", true);
  assert.deepEqual(turned.sort, [
    { column: "city", isDescending: true },
    { column: "name", isDescending: false },
  ]);
  assert.deepEqual(sortToggled(turned, "city", true).sort.map(({ column }) => column), ["name"]);
  assert.deepEqual(sortToggled(turned, "name", false).sort, [{ column: "name", isDescending: true }]);
});

test("a column has one filter", () => {
  const once = filtered(AS_IT_CAME, "city", { column: "city", test: "contains", value: "a" });
  const twice = filtered(once, "city", { column: "city", test: "is-null", value: "" });
  assert.deepEqual(twice.filters, [{ column: "city", test: "is-null", value: "" }]);
  assert.ok(!isWhole(twice));
  assert.ok(isWhole(filtered(twice, "city", undefined)));
});

test("a filter is told in the words of its heading", () => {
  const columns = [{ name: "city", text: "City of work", kind: "text" } as const];
  assert.equal(inWords({ column: "city", test: "ne", value: "Oslo" }, columns), "City of work is not “Oslo”");
  assert.equal(inWords({ column: "city", test: "is-null", value: "" }, columns), "City of work has no value");
});

test("only tests that fit the cells are offered", () => {
  assert.ok(!testsFor({ name: "n", text: "n", kind: "number" }).includes("contains"));
  assert.ok(!testsFor({ name: "n", text: "n", kind: "text" }).includes("ge"));
});

test("a view is what the gateway's parameters say", () => {
  const view = {
    sort: [{ column: "last,first", isDescending: true }, { column: "city", isDescending: false }],
    filters: [{ column: "a:b", test: "eq", value: "x:y" } as const, { column: "city", test: "not-null", value: "" } as const],
    search: "",
  };
  const parameters = parametersOf(view, "s1");
  assert.deepEqual(parameters.getAll("sort"), ["-last,first", "city"]);
  assert.deepEqual(parameters.getAll("filter"), ["a:b:eq:x:y", "city:not-null"]);
  assert.deepEqual([parameters.get("step"), parameters.get("search")], ["s1", null]);
});

test("text of a person is a parameter and cannot become another", () => {
  const view = { ...AS_IT_CAME, search: " a&limit=9#x " };
  assert.equal(parametersOf(view, undefined).toString(), "search=a%26limit%3D9%23x");
  assert.equal(exportPath({ questionId: "q/../x", step: "s 1", view: AS_IT_CAME, format: "csv" }), "/api/questions/q%2F..%2Fx/export?step=s+1&format=csv");
});

test("the page holds no file of a million rows, but hears why a workbook is refused", () => {
  assert.equal(isHeld({ format: "csv", rows: 1_000_000 }), false);
  assert.equal(isHeld({ format: "csv", rows: 20_000 }), true);
  assert.equal(isHeld({ format: "xlsx", rows: 2_000_000 }), true);
});

test("a file is called as the gateway calls it", () => {
  assert.equal(nameIn('attachment; filename="who-can.csv"'), "who-can.csv");
  assert.equal(nameIn("attachment; filename*=UTF-8''wer%20darf.csv"), "wer darf.csv");
  assert.equal(nameIn(null), undefined);
});

test("the place in the rows is told as people count", () => {
  assert.equal(placeInWords(0, 17, 17), "Rows 1–17 of 17");
  assert.equal(placeInWords(0, 0, 0), "No rows");
});
