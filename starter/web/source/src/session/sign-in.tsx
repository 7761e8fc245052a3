import { useEffect, useState } from "preact/hooks";
import type { Session } from "../api/types";
import { Icon } from "../components/icon";
import { ErrorNotice } from "../components/notice";
import { signIn } from "./session";

interface SignInProperties {
  /** Why somebody who came with a code was not let in. */
  refused: unknown;
  onSignedIn: (session: Session) => void;
}

export function SignIn({ refused, onSignedIn }: SignInProperties) {
  const [key, setKey] = useState("");
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(refused);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setError(null);
    try {
      onSignedIn(await signIn({ key: key.trim() }));
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  useEffect(() => {
    document.title = "Sign in · Holdfast";
  }, []);
  return (
    <main id="content" class="sign-in" tabIndex={-1}>
      <form class="card sign-in-card" onSubmit={submit}>
        <h1>Sign in</h1>
        <p class="soft">
          With an API key of yours, as <code>holdfast keys create</code> prints it. On this machine,{" "}
          <code>holdfast up</code> opens the page signed in.
        </p>
        <label class="field">
          <span class="label">API key or token</span>
          <input
            type="password"
            name="key"
            autocomplete="current-password"
            spellcheck={false}
            required
            value={key}
            onInput={(event) => setKey(event.currentTarget.value)}
          />
        </label>
        <ErrorNotice error={error} title="You are not signed in" />
        <button type="submit" class="button primary" disabled={busy || !key.trim()}>
          <Icon name="arrow" />
          {busy ? "Signing in …" : "Sign in"}
        </button>
      </form>
    </main>
  );
}
