/** Questions in the order in which somebody looks for them. */

import type { QuestionSummary, Role } from "../api/types";

export const WHOSE = {
  mine: "Mine",
  shared: "Shared with me",
  waiting: "Waiting for review",
  everybodys: "Everybody’s",
} as const;
export type Whose = keyof typeof WHOSE;

export interface Day {
  readonly name: string;
  readonly questions: readonly QuestionSummary[];
}

const ENDED: ReadonlySet<string> = new Set(["COMPLETED", "FAILED", "CANCELLED", "TERMINATED", "TIMED_OUT"]);
const DATE = new Intl.DateTimeFormat(undefined, { dateStyle: "full" });

/** The lists that somebody with these roles may see. */
export function listsFor(roles: readonly Role[]): readonly Whose[] {
  const mayReview = roles.includes("reviewer") || roles.includes("administrator");
  const seesAll = roles.includes("administrator");
  return ["mine", "shared", ...(mayReview ? (["waiting"] as const) : []), ...(seesAll ? (["everybodys"] as const) : [])];
}

export function hasEnded({ state, closed }: QuestionSummary): boolean {
  return closed !== null || ENDED.has(state);
}

/** Those that wait for somebody, apart from the others: they stand first, however old they are. */
export function waitingFirst(questions: readonly QuestionSummary[]): { waiting: QuestionSummary[]; others: QuestionSummary[] } {
  return {
    waiting: questions.filter(({ state }) => state === "BLOCKED"),
    others: questions.filter(({ state }) => state !== "BLOCKED"),
  };
}

/** The questions by the day on which they were asked, as the reader's calendar has it; the order stays. */
export function byDay(questions: readonly QuestionSummary[], now: number): Day[] {
  const days: { name: string; questions: QuestionSummary[] }[] = [];
  for (const question of questions) {
    const name = dayName(new Date(question.started), new Date(now));
    const last = days.at(-1);
    if (last?.name === name) last.questions.push(question);
    else days.push({ name, questions: [question] });
  }
  return days;
}

function dayName(day: Date, now: Date): string {
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (day.toDateString() === now.toDateString()) return "Today";
  if (day.toDateString() === yesterday.toDateString()) return "Yesterday";
  return DATE.format(day);
}
