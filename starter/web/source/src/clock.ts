import { useEffect, useState } from "preact/hooks";

let ahead = 0;

/** Note what time the gateway says it is, so that ages and durations are right where this computer's clock is not. */
export function noteServerTime(date: string | null): void {
  const told = date === null ? Number.NaN : Date.parse(date);
  // Its header is cut to whole seconds, and has travelled.
  if (!Number.isNaN(told)) ahead = Math.abs(told - Date.now()) > 3_000 ? told - Date.now() : 0;
}

/** Now, as the gateway counts, in milliseconds. */
export function serverNow(): number {
  return Date.now() + ahead;
}

/** Now, told again every `everyMs` for as long as `ticking`. */
export function useNow(everyMs: number, ticking = true): number {
  const [now, setNow] = useState(serverNow);
  useEffect(() => {
    setNow(serverNow());
    if (!ticking) return undefined;
    const timer = setInterval(() => setNow(serverNow()), everyMs);
    return () => clearInterval(timer);
  }, [everyMs, ticking]);
  return now;
}
