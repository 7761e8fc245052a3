import { useId, useState } from "preact/hooks";
import { Dialog } from "../components/dialog";
import { ErrorNotice, Notice } from "../components/notice";
import { parsedObject } from "./steering";

interface JsonEditorProperties {
  value: unknown;
  title: string;
  /** What the text is. */
  label: string;
  hint: string;
  /** What the button does. */
  action: string;
  busy: boolean;
  /** The gateway's complaints about the last try. */
  error: unknown;
  onSend: (value: object) => void;
  onClose: () => void;
}

/** A value as JSON to edit. What is wrong with it is said here first, then by the gateway, which knows every rule. */
export function JsonEditor({ value, title, label, hint, action, busy, error, onSend, onClose }: JsonEditorProperties) {
  const [text, setText] = useState(() => JSON.stringify(value, null, 2));
  const [complaint, setComplaint] = useState("");
  const help = useId();
  const send = () => {
    const parsed = parsedObject(text);
    setComplaint("complaint" in parsed ? parsed.complaint : "");
    if ("value" in parsed) onSend(parsed.value);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !busy) send();
  };
  return (
    <Dialog title={title} onClose={onClose} wide>
      <label class="field">
        <span class="label">{label}</span>
        <textarea
          class="code-field"
          rows={20}
          spellcheck={false}
          value={text}
          aria-describedby={help}
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={keys}
        />
      </label>
      <p class="fine" id={help}>
        {hint}
      </p>
      {complaint && (
        <Notice tone="bad" title="It cannot be sent" urgent>
          <p>{complaint}</p>
        </Notice>
      )}
      <ErrorNotice error={error} title="It was not taken" />
      <div class="button-row dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Leave it as it is
        </button>
        <button type="button" class="button primary" disabled={busy} onClick={send}>
          {action}
        </button>
      </div>
    </Dialog>
  );
}
