import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import type { Placed } from "../src/api/event-types";
import { backOff, watchEvents } from "../src/api/events";

const encoder = new TextEncoder();
const EVENTS = ["QUEUED", "RUNNING", "COMPLETED"].map((state, id) => frame(id, { type: "STATE", at: "", state }));
const LAST = frame(9, { type: "FINAL-RESULT", at: "", answer: { outcome: "answered" } });

function frame(id: number, event: object): string {
  return `id: ${id}\nevent: x\ndata: ${JSON.stringify(event)}\n\n`;
}

/** What a gateway says to one request: text, and then it hangs up. */
type Reply = { status?: number; text: string };

const asked: (string | null)[] = [];
const stops: (() => void)[] = [];
const page = new EventTarget();
Object.assign(globalThis, { window: page, document: new EventTarget() });

function gateway(...replies: Reply[]): void {
  asked.length = 0;
  globalThis.fetch = async (_path, init) => {
    asked.push(new Headers(init?.headers).get("Last-Event-ID"));
    const reply = replies.shift();
    if (!reply) throw new TypeError("nobody answers");
    const status = reply.status ?? 200;
    const headers = { "Content-Type": status === 200 ? "text/event-stream" : "application/problem+json" };
    return new Response(encoder.encode(reply.text), { status, headers });
  };
}

function watched(): { placed: Placed[]; lines: string[]; refused: unknown[]; ended: Promise<void> } {
  const placed: Placed[] = [];
  const lines: string[] = [];
  const refused: unknown[] = [];
  const ended = new Promise<void>((resolve) => {
    const stop = watchEvents("q-1", 0, {
      onEvents: (events) => placed.push(...events),
      onLine: (line) => {
        lines.push(line);
        if (line === "ended") resolve();
        // As if the browser said that the network is there again.
        if (line === "lost") setImmediate(() => page.dispatchEvent(new Event("online")));
      },
      onRefused: (error) => {
        refused.push(error);
        resolve();
      },
    });
    stops.push(stop);
  });
  return { placed, lines, refused, ended };
}

afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

test("a lost connection is taken up after the last event that came, without one twice", async () => {
  gateway({ text: EVENTS.slice(0, 2).join("") }, { text: EVENTS.slice(1).join("") }, { text: LAST });
  const { placed, lines, ended } = watched();
  await ended;
  assert.deepEqual(placed.map(({ offset }) => offset), [0, 1, 2, 9]);
  assert.deepEqual(asked, [null, "1", "2"]);
  assert.deepEqual(lines, ["connecting", "open", "lost", "open", "lost", "open", "ended"]);
});

test("a gateway that is away is asked again until it is there", async () => {
  gateway({ status: 503, text: "{}" }, { status: 502, text: "" }, { text: EVENTS.join("") + LAST });
  const { placed, refused, ended } = watched();
  await ended;
  assert.equal(placed.length, 4);
  assert.deepEqual(refused, []);
});

test("a question that is not there for the viewer is asked for once", async () => {
  gateway({ status: 404, text: JSON.stringify({ detail: "There is no question." }) });
  const { refused, ended } = watched();
  await ended;
  assert.equal(refused.length, 1);
  assert.equal(asked.length, 1);
});

test("waiting grows to a limit and is never nothing", () => {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    for (const chance of [0, 0.5, 1]) {
      const wait = backOff(attempt, chance);
      assert.ok(wait >= 200 && wait <= 8_000, `${attempt}: ${wait}`);
    }
  }
});
