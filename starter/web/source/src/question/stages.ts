import type { IconName } from "../components/icon";
import type { Tool } from "../api/types";
import type { Stage, StepView } from "./state";

interface Look {
  words: string;
  icon: IconName;
  tone: string;
}

/** How each stage of a step is told: in words, by an icon and by a colour. */
export const STAGES: Record<Stage, Look> = {
  PENDING: { words: "Not started", icon: "circle", tone: "idle" },
  RUNNING: { words: "Running", icon: "running", tone: "running" },
  BLOCKED: { words: "Waits for a decision", icon: "hand", tone: "waiting" },
  DONE: { words: "Done", icon: "check", tone: "good" },
  FAILED: { words: "Failed", icon: "cross", tone: "bad" },
  SKIPPED: { words: "Skipped", icon: "skip", tone: "idle" },
};

/** What a tool is to a reader who does not know its name. */
export const TOOLS: Record<Tool, { short: string; long: string; icon: IconName }> = {
  cypher: { short: "Snapshot", long: "A query over the stored snapshot of the tenant", icon: "layers" },
  api: { short: "Live", long: "A program that reads the live tenant", icon: "bolt" },
  sql: { short: "Rows", long: "A query over the rows of earlier steps", icon: "table" },
  special: { short: "Tool", long: "A tool of Holdfast", icon: "branch" },
};

export function toolOf(step: { tool: string }): { short: string; long: string; icon: IconName } {
  return TOOLS[step.tool as Tool] ?? { short: step.tool, long: step.tool, icon: "branch" };
}

/** What a step does, in a few words: the operation on the entity, or the tool's name. */
export function titleOf({ step }: StepView): string {
  const what = (step.name ?? `${step.operation} ${step.entity}`).replace(/([a-z])([A-Z])/g, "$1 $2").replaceAll("_", " ");
  return what.charAt(0).toUpperCase() + what.slice(1).toLowerCase();
}

/** Seconds that a step has run, or ran; null before it started. `now` is in milliseconds. */
export function secondsOf(view: StepView, now: number): number | null {
  if (view.reusedFrom !== null || view.started === null) return null;
  const end = view.ended === null ? now : Date.parse(view.ended);
  return Math.max(0, (end - Date.parse(view.started)) / 1000);
}

export function tokensOf(view: StepView): number | null {
  const models = view.result?.effort.models;
  return models ? models.input_tokens + models.output_tokens : null;
}

/** Finished calls of the tenant: of its report when it ended, else of its last sign of life. */
export function callsOf(view: StepView): number | null {
  const live = view.result?.live;
  if (live) return live.endpoints.reduce((sum, each) => sum + each.calls, 0);
  return view.calls;
}
