import { api } from "../api/client";
import type { QuestionSummary } from "../api/types";
import { navigate } from "../routing";

export const MOST_CHARACTERS = 4_000;

/** Start a question; the same key starts it once. Throws ProblemError, Unreachable. */
export function asked(text: string, approvePlan: boolean, key: string): Promise<QuestionSummary> {
  return api.post("/api/questions", { text, approve_plan: approvePlan }, { "Idempotency-Key": key });
}

/** Go where questions are asked, with a text to begin with. */
export function askFor(text: string): void {
  navigate(`/?q=${encodeURIComponent(text)}`);
}
