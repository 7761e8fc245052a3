import { useEffect, useReducer, useState } from "preact/hooks";
import { api } from "../api/client";
import type { Placed } from "../api/event-types";
import { type Line, watchEvents } from "../api/events";
import type { QuestionSummary } from "../api/types";
import { NOTHING_KNOWN, type QuestionView, after } from "./state";

export interface WatchedQuestion {
  summary: QuestionSummary | null;
  view: QuestionView;
  line: Line;
  /** Why it cannot be shown. */
  refused: unknown;
}

/** A question as it goes on; watched for as long as the component stands. */
export function useQuestion(id: string): WatchedQuestion {
  const [view, take] = useReducer((seen: QuestionView, events: Placed[]) => after(seen, events), NOTHING_KNOWN);
  const [summary, setSummary] = useState<QuestionSummary | null>(null);
  const [line, setLine] = useState<Line>("connecting");
  const [refused, setRefused] = useState<unknown>(null);
  useEffect(() => {
    const gone = new AbortController();
    const path = `/api/questions/${encodeURIComponent(id)}`;
    api.get<QuestionSummary>(path, gone.signal).then(setSummary, (error: unknown) => {
      if (!gone.signal.aborted) setRefused(error);
    });
    const stop = watchEvents(id, 0, { onEvents: take, onLine: setLine, onRefused: setRefused });
    return () => {
      gone.abort();
      stop();
    };
  }, [id]);
  return { summary, view, line, refused };
}
