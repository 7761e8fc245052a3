import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { api, useCsrf } from "../api/client";
import { ProblemError } from "../api/problems";
import type { Session } from "../api/types";

/** Who is signed in. */
export const SessionContext = createContext<Session | null>(null);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (!session) throw new Error("Nobody is signed in here.");
  return session;
}

function kept(session: Session): Session {
  useCsrf(session.csrf);
  return session;
}

/** The code that `holdfast up` put into the address; taken out of it at once, so that it is in no history. */
export function codeInAddress(): string | null {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code !== null) history.replaceState(null, "", location.pathname + location.search);
  return code;
}

/** Who is signed in, or null. */
export async function currentSession(): Promise<Session | null> {
  try {
    return kept(await api.get<Session>("/api/session"));
  } catch (error) {
    if (error instanceof ProblemError && error.status === 401) return null;
    throw error;
  }
}

/** Sign in by the one-time code of the address, or by a key or token. Throws ProblemError, Unreachable. */
export async function signIn(proof: { code: string } | { key: string }): Promise<Session> {
  return kept(await api.post<Session>("/api/session", proof));
}

export async function signOut(): Promise<void> {
  await api.delete("/api/session");
  useCsrf("");
}
