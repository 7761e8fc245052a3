import { useRef, useState } from "preact/hooks";
import { api } from "../api/client";
import type { QuestionSummary } from "../api/types";
import { ErrorNotice } from "../components/notice";
import { navigate, questionPath } from "../routing";

/** Ask a question and go to its page. The same text sent twice, by a double click or after a lost answer, is asked once. */
export function AskForm() {
  const [text, setText] = useState("");
  const [error, setError] = useState<unknown>(null);
  const key = useRef(crypto.randomUUID());
  const submit = async (event: Event) => {
    event.preventDefault();
    try {
      const asked = await api.post<QuestionSummary>(
        "/api/questions",
        { text, approve_plan: false },
        { "Idempotency-Key": key.current },
      );
      navigate(questionPath(asked.id));
    } catch (caught) {
      setError(caught);
    }
  };
  return (
    <form onSubmit={submit}>
      <label class="field">
        <span class="label">Your question</span>
        <textarea value={text} onInput={(event) => setText(event.currentTarget.value)} />
      </label>
      <ErrorNotice error={error} />
      <button type="submit" class="button primary">
        Ask
      </button>
    </form>
  );
}
