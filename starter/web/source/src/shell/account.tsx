import { useEffect, useRef, useState } from "preact/hooks";
import type { Session } from "../api/types";
import { Icon } from "../components/icon";
import { ErrorNotice } from "../components/notice";
import { signOut } from "../session/session";

/** Who is signed in, what they may, and the way out. */
export function Account({ session, onSignedOut }: { session: Session; onSignedOut: () => void }) {
  const [error, setError] = useState<unknown>(null);
  const details = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const close = (event: Event) => {
      const open = details.current;
      if (!open?.open) return;
      if (event instanceof KeyboardEvent && event.key === "Escape") {
        open.open = false;
        open.querySelector("summary")?.focus();
      } else if (event.type === "pointerdown" && event.target instanceof Node && !open.contains(event.target)) {
        open.open = false;
      }
    };
    document.addEventListener("keydown", close);
    document.addEventListener("pointerdown", close);
    return () => {
      document.removeEventListener("keydown", close);
      document.removeEventListener("pointerdown", close);
    };
  }, []);
  const leave = () => signOut().then(onSignedOut, setError);
  const name = session.name || session.subject;
  return (
    <details class="account" ref={details}>
      <summary class="button quiet" aria-label={`Signed in as ${name}`}>
        <Icon name="user" />
        <span class="account-name tenant-text">{name}</span>
      </summary>
      <div class="card account-card">
        <p>
          Signed in as <strong class="tenant-text">{name}</strong>
        </p>
        {session.name !== session.subject && <p class="fine tenant-text">{session.subject}</p>}
        <p class="fine">You may act as: {session.roles.join(", ")}.</p>
        <ErrorNotice error={error} />
        <button type="button" class="button" onClick={leave}>
          Sign out
        </button>
      </div>
    </details>
  );
}
