import { call } from "./client";
import type { Placed, QuestionEvent } from "./event-types";
import { ProblemError } from "./problems";
import { FrameReader } from "./sse";

export type Line = "connecting" | "open" | "lost" | "ended";

export interface Watcher {
  /** Each event once and in order. */
  onEvents: (events: Placed[]) => void;
  onLine: (line: Line) => void;
  /** The gateway will not tell: there is no such question, or nobody is signed in. It is not asked again. */
  onRefused: (error: ProblemError) => void;
}

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 8_000;
// The gateway says something every 15 s, if only that it is there.
const SILENCE_MS = 45_000;

/** How long to wait before the n-th try in a row; spread, so that many pages do not come back at the same moment. */
export function backOff(attempt: number, chance: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** attempt) * (0.6 + 0.4 * chance);
}

function isForGood(error: unknown): error is ProblemError {
  return error instanceof ProblemError && [400, 401, 403, 404, 410, 422].includes(error.status);
}

/** Watch a question from `offset` on, over every loss of the connection, until its last event. Gives what stops it. */
export function watchEvents(questionId: string, offset: number, watcher: Watcher): () => void {
  let next = offset;
  let attempt = 0;
  let stopped = false;
  let running = new AbortController();
  let wake: () => void = () => undefined;

  // Gives whether the last event came.
  async function once(): Promise<boolean> {
    running = new AbortController();
    const headers: Record<string, string> = { Accept: "text/event-stream" };
    if (next > 0) headers["Last-Event-ID"] = String(next - 1);
    const response = await call("GET", `/api/questions/${encodeURIComponent(questionId)}/events?rows=false`, {
      headers,
      signal: running.signal,
    });
    watcher.onLine("open");
    return read(response.body);
  }

  async function read(body: ReadableStream<Uint8Array> | null): Promise<boolean> {
    if (!body) return false;
    const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
    const frames = new FrameReader();
    for (;;) {
      const silence = setTimeout(() => running.abort(), SILENCE_MS);
      const { done, value } = await reader.read().finally(() => clearTimeout(silence));
      if (done) return false;
      attempt = 0;
      const placed = frames.read(value).flatMap((frame) => taken(frame.id, frame.data));
      if (placed.length > 0) watcher.onEvents(placed);
      if (placed.some(({ event }) => event.type === "FINAL-RESULT")) {
        running.abort();
        return true;
      }
    }
  }

  function taken(id: string | null, data: string): Placed[] {
    const place = Number(id);
    if (id === null || !Number.isInteger(place) || place < next) return [];
    next = place + 1;
    return [{ offset: place, event: JSON.parse(data) as QuestionEvent }];
  }

  async function waited(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, backOff(attempt, Math.random()));
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    attempt += 1;
  }

  async function watch(): Promise<void> {
    watcher.onLine("connecting");
    while (!stopped) {
      try {
        if (await once()) {
          watcher.onLine("ended");
          return;
        }
      } catch (error) {
        if (isForGood(error) && !stopped) {
          watcher.onRefused(error);
          return;
        }
      }
      if (stopped) return;
      watcher.onLine("lost");
      await waited();
    }
  }

  const now = () => wake();
  window.addEventListener("online", now);
  document.addEventListener("visibilitychange", now);
  void watch();
  return () => {
    stopped = true;
    window.removeEventListener("online", now);
    document.removeEventListener("visibilitychange", now);
    running.abort();
    wake();
  };
}
