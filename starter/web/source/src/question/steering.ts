import { useState } from "preact/hooks";
import { announce } from "../announce";
import { api } from "../api/client";
import type { Progress, QuestionSummary } from "../api/types";
import { navigate, questionPath } from "../routing";

export interface Reviewed {
  decision: "approve" | "reject" | "edit" | "stop";
  comment: string;
  step_id: string | null;
  /** The `since` of what was shown: what is asked by now may be something else. */
  asked_at: string | null;
  plan?: unknown;
  further_calls?: number;
}

/** Where a rerun begins and the one thing that is edited; a presentation is applied without running any step. */
export interface Rerun {
  from_step?: string;
  plan?: unknown;
  query?: string;
  program?: string;
  presentation?: unknown;
}

export type Act = "pause" | "resume" | "cancel" | "review" | "retry" | "rerun";

export interface Steering {
  /** What is being asked of the gateway at this moment. */
  busy: Act | null;
  /** What went wrong, and with what. */
  failed: { act: Act; error: unknown } | null;
  /** Each gives whether it was done. What changes by it comes as an event. */
  pause: () => Promise<boolean>;
  resume: () => Promise<boolean>;
  cancel: () => Promise<boolean>;
  review: (review: Reviewed) => Promise<boolean>;
  retry: () => Promise<boolean>;
  rerun: (rerun: Rerun) => Promise<boolean>;
  forget: () => void;
}

/** What may be done to a question. One thing at a time; what goes wrong is kept to be shown. */
export function useSteering(id: string): Steering {
  const [busy, setBusy] = useState<Act | null>(null);
  const [failed, setFailed] = useState<Steering["failed"]>(null);
  const path = `/api/questions/${encodeURIComponent(id)}`;
  const act = async (name: Act, work: () => Promise<unknown>, said: string): Promise<boolean> => {
    setBusy(name);
    setFailed(null);
    try {
      await work();
      announce(said);
      return true;
    } catch (caught) {
      setFailed({ act: name, error: caught });
      return false;
    } finally {
      setBusy(null);
    }
  };
  const goOn = async (way: string, body?: unknown) => {
    const key = { "Idempotency-Key": crypto.randomUUID() };
    const asked = await api.post<QuestionSummary>(`${path}/${way}`, body, key);
    navigate(questionPath(asked.id));
  };
  return {
    busy,
    failed,
    pause: () => act("pause", () => api.post(`${path}/pause`), "Asked to pause"),
    resume: () => act("resume", () => api.post(`${path}/resume`), "Asked to go on"),
    cancel: () => act("cancel", () => api.post(`${path}/cancel`), "Asked to end"),
    review: (review) => act("review", () => api.post<Progress>(`${path}/reviews`, review), "The decision is made"),
    retry: () => act("retry", () => goOn("retry"), "Runs again"),
    rerun: (rerun) => act("rerun", () => goOn("rerun", rerun), "Runs again"),
    forget: () => setFailed(null),
  };
}

/** What went wrong with one of these acts; of others it is told where they stand. */
export function errorOf(steering: Steering, ...acts: Act[]): unknown {
  return steering.failed && acts.includes(steering.failed.act) ? steering.failed.error : null;
}

/** What a person edited, or why the text is no JSON object at all; what it must hold is for the gateway to say. */
export function parsedObject(text: string): { value: object } | { complaint: string } {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return { complaint: "It must be a JSON object: it begins with { and ends with }." };
    }
    return { value };
  } catch (error) {
    return { complaint: `This is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
}
