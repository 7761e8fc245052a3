import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE_ROWS, type Page, RowPages, pagesAround } from "../src/table/pages";

const MATCHING = 10_000;

function page(offset: number, limit = PAGE_ROWS): Page {
  const rows = Array.from({ length: limit }, (_, index) => [offset + index]);
  return { columns: [], total: MATCHING, matching: MATCHING, offset, rows };
}

/** A gateway that answers when it is told to. */
class Gateway {
  readonly asked: { offset: number; signal: AbortSignal; answer: () => void; refuse: () => void }[] = [];
  changes = 0;
  readonly failures: unknown[] = [];

  readonly pages = new RowPages(
    page(0),
    (offset, limit, signal) =>
      new Promise((resolve, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
        this.asked.push({ offset, signal, answer: () => resolve(page(offset, limit)), refuse: () => reject(new Error("away")) });
      }),
    () => (this.changes += 1),
    (error) => this.failures.push(error),
  );

  get offsets(): number[] {
    return this.asked.map(({ offset }) => offset);
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

test("the page that is seen is read first, then the one in the direction of the scroll", () => {
  assert.deepEqual(pagesAround(450, 470, MATCHING, true), [2, 3, 1]);
  assert.deepEqual(pagesAround(450, 470, MATCHING, false), [2, 1, 3]);
  assert.deepEqual(pagesAround(590, 610, MATCHING, true), [2, 3, 4, 1]);
});

test("no page is read before the first or after the last", () => {
  assert.deepEqual(pagesAround(0, 20, MATCHING, true), [0, 1]);
  assert.deepEqual(pagesAround(9_990, 10_000, MATCHING, true), [49, 48]);
  assert.deepEqual(pagesAround(0, 0, 0, true), []);
  assert.deepEqual(pagesAround(0, 3, 3, true), [0]);
});

test("rows that were read are there, and others are not yet", async () => {
  const gateway = new Gateway();
  assert.deepEqual(gateway.pages.row(199), [199]);
  assert.equal(gateway.pages.row(200), undefined);
  gateway.pages.want([1], false);
  gateway.asked[0]?.answer();
  await settled();
  assert.deepEqual(gateway.pages.row(201), [201]);
  assert.equal(gateway.changes, 1);
});

test("what scrolled past is let go, and no more is asked at once than the gateway should bear", async () => {
  const gateway = new Gateway();
  gateway.pages.want([10, 11, 9], false);
  assert.deepEqual(gateway.offsets, [2_000, 2_200]);
  gateway.pages.want([30, 31, 29], false);
  assert.deepEqual(gateway.asked.slice(0, 2).map(({ signal }) => signal.aborted), [true, true]);
  assert.deepEqual(gateway.offsets.slice(2), [6_000, 6_200]);
  gateway.asked[2]?.answer();
  await settled();
  assert.deepEqual(gateway.offsets.slice(4), [5_800]);
  assert.deepEqual(gateway.failures, []);
});

test("while rows fly past only the place where they rest is read", async () => {
  const gateway = new Gateway();
  for (let at = 5; at < 40; at += 1) gateway.pages.want([at], true);
  assert.deepEqual(gateway.offsets, []);
  while (gateway.asked.length === 0) await settled();
  assert.deepEqual(gateway.offsets, [39 * PAGE_ROWS]);
});

test("a page that is here is not read again, however often it is wanted", async () => {
  const gateway = new Gateway();
  gateway.pages.want([0, 1], false);
  gateway.asked[0]?.answer();
  await settled();
  gateway.pages.want([0, 1], false);
  assert.deepEqual(gateway.offsets, [PAGE_ROWS]);
});

test("of many pages those are kept that were wanted last", async () => {
  const gateway = new Gateway();
  for (let at = 1; at <= 140; at += 1) {
    gateway.pages.want([at], false);
    gateway.asked.at(-1)?.answer();
    await settled();
  }
  assert.equal(gateway.pages.row(0), undefined);
  assert.deepEqual(gateway.pages.row(140 * PAGE_ROWS), [140 * PAGE_ROWS]);
  assert.deepEqual(gateway.pages.row(30 * PAGE_ROWS), [30 * PAGE_ROWS]);
});

test("after a failure, told once, nothing is asked for until somebody wants it again", async () => {
  const gateway = new Gateway();
  gateway.pages.want([3, 4], false);
  for (const { refuse } of gateway.asked) refuse();
  await settled();
  gateway.pages.want([5], false);
  assert.equal(gateway.failures.length, 1);
  assert.equal(gateway.asked.length, 2);
  gateway.pages.again();
  gateway.asked[2]?.answer();
  await settled();
  assert.deepEqual(gateway.pages.row(1_000), [1_000]);
});

test("after it is closed nothing arrives and nothing fails", async () => {
  const gateway = new Gateway();
  gateway.pages.want([3, 4], false);
  gateway.pages.close();
  await settled();
  assert.ok(gateway.asked.every(({ signal }) => signal.aborted));
  assert.deepEqual([gateway.changes, gateway.failures.length], [0, 0]);
});
