import assert from "node:assert/strict";
import { test } from "node:test";
import { type SyncProgress, familyName, freshness, readShare, rowsRead } from "../src/syncs/progress";

const NOW = Date.parse("2026-11-20T12:00:00Z");

function progress(more: Partial<SyncProgress>): SyncProgress {
  return { sync_id: "s", state: "RUNNING", phase: "reading", finished: [], running: [], waiting: [], ...more };
}

test("an older snapshot is told more loudly", () => {
  const ages = ["2026-11-20T11:00:00Z", "2026-11-18T11:00:00Z", "2026-11-01T11:00:00Z"];
  const told = ages.map((age) => freshness(age, NOW));
  assert.deepEqual(told.map(({ tone }) => tone), ["good", "plain", "warning"]);
  assert.match(told[1]?.words ?? "", /2 days old/);
  assert.equal(freshness(null, NOW).tone, "warning");
});

test("the share that is read goes from none to all and counts families alike", () => {
  const finished = [{ family: "users", rows: 10, pages: 1, unknown: 0, carried_over: 0, seconds: 1 }];
  const running = [{ family: "group_members", rows: 5, pages: 1, parents_done: 3, parents: 6, trouble: "" }];
  assert.equal(readShare(progress({ phase: "starting" })), 0);
  assert.equal(readShare(progress({})), 0);
  assert.equal(readShare(progress({ finished, running, waiting: ["factors", "zones"] })), 1.5 / 4);
  assert.equal(readShare(progress({ phase: "building", finished })), 1);
  assert.equal(rowsRead(progress({ finished, running })), 15);
});

test("nobody knows how long a plain list is, so it counts when it is whole", () => {
  const running = [{ family: "users", rows: 5_000, pages: 25, parents_done: 0, parents: 1, trouble: "" }];
  assert.equal(readShare(progress({ running })), 0);
});

test("families are called as people write them", () => {
  assert.equal(familyName("role_assignees"), "role assignees");
});
