import { useEffect, useId, useRef, useState } from "preact/hooks";
import { announce } from "../announce";
import { Icon } from "../components/icon";
import { ErrorNotice } from "../components/notice";
import { navigate, questionPath } from "../routing";
import { count } from "../words";
import { MOST_CHARACTERS, asked } from "./asking";

interface AskFormProperties {
  text: string;
  onText: (text: string) => void;
}

/** One field for a question. A text that is sent twice, after a double click or a lost answer, is asked once. */
export function AskForm({ text, onText }: AskFormProperties) {
  const [planFirst, setPlanFirst] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [complaint, setComplaint] = useState("");
  const field = useRef<HTMLTextAreaElement>(null);
  const [help, wrong] = [useId(), useId()];
  const key = useRef({ of: "", key: "" });
  useEffect(() => field.current?.focus(), []);
  useEffect(() => grown(field.current), [text]);

  const send = async () => {
    const question = text.trim();
    const found = complaintAbout(question);
    setComplaint(found);
    if (found) {
      field.current?.focus();
      return;
    }
    const what = JSON.stringify([question, planFirst]);
    if (key.current.of !== what) key.current = { of: what, key: crypto.randomUUID() };
    setBusy(true);
    setError(null);
    try {
      const started = await asked(question, planFirst, key.current.key);
      announce("The question is asked");
      navigate(questionPath(started.id));
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !busy) {
      event.preventDefault();
      void send();
    }
  };
  return (
    <form
      class="ask-form card"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
    >
      <label class="unseen" for="question">
        Your question
      </label>
      <textarea
        id="question"
        ref={field}
        class="ask-field"
        rows={2}
        maxLength={MOST_CHARACTERS}
        placeholder="Who in Finance has no phishing-resistant factor?"
        value={text}
        aria-describedby={complaint ? `${wrong} ${help}` : help}
        aria-invalid={complaint !== ""}
        onInput={(event) => {
          onText(event.currentTarget.value);
          setComplaint("");
        }}
        onKeyDown={keys}
      />
      {complaint && (
        <p class="ask-complaint" id={wrong} role="alert">
          {complaint}
        </p>
      )}
      <div class="ask-foot">
        <label class="choice">
          <input type="checkbox" checked={planFirst} onChange={(event) => setPlanFirst(event.currentTarget.checked)} />
          Show me the plan first
        </label>
        <span class="fine ask-help" id={help}>
          {text.length > MOST_CHARACTERS * 0.8 ? (
            `${count(MOST_CHARACTERS - text.length)} characters left`
          ) : (
            <>
              <kbd>Ctrl</kbd> <kbd>Enter</kbd> or <kbd>⌘</kbd> <kbd>Enter</kbd> asks
            </>
          )}
        </span>
        <button type="submit" class="button primary" disabled={busy}>
          {busy ? "Asking …" : "Ask"}
          <Icon name="arrow" />
        </button>
      </div>
      <ErrorNotice error={error} title="The question was not asked" />
    </form>
  );
}

function complaintAbout(question: string): string {
  if (!question) return "Write a question first, or take one of the examples.";
  if (!/\p{L}/u.test(question)) return "A question needs words.";
  return "";
}

// As high as its text, within what the style sheet allows.
function grown(field: HTMLTextAreaElement | null): void {
  if (!field) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight + 2}px`;
}
