/** An answer as a file of the browser's downloads. */

import { api, call } from "../api/client";
import { type View, parametersOf } from "./view";

export const FORMATS = {
  csv: "CSV",
  xlsx: "Excel",
  parquet: "Parquet",
  json: "JSON",
} as const;
export type Format = keyof typeof FORMATS;

export interface Wanted {
  readonly questionId: string;
  readonly step: string | undefined;
  readonly view: View;
  readonly format: Format;
  readonly rows: number;
}

// More than this the page does not hold in its memory.
const MOST_HELD = 200_000;

/** Whether the page itself receives the file, so that it can tell progress and, in words, what went wrong. */
export function isHeld({ format, rows }: Pick<Wanted, "format" | "rows">): boolean {
  // A spreadsheet has a limit of its own, which only the answer to the request tells.
  return format === "xlsx" || rows <= MOST_HELD;
}

export function exportPath({ questionId, step, view, format }: Omit<Wanted, "rows">): string {
  const parameters = parametersOf(view, step);
  parameters.set("format", format);
  return `/api/questions/${encodeURIComponent(questionId)}/export?${parameters}`;
}

/** Download it; `told` hears how many bytes are here. Throws ProblemError, Unreachable, AbortError. */
export async function download(wanted: Wanted, told: (bytes: number) => void, signal: AbortSignal): Promise<void> {
  const path = exportPath(wanted);
  if (!isHeld(wanted)) {
    // The browser would show no words of a refusal, so the same rows are asked for first.
    const parameters = parametersOf(wanted.view, wanted.step);
    parameters.set("limit", "1");
    await api.get(`/api/questions/${encodeURIComponent(wanted.questionId)}/rows?${parameters}`, signal);
    save(path, "");
    return;
  }
  const response = await call("GET", path, { headers: { Accept: "*/*" }, signal });
  const blob = await new Response(counted(response, told)).blob();
  const url = URL.createObjectURL(blob);
  save(url, nameIn(response.headers.get("Content-Disposition")) ?? `${wanted.questionId}.${wanted.format}`);
  // The browser has taken it by then; it is not told when.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

/** The file's name in a `Content-Disposition` header. */
export function nameIn(header: string | null): string | undefined {
  const found = /filename\*=UTF-8''([^;]+)/i.exec(header ?? "")?.[1];
  if (found !== undefined) return decodeURIComponent(found);
  return /filename="?([^";]+)"?/i.exec(header ?? "")?.[1];
}

/** Have the browser keep what is at `url` as a file. */
export function save(url: string, name: string): void {
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

function counted(response: Response, told: (bytes: number) => void): ReadableStream<Uint8Array> | null {
  let bytes = 0;
  const counter = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength;
      told(bytes);
      controller.enqueue(chunk);
    },
  });
  return response.body?.pipeThrough(counter) ?? null;
}
