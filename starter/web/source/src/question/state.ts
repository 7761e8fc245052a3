// What a page knows of a question, made from its events by one pure function. The same events give the same page in
// every window, in whatever pieces they arrive and however often.
import type { Placed, QuestionEvent } from "../api/event-types";
import type { Answer, Generated, Origin, Plan, State, Step, StepResult, Waiting } from "../api/types";

export type Stage = "PENDING" | "RUNNING" | "BLOCKED" | "DONE" | "FAILED" | "SKIPPED";

export interface StepView {
  step: Step;
  stage: Stage;
  started: string | null;
  ended: string | null;
  calls: number | null;
  estimatedCalls: number | null;
  done: number | null;
  total: number | null;
  waitedSeconds: number;
  waitingUntil: string | null;
  /** While it runs: so far. */
  rows: number | null;
  generated: Generated | null;
  error: string | null;
  /** Its whole report; there when the question has ended. */
  result: StepResult | null;
  /** The question that found its rows, where this one did not run it. */
  reusedFrom: string | null;
}

export interface Decided {
  at: string;
  stepId: string | null;
  decision: string;
  reviewer: string;
  comment: string;
  furtherCalls: number | null;
  byDeadline: boolean;
}

export interface QuestionView {
  /** The offset that is not known yet. */
  next: number;
  state: State;
  /** When the state became what it is. */
  since: string | null;
  plan: Plan | null;
  steps: StepView[];
  /** Asked of a person and not decided; decided now while the state is BLOCKED, after a resume while it is PAUSED. */
  waiting: Waiting[];
  decisions: Decided[];
  origin: Origin | null;
  answer: Answer | null;
}

export const NOTHING_KNOWN: QuestionView = {
  next: 0,
  state: "CREATED",
  since: null,
  plan: null,
  steps: [],
  waiting: [],
  decisions: [],
  origin: null,
  answer: null,
};

const ENDED = new Set<State>(["COMPLETED", "FAILED", "CANCELLED"]);

export function hasEnded(state: State): boolean {
  return ENDED.has(state);
}

/** The view after these events; one whose offset is known already changes nothing. */
export function after(view: QuestionView, events: Placed[]): QuestionView {
  return events.reduce((seen, placed) => {
    if (placed.offset < seen.next) return seen;
    return { ...taken(seen, placed.event), next: placed.offset + 1 };
  }, view);
}

function taken(view: QuestionView, event: QuestionEvent): QuestionView {
  switch (event.type) {
    case "STATE":
      return withState(view, event.state, event.at);
    case "PLAN-GENERATED":
      return {
        ...view,
        plan: event.plan,
        steps: stepsOf(event.plan, view.steps),
        origin: event.origin ?? view.origin,
      };
    case "REVIEW-REQUESTED":
      return asked(view, event);
    case "REVIEW-DECIDED":
      return decided(view, event);
    case "STEP-START":
      return withStep(view, event.step_id, (step) => ({ ...step, stage: "RUNNING", started: event.at, error: null }));
    case "STEP-PROGRESS":
      return withStep(view, event.step_id, (step) => ({
        ...step,
        calls: event.calls,
        estimatedCalls: event.estimated_calls,
        done: event.done,
        total: event.total,
        rows: event.rows ?? step.rows,
        waitedSeconds: event.waited_seconds,
        waitingUntil: event.waiting_until,
      }));
    case "STEP-END":
      return ended(view, event.step_id, event);
    case "STEP-ERROR":
      return withoutDependants(
        withStep(view, event.step_id, (step) => ({
          ...step,
          stage: "FAILED",
          ended: event.at,
          error: event.error,
          waitingUntil: null,
        })),
        dependants(view, [event.step_id]),
      );
    case "FINAL-RESULT":
      return answered(view, event.answer);
    default:
      // The vocabulary grows: what a later gateway tells besides is not of this page.
      return view;
  }
}

function withState(view: QuestionView, state: State, at: string): QuestionView {
  // A pause over a review ends with RUNNING and BLOCKED again, and what waited waits on without being told anew.
  return { ...view, state, since: at, waiting: hasEnded(state) ? [] : view.waiting };
}

function fresh(step: Step): StepView {
  return {
    step,
    stage: "PENDING",
    started: null,
    ended: null,
    calls: null,
    estimatedCalls: null,
    done: null,
    total: null,
    waitedSeconds: 0,
    waitingUntil: null,
    rows: null,
    generated: null,
    error: null,
    result: null,
    reusedFrom: null,
  };
}

// A plan that a reviewer put in place of another keeps what is known of steps that stayed.
function stepsOf(plan: Plan, before: StepView[]): StepView[] {
  return plan.steps.map((step) => {
    const known = before.find((each) => each.step.id === step.id);
    return known && known.stage !== "PENDING" ? { ...known, step } : fresh(step);
  });
}

function withStep(view: QuestionView, id: string, change: (step: StepView) => StepView): QuestionView {
  return { ...view, steps: view.steps.map((step) => (step.step.id === id ? change(step) : step)) };
}

function asked(view: QuestionView, event: QuestionEvent & { type: "REVIEW-REQUESTED" }): QuestionView {
  const { type: _type, at: _at, ...told } = event;
  const waiting: Waiting = { ...told, step_id: told.step_id ?? null };
  const others = view.waiting.filter((each) => each.step_id !== waiting.step_id);
  const seen = { ...view, waiting: [...others, waiting] };
  if (waiting.step_id === null) return seen;
  return withStep(seen, waiting.step_id, (step) => ({
    ...step,
    stage: "BLOCKED",
    calls: waiting.calls_wanted?.calls_made ?? step.calls,
    waitingUntil: null,
  }));
}

function decided(view: QuestionView, event: QuestionEvent & { type: "REVIEW-DECIDED" }): QuestionView {
  const stepId = event.step_id ?? null;
  const decision: Decided = {
    at: event.at,
    stepId,
    decision: event.decision,
    reviewer: event.reviewer,
    comment: event.comment,
    furtherCalls: event.further_calls ?? null,
    byDeadline: event.by_deadline ?? false,
  };
  const seen = {
    ...view,
    waiting: view.waiting.filter((each) => each.step_id !== stepId),
    decisions: [...view.decisions, decision],
  };
  if (stepId === null) return seen;
  return withStep(seen, stepId, (step) => (step.stage === "BLOCKED" ? { ...step, stage: "RUNNING" } : step));
}

function ended(view: QuestionView, id: string, event: QuestionEvent & { type: "STEP-END" }): QuestionView {
  const seen = withStep(view, id, (step) => ({
    ...step,
    stage: "DONE",
    ended: event.at,
    reusedFrom: event.reused_from ?? null,
    rows: event.row_count,
    generated: event.generated,
    waitingUntil: null,
  }));
  if (event.row_count > 0) return seen;
  // Without rows there is nothing to go on with; only a count over them still means something.
  const direct = seen.steps.filter(({ step }) => step.depends_on.includes(id) && step.tool !== "sql");
  const skipped = direct.map(({ step }) => step.id);
  return withoutDependants(seen, new Set([...skipped, ...dependants(seen, skipped)]));
}

function dependants(view: QuestionView, ids: string[]): Set<string> {
  const found = new Set<string>();
  const waiting = [...ids];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    for (const { step } of view.steps) {
      if (step.depends_on.includes(id) && !found.has(step.id)) {
        found.add(step.id);
        waiting.push(step.id);
      }
    }
  }
  return found;
}

function withoutDependants(view: QuestionView, ids: Set<string>): QuestionView {
  const steps = view.steps.map((each): StepView =>
    ids.has(each.step.id) && each.stage === "PENDING" ? { ...each, stage: "SKIPPED" } : each,
  );
  return { ...view, steps };
}

/** The view of a question whose answer is known, whatever was seen of its events. */
export function answered(view: QuestionView, answer: Answer): QuestionView {
  const plan = answer.plan ?? view.plan;
  const known = plan ? stepsOf(plan, view.steps) : view.steps;
  const steps = known.map((each): StepView => {
    const report = answer.steps.find((one) => one.step_id === each.step.id);
    const stays = each.stage === "DONE" || each.stage === "FAILED";
    if (!report) return stays ? each : { ...each, stage: "SKIPPED", waitingUntil: null };
    return {
      ...each,
      stage: report.success ? "DONE" : report.error !== null ? "FAILED" : "SKIPPED",
      rows: report.result?.rows.row_count ?? null,
      generated: report.result?.generated ?? each.generated,
      error: report.error,
      result: report.result,
      reusedFrom: report.reused_from ?? null,
      waitingUntil: null,
    };
  });
  return { ...view, plan, steps, waiting: [], answer, origin: answer.origin ?? view.origin };
}
