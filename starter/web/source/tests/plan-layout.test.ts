import assert from "node:assert/strict";
import { test } from "node:test";
import { STEP_HEIGHT, STEP_WIDTH, laidOut, neighbour } from "../src/question/plan-layout";
import { step } from "./question-events";

const STEPS = [step("a"), step("b"), step("c", ["a", "b"]), step("d", ["c"]), step("e", ["c"]), step("f", ["a", "e"])];

for (const down of [false, true]) {
  test(`no step lies on another, and each behind what it needs (${down ? "downwards" : "to the right"})`, () => {
    const { steps, edges, width, height } = laidOut(STEPS, down);
    assert.equal(edges.length, 6);
    const place = new Map(steps.map((each) => [each.id, each]));
    for (const one of steps) {
      assert.ok(one.x >= 0 && one.y >= 0 && one.x + STEP_WIDTH <= width && one.y + STEP_HEIGHT <= height);
      for (const other of steps) {
        if (one === other) continue;
        const apart = Math.abs(one.x - other.x) >= STEP_WIDTH || Math.abs(one.y - other.y) >= STEP_HEIGHT;
        assert.ok(apart, `${one.id} and ${other.id}`);
      }
    }
    for (const each of STEPS) {
      for (const before of each.depends_on) {
        const [from, to] = [place.get(before), place.get(each.id)];
        assert.ok(from && to && (down ? from.y < to.y : from.x < to.x));
      }
    }
  });
}

test("arrow keys go to what lies in their direction, and nowhere beyond the edge", () => {
  const { steps } = laidOut(STEPS, false);
  assert.equal(neighbour(steps, "d", "left"), "c");
  assert.equal(neighbour(steps, "a", "left"), null);
  assert.ok(["d", "e"].includes(neighbour(steps, "c", "right") ?? ""));
  for (const { id } of steps) {
    for (const direction of ["left", "right", "up", "down"] as const) assert.notEqual(neighbour(steps, id, direction), id);
  }
});
