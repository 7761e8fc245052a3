import type { Outcome } from "../api/types";
import { Icon, type IconName } from "./icon";

interface Look {
  words: string;
  icon: IconName;
  tone: string;
}

const LOOKS: Record<string, Look> = {
  CREATED: { words: "Waits to start", icon: "clock", tone: "idle" },
  QUEUED: { words: "Waits to start", icon: "clock", tone: "idle" },
  RUNNING: { words: "Running", icon: "running", tone: "running" },
  BLOCKED: { words: "Waits for a decision", icon: "hand", tone: "waiting" },
  PAUSED: { words: "Paused", icon: "pause", tone: "paused" },
  COMPLETED: { words: "Answered", icon: "check", tone: "good" },
  FAILED: { words: "Failed", icon: "cross", tone: "bad" },
  CANCELLED: { words: "Cancelled", icon: "stop", tone: "idle" },
  TERMINATED: { words: "Ended from outside", icon: "stop", tone: "bad" },
  TIMED_OUT: { words: "Ran out of time", icon: "clock", tone: "bad" },
};
const REFUSED: Look = { words: "Refused", icon: "warning", tone: "waiting" };
const ASKS_BACK: Look = { words: "Asks back", icon: "info", tone: "waiting" };

function lookOf(state: string, outcome: Outcome | null): Look {
  if (outcome === "refused") return REFUSED;
  if (outcome === "needs_clarification") return ASKS_BACK;
  return LOOKS[state] ?? { words: state, icon: "info", tone: "idle" };
}

export function stateWords(state: string, outcome: Outcome | null = null): string {
  return lookOf(state, outcome).words;
}

/** Where a question stands: an icon, a colour, and the words that both mean. */
export function StateBadge({ state, outcome = null }: { state: string; outcome?: Outcome | null }) {
  const { words, icon, tone } = lookOf(state, outcome);
  return (
    <span class={`badge tone-${tone}`} data-testid="state" data-state={state}>
      <Icon name={icon} class={icon === "running" ? "turning" : ""} />
      {words}
    </span>
  );
}
