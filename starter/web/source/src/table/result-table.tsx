import type { Answer } from "../api/types";

/** The rows of an answer, or of one of its steps. */
export function ResultTable({ answer }: { questionId: string; answer: Answer; stepId?: string }) {
  return <p>{answer.formatted?.total_items ?? 0} rows</p>;
}
