/** The rows of one answer as a component sees them: those of the view that is shown, while the next are on their way. */

import { useEffect, useState } from "preact/hooks";
import { api } from "../api/client";
import { PAGE_ROWS, type Page, RowPages } from "./pages";
import { type View, parametersOf } from "./view";

export interface Rows {
  /** undefined until the first rows are here. */
  pages: RowPages | undefined;
  /** The view that they are of: that of before, while those of another are on their way. */
  shown: View;
  /** Counts up whenever rows arrive. */
  tick: number;
  isBusy: boolean;
  failed: unknown;
  retry: () => void;
}

/** One page of rows. Throws ProblemError, Unreachable, AbortError. */
export function readPage(id: string, step: string | undefined, view: View, offset: number, limit: number, signal: AbortSignal) {
  const parameters = parametersOf(view, step);
  parameters.set("offset", String(offset));
  parameters.set("limit", String(limit));
  parameters.set("format", "json");
  return api.get<Page>(`/api/questions/${encodeURIComponent(id)}/rows?${parameters}`, signal);
}

/** The rows of a question's answer, or of its step, in this view. What was shown stays until the new view is here. */
export function useRows(id: string, step: string | undefined, view: View): Rows {
  const [pages, setPages] = useState<RowPages>();
  const [shown, setShown] = useState(view);
  const [tick, setTick] = useState(0);
  const [attempt, setAttempt] = useState(0);
  const [isBusy, setBusy] = useState(true);
  const [failed, setFailed] = useState<unknown>(null);
  useEffect(() => {
    const request = new AbortController();
    let opened: RowPages | undefined;
    const read = (offset: number, limit: number, signal: AbortSignal) => readPage(id, step, view, offset, limit, signal);
    setBusy(true);
    setFailed(null);
    read(0, PAGE_ROWS, request.signal).then(
      (first) => {
        opened = new RowPages(first, read, () => setTick((count) => count + 1), setFailed);
        setPages(opened);
        setShown(view);
        setBusy(false);
      },
      (error: unknown) => {
        if (request.signal.aborted) return;
        setFailed(error);
        setBusy(false);
      },
    );
    return () => {
      request.abort();
      opened?.close();
    };
  }, [id, step, view, attempt]);
  const retry = () => {
    setFailed(null);
    if (pages !== undefined && shown === view) pages.again();
    else setAttempt((count) => count + 1);
  };
  return { pages, shown, tick, isBusy, failed, retry };
}
