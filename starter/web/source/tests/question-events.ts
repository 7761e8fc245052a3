// Events of a question as the gateway sends them, for the tests of what a page makes of them.
import type { Placed, QuestionEvent } from "../src/api/event-types";
import type { Answer, Plan, Step } from "../src/api/types";

export function step(id: string, dependsOn: string[] = [], tool: Step["tool"] = "cypher"): Step {
  return {
    id,
    tool,
    entity: "User",
    operation: "list",
    parameters: {},
    query_context: `what ${id} finds`,
    critical: true,
    reasoning: "",
    depends_on: dependsOn,
  };
}

export function plan(...steps: Step[]): Plan {
  return { steps, reasoning: "because", understood_as: "People", confidence: 1, partial_success_acceptable: false };
}

export const GENERATED = { language: "cypher", text: "MATCH (u:User) RETURN u", author: "offline" } as const;

export function answer(of: Plan, more: Partial<Answer> = {}): Answer {
  return {
    correlation_id: "q-1",
    question: "Who?",
    outcome: "answered",
    message: "",
    choices: [],
    not_understood: [],
    plan: of,
    plan_author: "offline",
    planning_effort: null,
    snapshot: null,
    steps: [],
    formatted: null,
    spent_in_vain: null,
    gaps: [],
    started: "2026-11-21T10:00:00Z",
    finished: "2026-11-21T10:00:09Z",
    ...more,
  };
}

/** Each at the next offset, one second after the one before. */
export function stream(...events: object[]): Placed[] {
  return events.map((event, offset) => {
    const at = new Date(Date.UTC(2026, 10, 21, 10, 0, offset)).toISOString();
    return { offset, event: { at, ...event } as QuestionEvent };
  });
}
