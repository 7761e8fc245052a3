import assert from "node:assert/strict";
import { test } from "node:test";
import { type Geometry, type Position, TRACK_LIMIT, maxOffset, offsetShowing, positionAt, rowsAt, scrolled, trackHeight } from "../src/table/window";
import { chance } from "./chance";

const MILLION: Geometry = { rows: 1_000_000, rowHeight: 36, viewport: 612 };
const FEW: Geometry = { rows: 400, rowHeight: 36, viewport: 612 };

test("no track is higher than what every browser allows", () => {
  assert.equal(trackHeight(MILLION), TRACK_LIMIT);
  assert.equal(trackHeight(FEW), 400 * 36);
});

test("every place that the scrollbar can be dragged to shows rows that fill the viewport", () => {
  const next = chance(1);
  for (let round = 0; round < 2_000; round += 1) {
    const geometry = { rows: 1 + Math.floor(next() * 3_000_000), rowHeight: 36, viewport: 200 + Math.floor(next() * 900) };
    const far: Position = { top: -1e9, offset: 0 };
    const top = Math.floor(next() * Math.max(0, trackHeight(geometry) - geometry.viewport));
    const { offset } = scrolled(geometry, far, top);
    const rows = rowsAt(geometry, offset, 0);
    assert.ok(rows.shift <= 0 && rows.shift > -geometry.rowHeight);
    const drawn = rows.shift + (rows.end - rows.first) * geometry.rowHeight;
    assert.ok(drawn >= Math.min(geometry.viewport, geometry.rows * geometry.rowHeight) - 1e-3, JSON.stringify({ geometry, rows }));
  }
});

test("both ends are reached, the last row at the lower edge", () => {
  const end = trackHeight(MILLION) - MILLION.viewport;
  const last = scrolled(MILLION, { top: 0, offset: 0 }, end);
  assert.equal(last.offset, maxOffset(MILLION));
  assert.equal(rowsAt(MILLION, last.offset, 0).end, 1_000_000);
  assert.equal(scrolled(MILLION, last, 0).offset, 0);
});

test("a position that is put where it belongs stays what it is when it is read again", () => {
  const next = chance(2);
  for (let round = 0; round < 2_000; round += 1) {
    const offset = next() * maxOffset(MILLION);
    const position = positionAt(MILLION, offset);
    assert.equal(position.offset, offset);
    const again = scrolled(MILLION, { top: -1e9, offset: 0 }, position.top);
    assert.ok(Math.abs(again.offset - offset) < 1e-3);
  }
});

test("further down the scrollbar are never rows further up", () => {
  let before = -1;
  for (let top = 0; top < TRACK_LIMIT - MILLION.viewport; top += 9_973) {
    const { offset } = scrolled(MILLION, { top: -1e9, offset: 0 }, top);
    assert.ok(offset > before);
    before = offset;
  }
});

test("a wheel moves the rows as far as it turns, also where the track is compressed", () => {
  let position = positionAt(MILLION, 18_000_000);
  const { offset } = position;
  for (let notch = 0; notch < 50; notch += 1) position = scrolled(MILLION, position, position.top + 120);
  assert.ok(Math.abs(position.offset - offset - 50 * 120) < 1e-6);
});

test("near an end the track is not compressed, so that a wheel meets the end where the rows do", () => {
  let position = positionAt(MILLION, maxOffset(MILLION) - 3_000);
  const end = trackHeight(MILLION) - MILLION.viewport;
  while (position.top < end) {
    const before = position.offset;
    position = scrolled(MILLION, position, Math.min(end, position.top + 120));
    assert.ok(position.offset - before <= 120 + 1e-6);
  }
  assert.equal(position.offset, maxOffset(MILLION));
});

test("a row is brought into sight by the shortest way, and not at all when it is seen", () => {
  assert.equal(offsetShowing(FEW, 0, 3), 0);
  assert.equal(offsetShowing(FEW, 0, 20), 21 * 36 - 612);
  assert.equal(offsetShowing(FEW, 5_000, 20), 20 * 36);
  assert.equal(offsetShowing(FEW, 0, 399), 400 * 36 - 612);
});

test("an answer without rows shows none", () => {
  const none = { ...FEW, rows: 0 };
  assert.deepEqual(rowsAt(none, 0, 6), { first: 0, end: 0, shift: 0 });
  assert.equal(maxOffset(none), 0);
});
