import assert from "node:assert/strict";
import { test } from "node:test";
import type { Placed } from "../src/api/event-types";
import { NOTHING_KNOWN, type QuestionView, after } from "../src/question/state";
import { GENERATED, answer, plan, step, stream } from "./question-events";

const PLAN = plan(step("people"), step("apps", ["people"], "api"), step("sum", ["apps"], "sql"));
const END = { type: "STEP-END", generated: GENERATED };
const WANTED = { calls_made: 30, calls_to_come: 4_870, minutes: 9, reason: "many" };
const WHOLE = stream(
  { type: "STATE", state: "QUEUED" },
  { type: "STATE", state: "RUNNING" },
  { type: "PLAN-GENERATED", plan: PLAN },
  { type: "STEP-START", step_id: "people" },
  { ...END, step_id: "people", row_count: 12 },
  { type: "STEP-START", step_id: "apps" },
  { type: "STEP-PROGRESS", step_id: "apps", calls: 12, estimated_calls: 40, waited_seconds: 0, done: null, total: null, waiting_until: null },
  { type: "STATE", state: "BLOCKED" },
  { type: "REVIEW-REQUESTED", step_id: "apps", reason: "many calls", calls_wanted: WANTED },
  { type: "STATE", state: "PAUSED" },
  { type: "STATE", state: "RUNNING" },
  { type: "STATE", state: "BLOCKED" },
  { type: "REVIEW-DECIDED", step_id: "apps", decision: "approve", reviewer: "rhea", comment: "", further_calls: 100 },
  { type: "STATE", state: "RUNNING" },
  { ...END, step_id: "apps", row_count: 7 },
  { type: "STEP-START", step_id: "sum" },
  { ...END, step_id: "sum", row_count: 1 },
  { type: "STATE", state: "COMPLETED" },
  { type: "FINAL-RESULT", answer: answer(PLAN) },
);

function seen(events: Placed[]): QuestionView {
  return after(NOTHING_KNOWN, events);
}

function stages(view: QuestionView): string[] {
  return view.steps.map((each) => each.stage);
}

test("in whatever pieces events arrive, and however often, the view is the same", () => {
  const whole = seen(WHOLE);
  for (let cut = 0; cut <= WHOLE.length; cut += 1) {
    const first = seen(WHOLE.slice(0, cut));
    assert.deepEqual(after(first, WHOLE.slice(cut)), whole);
    // A gateway that was killed may begin again anywhere before.
    for (let again = 0; again <= cut; again += 1) {
      const replayed = after(first, WHOLE.slice(again));
      assert.deepEqual(replayed, whole, `cut at ${cut}, again from ${again}`);
    }
    assert.deepEqual(after(first, WHOLE.slice(0, cut)), first);
  }
});

test("a view is not changed by what comes after it", () => {
  const early = seen(WHOLE.slice(0, 4));
  const copy = structuredClone(early);
  after(early, WHOLE.slice(4));
  assert.deepEqual(early, copy);
});

test("steps go from pending over running to done", () => {
  assert.deepEqual(stages(seen(WHOLE.slice(0, 3))), ["PENDING", "PENDING", "PENDING"]);
  assert.deepEqual(stages(seen(WHOLE.slice(0, 6))), ["DONE", "RUNNING", "PENDING"]);
  assert.deepEqual(stages(seen(WHOLE)), ["DONE", "DONE", "DONE"]);
});

test("what waited before a pause waits after it, though nobody says so again", () => {
  const view = seen(WHOLE.slice(0, 12));
  assert.equal(view.state, "BLOCKED");
  assert.deepEqual(view.waiting.map((each) => each.step_id), ["apps"]);
  assert.deepEqual(stages(view), ["DONE", "BLOCKED", "PENDING"]);
});

test("a decision lets its step run on and is kept", () => {
  const view = seen(WHOLE.slice(0, 13));
  assert.deepEqual(view.waiting, []);
  assert.deepEqual(stages(view), ["DONE", "RUNNING", "PENDING"]);
  assert.equal(view.decisions[0]?.furtherCalls, 100);
});

test("a review that is told again, as one that nobody decided in time, waits once", () => {
  const view = seen(
    stream(
      { type: "PLAN-GENERATED", plan: PLAN },
      { type: "STATE", state: "BLOCKED" },
      { type: "REVIEW-REQUESTED", reason: "sensitive" },
      { type: "REVIEW-REQUESTED", reason: "sensitive", escalated: true, escalated_to: ["grace"] },
    ),
  );
  assert.equal(view.waiting.length, 1);
  assert.equal(view.waiting[0]?.escalated, true);
});

test("what hangs on a failed step is skipped, and nothing else", () => {
  const forked = plan(step("a"), step("b", ["a"]), step("c", ["b"], "sql"), step("d"));
  const view = seen(
    stream(
      { type: "PLAN-GENERATED", plan: forked },
      { type: "STEP-START", step_id: "a" },
      { type: "STEP-ERROR", step_id: "a", error: "no" },
    ),
  );
  assert.deepEqual(stages(view), ["FAILED", "SKIPPED", "SKIPPED", "PENDING"]);
});

test("of no rows a count still runs; what goes on with them does not", () => {
  const forked = plan(step("a"), step("b", ["a"], "api"), step("c", ["a"], "sql"));
  const view = seen(stream({ type: "PLAN-GENERATED", plan: forked }, { ...END, step_id: "a", row_count: 0 }));
  assert.deepEqual(stages(view), ["DONE", "SKIPPED", "PENDING"]);
});

test("a plan that a reviewer edited keeps what ran and forgets what is gone", () => {
  const edited = plan(step("people"), step("groups", ["people"]));
  const view = seen(
    stream(
      { type: "PLAN-GENERATED", plan: PLAN },
      { ...END, step_id: "people", row_count: 3 },
      { type: "PLAN-GENERATED", plan: edited },
    ),
  );
  assert.deepEqual(view.steps.map((each) => [each.step.id, each.stage, each.rows]), [
    ["people", "DONE", 3],
    ["groups", "PENDING", null],
  ]);
});

test("the answer settles every step: what no report names was skipped", () => {
  const early = [...WHOLE.slice(0, 6), { offset: 30, event: { at: "2026-11-21T10:01:00Z", type: "FINAL-RESULT", answer: answer(PLAN, { outcome: "cancelled" }) } } as Placed];
  assert.deepEqual(stages(seen(early)), ["DONE", "SKIPPED", "SKIPPED"]);
});

test("events of a later vocabulary and of unknown steps are passed over", () => {
  const view = seen(stream({ type: "PLAN-GENERATED", plan: PLAN }, { type: "SOMETHING-NEW" }, { ...END, step_id: "nobody", row_count: 1 }));
  assert.deepEqual(stages(view), ["PENDING", "PENDING", "PENDING"]);
  assert.equal(view.next, 3);
});

test("a step that was taken over says from where", () => {
  const origin = { kind: "rerun", question_id: "q-0", from_step: "apps", edited: null };
  const view = seen(
    stream({ type: "PLAN-GENERATED", plan: PLAN, origin }, { ...END, step_id: "people", row_count: 3, reused_from: "q-0" }),
  );
  assert.equal(view.steps[0]?.reusedFrom, "q-0");
  assert.equal(view.origin?.question_id, "q-0");
});
