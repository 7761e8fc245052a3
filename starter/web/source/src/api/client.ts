import { noteServerTime } from "../clock";
import { ProblemError, Unreachable, problemOf } from "./problems";

type Method = "GET" | "POST" | "PUT" | "DELETE";

export interface CallOptions {
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
}

export const CSRF_HEADER = "X-CSRF-Token";

let csrf = "";
let whenSignedOut: () => void = () => undefined;

/** Have unsafe calls prove that they come from this page. */
export function useCsrf(token: string): void {
  csrf = token;
}

/** What happens when a call finds that nobody is signed in any more. */
export function onSignedOut(act: () => void): void {
  whenSignedOut = act;
}

/** The response of a call, whatever is in it. Throws ProblemError, Unreachable, or AbortError. */
export async function call(method: Method, path: string, options: CallOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: "application/json", ...options.headers };
  if (method !== "GET" && csrf) headers[CSRF_HEADER] = csrf;
  const init: RequestInit = { method, headers, credentials: "same-origin" };
  if (options.body !== undefined) {
    headers["Content-Type"] = "application/json";
    init.body = JSON.stringify(options.body);
  }
  if (options.signal) init.signal = options.signal;
  const response = await fetch(path, init).catch((error: unknown) => {
    if (options.signal?.aborted) throw error;
    throw new Unreachable();
  });
  noteServerTime(response.headers.get("Date"));
  if (response.ok) return response;
  const error = await problemOf(response);
  if (error.status === 401 && path !== "/api/session") whenSignedOut();
  throw error;
}

async function json<T>(method: Method, path: string, options: CallOptions = {}): Promise<T> {
  const response = await call(method, path, options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** The gateway's API. Paths begin with `/api/`; what comes back is typed by the caller, see `types.ts`. */
export const api = {
  get: <T>(path: string, signal?: AbortSignal) => json<T>("GET", path, signal ? { signal } : {}),
  post: <T>(path: string, body?: unknown, headers: Record<string, string> = {}) =>
    json<T>("POST", path, { body, headers }),
  put: <T>(path: string, body?: unknown) => json<T>("PUT", path, { body }),
  delete: <T>(path: string) => json<T>("DELETE", path),
};

export { ProblemError, Unreachable };
