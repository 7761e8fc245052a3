import { useEffect, useState } from "preact/hooks";
import { announce } from "../announce";
import { api } from "../api/client";
import type { ShareView } from "../api/types";
import { Dialog } from "../components/dialog";
import { Icon } from "../components/icon";
import { Moment } from "../components/moment";
import { ErrorNotice } from "../components/notice";

const REASONS: Record<string, string> = { shared: "shared", reviewed: "reviewed it" };

/** Let others see a question, and take it out of their sight again. */
export function ShareButton({ id }: { id: string }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" class="button" onClick={() => setOpen(true)}>
        <Icon name="share" />
        Share
      </button>
      {open && <ShareDialog id={id} onClose={() => setOpen(false)} />}
    </>
  );
}

function ShareDialog({ id, onClose }: { id: string; onClose: () => void }) {
  const [shares, setShares] = useState<ShareView[] | null>(null);
  const [subject, setSubject] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const path = `/api/questions/${encodeURIComponent(id)}/shares`;
  const look = async () => setShares((await api.get<{ shares: ShareView[] }>(path)).shares);
  const change = async (work: () => Promise<unknown>, said: string) => {
    setBusy(true);
    setError(null);
    try {
      await work();
      await look();
      announce(said);
      setSubject("");
    } catch (caught) {
      setError(caught);
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => void look().catch(setError), []);
  const add = (event: Event) => {
    event.preventDefault();
    const name = subject.trim();
    void change(() => api.put(`${path}/${encodeURIComponent(name)}`), `Shared with ${name}`);
  };
  const remove = (name: string) =>
    change(() => api.delete(`${path}/${encodeURIComponent(name)}`), `No longer shared with ${name}`);
  return (
    <Dialog title="Share this question" onClose={onClose}>
      <p class="soft">Who it is shared with sees it, its rows and its answer, and may export them; they do not steer it.</p>
      <form class="share-form" onSubmit={add}>
        <label class="field">
          <span class="label">The name under which they sign in</span>
          <input
            value={subject}
            autocomplete="off"
            spellcheck={false}
            maxLength={200}
            onInput={(event) => setSubject(event.currentTarget.value)}
          />
        </label>
        <button type="submit" class="button primary" disabled={busy || !subject.trim()}>
          Share
        </button>
      </form>
      <ErrorNotice error={error} title="That was not done" />
      {shares && shares.length > 0 && (
        <ul class="shares" aria-label="Who sees it">
          {shares.map((share) => (
            <li key={share.subject}>
              <span>
                <strong class="tenant-text">{share.subject}</strong>
                <span class="fine">
                  {" "}
                  {REASONS[share.reason] ?? share.reason} <Moment at={share.made} />
                </span>
              </span>
              <button
                type="button"
                class="button small"
                aria-label={`Stop sharing with ${share.subject}`}
                disabled={busy}
                onClick={() => remove(share.subject)}
              >
                Stop
              </button>
            </li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
