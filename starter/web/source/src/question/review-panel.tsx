import { useId, useState } from "preact/hooks";
import type { CallsWanted, Plan, State, Waiting } from "../api/types";
import { Icon } from "../components/icon";
import { Moment } from "../components/moment";
import { ErrorNotice } from "../components/notice";
import { count, roughMinutes } from "../words";
import { JsonEditor } from "./json-editor";
import { titleOf } from "./stages";
import type { QuestionView } from "./state";
import { type Reviewed, type Steering, errorOf } from "./steering";

/** What waits for a person, one panel for each, with everything that is needed to decide. */
export function Reviews({ view, steering, may }: { view: QuestionView; steering: Steering; may: boolean }) {
  if (view.state !== "BLOCKED" && view.state !== "PAUSED") return null;
  return (
    <>
      {view.waiting.map((waiting) => {
        const step = view.steps.find((each) => each.step.id === waiting.step_id);
        const title = waiting.step_id === null ? "The plan waits for a decision" : `“${step ? titleOf(step) : waiting.step_id}” wants more calls`;
        return (
          <ReviewPanel
            key={waiting.step_id ?? ""}
            waiting={waiting}
            title={title}
            plan={view.plan}
            state={view.state}
            steering={steering}
            may={may}
          />
        );
      })}
    </>
  );
}

interface ReviewPanelProperties {
  waiting: Waiting;
  title: string;
  plan: Plan | null;
  state: State;
  steering: Steering;
  may: boolean;
}

type Decided = Omit<Reviewed, "comment" | "step_id" | "asked_at">;

function ReviewPanel({ waiting, title, plan, state, steering, may }: ReviewPanelProperties) {
  const [comment, setComment] = useState("");
  const [editing, setEditing] = useState(false);
  const heading = useId();
  const ofPlan = waiting.step_id === null;
  const held = state === "PAUSED" || steering.busy !== null;
  const decide = (review: Decided) =>
    steering.review({
      ...review,
      comment: comment.trim(),
      step_id: waiting.step_id,
      asked_at: waiting.since ?? null,
    });
  return (
    <section class="review" aria-labelledby={heading} data-testid="review">
      <header class="review-head">
        <Icon name="hand" />
        <div>
          <h2 id={heading} class="tenant-text">
            {title}
          </h2>
          <p class="tenant-text">{waiting.reason}</p>
        </div>
      </header>
      {waiting.calls_wanted && <Estimate wanted={waiting.calls_wanted} />}
      <Deadline waiting={waiting} />
      {may ? (
        <>
          <label class="field">
            <span class="label">
              Comment <span class="fine">(kept with the decision)</span>
            </span>
            <textarea rows={2} maxLength={4000} value={comment} onInput={(event) => setComment(event.currentTarget.value)} />
          </label>
          {!editing && <ErrorNotice error={errorOf(steering, "review")} title="The decision was not taken" />}
          {state === "PAUSED" && <p class="fine">The question is paused: resume it to decide.</p>}
          <div class="button-row">
            <button type="button" class="button primary" disabled={held} onClick={() => decide({ decision: "approve" })}>
              <Icon name="check" />
              {ofPlan ? "Approve the plan" : "Approve all of them"}
            </button>
            {!ofPlan && <ApproveSome wanted={waiting.calls_wanted} held={held} decide={decide} />}
            {ofPlan && (
              <button type="button" class="button" disabled={held || !plan} onClick={() => setEditing(true)}>
                <Icon name="edit" />
                Edit the plan
              </button>
            )}
            {!ofPlan && (
              <button type="button" class="button" disabled={held} onClick={() => decide({ decision: "stop" })}>
                <Icon name="stop" />
                Stop, answer with what was read
              </button>
            )}
            <button type="button" class="button danger" disabled={held} onClick={() => decide({ decision: "reject" })}>
              <Icon name="cross" />
              Reject
            </button>
          </div>
        </>
      ) : (
        <p class="fine">Whoever asked it decides, or a reviewer.</p>
      )}
      {editing && plan && (
        <JsonEditor
          value={plan}
          title="Edit the plan"
          label="The plan"
          hint="Steps run as their depends_on asks for. The plan is checked before anything runs."
          action="Run this plan"
          busy={steering.busy !== null}
          error={errorOf(steering, "review")}
          onSend={async (edited) => {
            if (await decide({ decision: "edit", plan: edited })) setEditing(false);
          }}
          onClose={() => {
            setEditing(false);
            steering.forget();
          }}
        />
      )}
    </section>
  );
}

function Estimate({ wanted }: { wanted: CallsWanted }) {
  return (
    <dl class="figures-row figures">
      <div>
        <dt>Calls made</dt>
        <dd>{count(wanted.calls_made)}</dd>
      </div>
      <div>
        <dt>Calls to come</dt>
        <dd>{wanted.calls_to_come === null ? "nobody can tell" : count(wanted.calls_to_come)}</dd>
      </div>
      <div>
        <dt>At the tenant’s limit</dt>
        <dd>{wanted.minutes === null ? "nobody can tell" : roughMinutes(wanted.minutes)}</dd>
      </div>
    </dl>
  );
}

function Deadline({ waiting }: { waiting: Waiting }) {
  if (!waiting.due && !waiting.escalated) return null;
  return (
    <p class="fine">
      {waiting.escalated && (
        <>
          Nobody decided in time; an administrator decides now
          {waiting.escalated_to?.length ? `, or ${waiting.escalated_to.join(", ")}` : ""}.{" "}
        </>
      )}
      {waiting.due && (
        <>
          To be decided until <Moment at={waiting.due} />.
        </>
      )}
    </p>
  );
}

interface ApproveSomeProperties {
  wanted: CallsWanted | null;
  held: boolean;
  decide: (review: Decided) => void;
}

function ApproveSome({ wanted, held, decide }: ApproveSomeProperties) {
  const [calls, setCalls] = useState(() => String(Math.min(wanted?.calls_to_come ?? 1_000, 1_000)));
  const figure = Number(calls);
  const sensible = Number.isInteger(figure) && figure >= 1;
  return (
    <span class="joined">
      <input
        class="calls-field figures"
        type="number"
        min={1}
        step={1}
        inputMode="numeric"
        aria-label="How many further calls to approve"
        value={calls}
        onInput={(event) => setCalls(event.currentTarget.value)}
      />
      <button
        type="button"
        class="button"
        disabled={held || !sensible}
        onClick={() => decide({ decision: "approve", further_calls: figure })}
      >
        Approve {sensible ? count(figure) : "so many"} calls
      </button>
    </span>
  );
}
