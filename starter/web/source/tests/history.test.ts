import assert from "node:assert/strict";
import { test } from "node:test";
import type { QuestionSummary } from "../src/api/types";
import { byDay, hasEnded, listsFor, waitingFirst } from "../src/history/days";

const NOW = new Date(2026, 10, 20, 9, 30).getTime();

function question(id: string, state: string, started: Date): QuestionSummary {
  const closed = state === "COMPLETED" ? started.toISOString() : null;
  return { id, text: id, asker: "ada", state, started: started.toISOString(), closed, temporal_url: null };
}

test("everybody has the lists that their roles allow, and no other", () => {
  assert.deepEqual(listsFor(["asker"]), ["mine", "shared"]);
  assert.deepEqual(listsFor(["reviewer"]), ["mine", "shared", "waiting"]);
  assert.deepEqual(listsFor(["administrator"]), ["mine", "shared", "waiting", "everybodys"]);
});

test("questions that wait stand apart, and none is lost or doubled", () => {
  const all = ["RUNNING", "BLOCKED", "COMPLETED", "BLOCKED"].map((state, at) => question(`q${at}`, state, new Date(NOW)));
  const { waiting, others } = waitingFirst(all);
  assert.deepEqual(waiting.map(({ id }) => id), ["q1", "q3"]);
  assert.deepEqual(others.map(({ id }) => id), ["q0", "q2"]);
});

test("days are those of the reader's calendar, also around midnight", () => {
  const days = byDay(
    [
      question("now", "RUNNING", new Date(2026, 10, 20, 0, 1)),
      question("late", "COMPLETED", new Date(2026, 10, 19, 23, 59)),
      question("early", "COMPLETED", new Date(2026, 10, 19, 0, 0)),
      question("old", "FAILED", new Date(2026, 9, 3, 12, 0)),
    ],
    NOW,
  );
  assert.deepEqual(days.map(({ questions }) => questions.map(({ id }) => id)), [["now"], ["late", "early"], ["old"]]);
  assert.deepEqual(days.slice(0, 2).map(({ name }) => name), ["Today", "Yesterday"]);
  assert.match(days[2]?.name ?? "", /2026/);
});

test("a question that Temporal ended from outside has ended", () => {
  assert.ok(hasEnded(question("q", "TERMINATED", new Date(NOW))));
  assert.ok(!hasEnded(question("q", "PAUSED", new Date(NOW))));
});
