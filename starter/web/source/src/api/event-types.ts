import type { Answer, Generated, Origin, Plan, State, Waiting } from "./types";

interface At {
  at: string;
}

export type QuestionEvent =
  | (At & { type: "STATE"; state: State })
  | (At & { type: "PLAN-GENERATED"; plan: Plan; origin?: Origin | null })
  | (At & Waiting & { type: "REVIEW-REQUESTED" })
  | (At & {
      type: "REVIEW-DECIDED";
      decision: string;
      reviewer: string;
      comment: string;
      step_id: string | null;
      further_calls: number | null;
      by_deadline?: boolean;
    })
  | (At & { type: "STEP-START"; step_id: string })
  | (At & {
      type: "STEP-PROGRESS";
      step_id: string;
      calls: number;
      estimated_calls: number | null;
      done: number | null;
      total: number | null;
      rows?: number | null;
      waited_seconds: number;
      waiting_until: string | null;
    })
  | (At & { type: "STEP-END"; step_id: string; row_count: number; generated: Generated; reused_from?: string | null })
  | (At & { type: "STEP-ERROR"; step_id: string; error: string })
  | (At & { type: "FINAL-RESULT"; answer: Answer });

/** An event and where in the stream it stands. Offsets grow; some are left out for a viewer who wants no rows. */
export interface Placed {
  offset: number;
  event: QuestionEvent;
}
