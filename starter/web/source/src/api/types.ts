// What the gateway sends: the shapes of `holdfast.contracts`, `holdfast.answer`, `holdfast.plan` and the routes. A field
// that this page does not read is left out. Times are ISO 8601 text.

export type State = "CREATED" | "QUEUED" | "RUNNING" | "BLOCKED" | "PAUSED" | "COMPLETED" | "FAILED" | "CANCELLED";
export type StepState = "PENDING" | "RUNNING" | "DONE" | "FAILED" | "SKIPPED";
export type Outcome = "answered" | "refused" | "needs_clarification" | "failed" | "cancelled";
export type Tool = "cypher" | "api" | "sql" | "special";
export type Role = "asker" | "reviewer" | "administrator";
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

export interface QuestionSummary {
  id: string;
  text: string;
  asker: string;
  /** A State, or how Temporal ended it from outside. */
  state: string;
  started: string;
  closed: string | null;
  temporal_url: string | null;
}

export interface Step {
  id: string;
  tool: Tool;
  /** Of a special tool only. */
  name?: string;
  entity: string;
  operation: string;
  parameters: { [key: string]: Json };
  query_context: string;
  critical: boolean;
  reasoning: string;
  depends_on: string[];
}

export interface Plan {
  steps: Step[];
  reasoning: string;
  understood_as: string;
  confidence: number;
  partial_success_acceptable: boolean;
}

export interface CallsWanted {
  calls_made: number;
  calls_to_come: number | null;
  minutes: number | null;
  reason: string;
}

export interface Waiting {
  /** null: the plan waits. */
  step_id: string | null;
  reason: string;
  calls_wanted: CallsWanted | null;
  /** When it was asked. */
  since?: string | null;
  /** When the deadline passes. */
  due?: string | null;
  /** Nobody decided in time: an administrator decides, or one of `escalated_to`. */
  escalated?: boolean;
  escalated_to?: string[];
}

/** The question that another one goes on from. */
export interface Origin {
  kind: "retry" | "rerun";
  question_id: string;
  from_step: string | null;
  edited: "plan" | "query" | "program" | "presentation" | null;
}

export interface Progress {
  correlation_id: string;
  question: string;
  state: State;
  waiting: Waiting[];
  plan: Plan | null;
}

export interface Generated {
  language: "cypher" | "python" | "sql" | "tool";
  text: string;
  author: string;
}

export interface Column {
  name: string;
  /** A Polars type as text. */
  dtype: string;
}

export interface ArtifactRef {
  key: string;
  row_count: number;
  size_bytes: number;
  columns: Column[];
}

export interface ModelUsage {
  calls: number;
  input_tokens: number;
  output_tokens: number;
  cost_usd: number | null;
  unmeasured_calls: number;
  part_cost_usd: number;
}

export interface Effort {
  seconds: number;
  peak_memory_bytes: number;
  models: ModelUsage | null;
}

export interface EndpointUse {
  endpoint: string;
  calls: number;
  retries: number;
  refused: number;
  waited_seconds: number;
  received_bytes: number;
}

export interface LiveReading {
  started: string;
  finished: string;
  endpoints: EndpointUse[];
}

export interface Gap {
  origin: "sync" | "live" | "step";
  message: string;
}

export interface StepResult {
  step_id: string;
  rows: ArtifactRef;
  samples: { [column: string]: Json }[];
  generated: Generated;
  gaps: Gap[];
  effort: Effort;
  live: LiveReading | null;
  notes: string[];
}

export interface StepReport {
  step_number: number;
  step_id: string;
  step_type: string;
  success: boolean;
  result: StepResult | null;
  error: string | null;
  seconds: number;
  /** The question that found it, where this one did not run the step itself. */
  reused_from?: string | null;
}

export interface Header {
  text: string;
  /** The column of the rows behind it. */
  value: string;
}

export interface FormattedAnswer {
  display_type: "table" | "markdown";
  headers: Header[];
  rows: ArtifactRef | null;
  markdown: string;
  summary: string;
  total_items: number;
  row_counts: { rows_in: number; dropped: number; rows_out: number } | null;
  data_source_type: "sql" | "realtime" | "hybrid";
  last_sync: string | null;
  presentation: { [key: string]: Json };
  author: string;
  processing_method: string;
  effort: Effort;
}

export interface Answer {
  correlation_id: string;
  question: string;
  outcome: Outcome;
  message: string;
  choices: string[];
  not_understood: string[];
  plan: Plan | null;
  plan_author: string | null;
  planning_effort: Effort | null;
  snapshot: { id: string; synced_at: string } | null;
  steps: StepReport[];
  formatted: FormattedAnswer | null;
  spent_in_vain: ModelUsage | null;
  gaps: Gap[];
  started: string;
  finished: string;
  origin?: Origin | null;
}

/** What is asked about. */
export interface Tenant {
  /** Its address; empty where only the worker knows it. */
  tenant: string;
  last_sync: string | null;
  /** Why there is no snapshot. */
  trouble: string;
  temporal_ui_url: string | null;
  examples: string[];
}

export interface Session {
  subject: string;
  name: string;
  roles: Role[];
  /** The actions that the credential is restricted to; null: whatever the roles allow. */
  scopes: string[] | null;
  csrf: string;
}

/** Somebody who sees a question though it is not theirs. */
export interface ShareView {
  subject: string;
  shared_by: string;
  reason: string;
  made: string;
}
