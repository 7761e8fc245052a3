import { useId, useState } from "preact/hooks";
import type { Plan } from "../api/types";
import { Dialog } from "../components/dialog";
import { ErrorNotice, Notice } from "../components/notice";
import { titleOf } from "./stages";
import type { StepView } from "./state";
import { type Rerun, type Steering, errorOf, parsedObject } from "./steering";

type Edited = "nothing" | "query" | "program" | "plan";

interface RerunDialogProperties {
  view: StepView;
  plan: Plan;
  steering: Steering;
  onClose: () => void;
}

/** Run a question again from one of its steps, as it was or with something edited. Nothing before that step is repeated. */
export function RerunDialog({ view, plan, steering, onClose }: RerunDialogProperties) {
  const code = editableOf(view);
  const [edited, setEdited] = useState<Edited>("nothing");
  const [text, setText] = useState(view.generated?.text ?? "");
  const [planText, setPlanText] = useState(() => JSON.stringify(plan, null, 2));
  const [complaint, setComplaint] = useState("");
  const group = useId();
  const send = async () => {
    const request = requestOf(view.step.id, edited, edited === "plan" ? planText : text);
    setComplaint("complaint" in request ? request.complaint : "");
    if ("rerun" in request && (await steering.rerun(request.rerun))) onClose();
  };
  const choice = (value: Edited, words: string) => (
    <label class="choice">
      <input type="radio" name={group} checked={edited === value} onChange={() => setEdited(value)} />
      {words}
    </label>
  );
  return (
    <Dialog title={`Run again from “${titleOf(view)}”`} onClose={onClose} wide>
      <p class="soft">
        A new question begins at this step and takes over what the steps before it found. This one stays as it is.
      </p>
      <fieldset class="choices">
        <legend class="unseen">What is changed</legend>
        {choice("nothing", "As it was")}
        {code && choice(code, `With an edited ${code}`)}
        {choice("plan", "With an edited plan")}
      </fieldset>
      {(edited === "query" || edited === "program") && (
        <label class="field">
          <span class="label">The {edited}</span>
          <textarea
            class="code-field"
            rows={14}
            spellcheck={false}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
          />
        </label>
      )}
      {edited === "plan" && (
        <label class="field">
          <span class="label">The plan</span>
          <textarea
            class="code-field"
            rows={18}
            spellcheck={false}
            value={planText}
            onInput={(event) => setPlanText(event.currentTarget.value)}
          />
        </label>
      )}
      {complaint && (
        <Notice tone="bad" title="It cannot be sent" urgent>
          <p>{complaint}</p>
        </Notice>
      )}
      <ErrorNotice error={errorOf(steering, "rerun")} title="It was not run" />
      <div class="button-row dialog-foot">
        <button type="button" class="button" onClick={onClose}>
          Leave it
        </button>
        <button type="button" class="button primary" disabled={steering.busy !== null} onClick={send}>
          Run again
        </button>
      </div>
    </Dialog>
  );
}

function editableOf(view: StepView): "query" | "program" | null {
  if (view.generated === null) return null;
  return { cypher: "query" as const, sql: "query" as const, python: "program" as const, tool: null }[view.generated.language];
}

function requestOf(step: string, edited: Edited, text: string): { rerun: Rerun } | { complaint: string } {
  if (edited === "nothing") return { rerun: { from_step: step } };
  if (edited === "query") return { rerun: { from_step: step, query: text } };
  if (edited === "program") return { rerun: { from_step: step, program: text } };
  const parsed = parsedObject(text);
  return "value" in parsed ? { rerun: { from_step: step, plan: parsed.value } } : parsed;
}
