/** What syncs tell, and what is made of it for a reader. */

import { counted } from "../words";

export type SyncMode = "full" | "incremental";

export interface FamilyReport {
  family: string;
  rows: number;
  pages: number;
  unknown: number;
  /** Things whose rows an incremental sync took from the one before. */
  carried_over: number;
  seconds: number;
}

export interface FamilyProgress {
  family: string;
  rows: number;
  pages: number;
  parents_done: number;
  parents: number;
  trouble: string;
}

export interface SyncProgress {
  sync_id: string;
  state: string;
  phase: "starting" | "reading" | "building" | "publishing" | "done";
  finished: FamilyReport[];
  running: FamilyProgress[];
  waiting: string[];
}

export interface CurrentSync {
  is_running: boolean;
  /** null also while no worker tells. */
  progress: SyncProgress | null;
  trouble: string;
}

export interface SyncRecord {
  sync_id: string;
  mode: SyncMode;
  started: string;
  finished: string;
  success: boolean;
  counts: { [table: string]: number };
  error: string | null;
}

export interface Freshness {
  readonly tone: "good" | "plain" | "warning";
  readonly words: string;
}

const HOUR_MS = 3_600_000;
const FRESH_MS = 24 * HOUR_MS;
const OLD_MS = 7 * 24 * HOUR_MS;

/** What the age of the snapshot means for answers. */
export function freshness(lastSync: string | null, now: number): Freshness {
  if (lastSync === null) return { tone: "warning", words: "The tenant has not been synced yet: there is nothing to ask about but its live API." };
  const age = now - Date.parse(lastSync);
  if (age < FRESH_MS) return { tone: "good", words: "What changed in the tenant since then is not in answers from the snapshot." };
  const days = counted(Math.floor(age / FRESH_MS), "day");
  if (age < OLD_MS) return { tone: "plain", words: `The snapshot is ${days} old. What changed since then is not in answers from it.` };
  return { tone: "warning", words: `The snapshot is ${days} old. People have joined and left since; sync before you rely on it.` };
}

/** How much of the reading is done, from 0 to 1; families count alike, since nobody knows how long the next one is. */
export function readShare({ phase, finished, running, waiting }: SyncProgress): number {
  if (phase === "starting") return 0;
  if (phase !== "reading") return 1;
  const all = finished.length + running.length + waiting.length;
  if (all === 0) return 0;
  const partly = running.reduce((sum, family) => sum + share(family), 0);
  return (finished.length + partly) / all;
}

/** How much of a family is read; of a plain list nobody knows before its end. */
export function share({ parents, parents_done }: FamilyProgress): number {
  return parents > 1 ? Math.min(1, parents_done / parents) : 0;
}

/** `group_memberships` as people write it: `group memberships`. */
export function familyName(family: string): string {
  return family.replaceAll("_", " ");
}

export function rowsRead({ finished, running }: SyncProgress): number {
  return [...finished, ...running].reduce((sum, { rows }) => sum + rows, 0);
}
