import assert from "node:assert/strict";
import { test } from "node:test";
import { ago, bytes, counted, duration, roughMinutes } from "../src/words";

test("durations are told in the unit that fits", () => {
  const told = [0, 0.48, 3.24, 12.4, 59.6, 245, 7_860].map(duration);
  assert.deepEqual(told, ["0 ms", "480 ms", "3.2 s", "12 s", "1 min 00 s", "4 min 05 s", "2 h 11 min"]);
});

test("one is one and two are many", () => {
  assert.deepEqual([counted(1, "row"), counted(2, "row"), counted(0, "row")], ["1 row", "2 rows", "0 rows"]);
  assert.equal(roughMinutes(0.3), "less than a minute");
  assert.equal(roughMinutes(9), "about 9 minutes");
  assert.equal(bytes(20_400), "20 KB");
});

test("a time is as far away as the gateway's clock says", () => {
  const now = Date.UTC(2026, 10, 21, 12);
  assert.equal(ago("2026-11-21T11:59:50Z", now), "just now");
  assert.equal(ago("2026-11-21T11:57:00Z", now), "3 minutes ago");
  assert.equal(ago("2026-11-20T12:00:00Z", now), "yesterday");
});
