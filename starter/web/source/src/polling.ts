import { useEffect, useState } from "preact/hooks";

export interface Polled<T> {
  value: T | undefined;
  failed: unknown;
  /** Look at once. */
  again: () => void;
}

/**
 * What `read` tells, asked again `everyMs` after each answer while somebody looks at the page; null: not again.
 *
 * `key` says what is read: another one begins afresh, and the old value goes. A failure keeps the last value.
 */
export function usePolled<T>(key: string, read: (signal: AbortSignal) => Promise<T>, everyMs: (value: T | undefined) => number | null): Polled<T> {
  const [seen, setSeen] = useState<{ key: string; value: T }>();
  const [failed, setFailed] = useState<unknown>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    const gone = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    let latest: T | undefined;
    const look = async () => {
      clearTimeout(timer);
      try {
        latest = await read(gone.signal);
        if (gone.signal.aborted) return;
        setSeen({ key, value: latest });
        setFailed(null);
      } catch (error) {
        if (gone.signal.aborted) return;
        setFailed(error);
      }
      const wait = everyMs(latest);
      if (wait !== null && !document.hidden) timer = setTimeout(look, wait);
    };
    const onSeen = () => {
      if (!document.hidden) void look();
    };
    document.addEventListener("visibilitychange", onSeen);
    void look();
    return () => {
      gone.abort();
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", onSeen);
    };
  }, [key, round]);
  return { value: seen?.key === key ? seen.value : undefined, failed, again: () => setRound((count) => count + 1) };
}
