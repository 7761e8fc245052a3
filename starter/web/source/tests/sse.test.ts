import assert from "node:assert/strict";
import { test } from "node:test";
import { FrameReader } from "../src/api/sse";

const TEXT = 'retry: 1000\n\n: still here\n\nid: 0\nevent: STATE\ndata: {"a":1}\n\nid: 1\r\nevent: STEP\r\ndata: é\r\ndata: two\r\n\r\nid: 2\nevent: CUT\ndata: half';

test("frames are the same wherever the text is cut", () => {
  const whole = new FrameReader().read(TEXT);
  assert.deepEqual(whole, [
    { id: "0", event: "STATE", data: '{"a":1}' },
    { id: "1", event: "STEP", data: "é\ntwo" },
  ]);
  for (let cut = 0; cut <= TEXT.length; cut += 1) {
    for (let again = cut; again <= Math.min(cut + 9, TEXT.length); again += 1) {
      const reader = new FrameReader();
      const pieces = [TEXT.slice(0, cut), TEXT.slice(cut, again), TEXT.slice(again)];
      assert.deepEqual(pieces.flatMap((piece) => reader.read(piece)), whole, `cut at ${cut} and ${again}`);
    }
  }
});

test("a frame that was cut off by a lost connection is not given", () => {
  assert.deepEqual(new FrameReader().read("id: 3\ndata: {}\n"), []);
});
