import { useState } from "preact/hooks";
import { CopyButton } from "../components/copy-button";
import { Dialog } from "../components/dialog";
import { Icon } from "../components/icon";
import { Moment } from "../components/moment";
import { ErrorNotice } from "../components/notice";
import { StateBadge } from "../components/state-badge";
import { Link, questionPath } from "../routing";
import type { Origin } from "../api/types";
import type { Rights } from "./rights";
import { ShareButton } from "./share-dialog";
import { type QuestionView, hasEnded } from "./state";
import { type Steering, errorOf } from "./steering";
import type { WatchedQuestion } from "./watching";

interface QuestionHeadProperties {
  id: string;
  text: string;
  question: WatchedQuestion;
  steering: Steering;
  rights: Rights;
}

/** What was asked, how it was understood, where it stands, and what may be done to it. */
export function QuestionHead({ id, text, question, steering, rights }: QuestionHeadProperties) {
  const { view, summary } = question;
  const understood = view.plan?.understood_as;
  return (
    <header class="question-head">
      <div class="question-line">
        <StateBadge state={stateShown(question)} outcome={view.answer?.outcome ?? null} />
        <span class="fine">{doing(view)}</span>
        {question.line === "lost" && <Lost />}
      </div>
      <h1 class="tenant-text">{text || <span class="soft">…</span>}</h1>
      {understood && (
        <p class="understood">
          <span class="understood-label">Understood as</span> <span class="tenant-text">{understood}</span>
        </p>
      )}
      <div class="question-foot">
        <ul class="meta fine">
          {summary && (
            <li>
              Asked by <span class="tenant-text">{summary.asker}</span> <Moment at={summary.started} />
            </li>
          )}
          <li class="meta-id">
            <code>{id}</code>
            <CopyButton text={location.origin + questionPath(id)} what="the address of this question" />
          </li>
          {summary?.temporal_url && (
            <li>
              <a href={summary.temporal_url} target="_blank" rel="noreferrer">
                In Temporal’s own view
                <span class="unseen"> (opens another window)</span>
              </a>
            </li>
          )}
          {view.origin && <From origin={view.origin} />}
        </ul>
        <div class="button-row">
          {rights.mayShare && summary && <ShareButton id={id} />}
          {rights.maySteer && <Controls view={view} steering={steering} />}
        </div>
      </div>
      <ErrorNotice error={errorOf(steering, "pause", "resume", "cancel")} title="That was not done" />
      <Decisions view={view} />
    </header>
  );
}

// Quiet: nothing is lost, and nobody has to do anything.
function Lost() {
  return (
    <span class="lost fine" role="status">
      <span class="lost-dot" aria-hidden="true" />
      Connection lost; the question goes on, and so does this page by itself
    </span>
  );
}

// Before the first event the summary knows more.
function stateShown({ view, summary }: WatchedQuestion): string {
  if (view.next === 0 && summary) return summary.state;
  return view.state;
}

/** What goes on at this moment, where the state alone does not say it. */
function doing(view: QuestionView): string {
  if (view.state !== "RUNNING") return "";
  if (view.plan === null) return "Understanding the question, making a plan";
  const open = view.steps.filter((step) => step.stage === "PENDING" || step.stage === "RUNNING" || step.stage === "BLOCKED");
  if (open.length === 0) return "All steps are done; putting the answer together";
  const done = view.steps.length - open.length;
  return `${done} of ${view.steps.length} steps done`;
}

function From({ origin }: { origin: Origin }) {
  const how = origin.kind === "retry" ? "Tried again after" : "Run again from";
  return (
    <li>
      {how} <Link to={questionPath(origin.question_id)}>{origin.question_id}</Link>
      {origin.from_step && (
        <>
          , from step <code>{origin.from_step}</code>
        </>
      )}
      {origin.edited && `, with an edited ${origin.edited}`}
    </li>
  );
}

const DECISIONS: Record<string, string> = {
  approve: "approved",
  reject: "rejected",
  edit: "edited",
  stop: "stopped",
};

function Decisions({ view }: { view: QuestionView }) {
  if (view.decisions.length === 0) return null;
  return (
    <ul class="decisions fine" aria-label="Decisions">
      {view.decisions.map((each) => (
        <li key={`${each.at}${each.stepId}`}>
          <Icon name="check" />
          <span>
            <strong class="tenant-text">{each.byDeadline ? "The deadline" : each.reviewer}</strong>{" "}
            {DECISIONS[each.decision] ?? each.decision} {each.stepId === null ? "the plan" : `step ${each.stepId}`}
            {each.furtherCalls !== null && `, ${each.furtherCalls} further calls`} <Moment at={each.at} />
            {each.comment && (
              <>
                : <q class="tenant-text">{each.comment}</q>
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  );
}

function Controls({ view, steering }: { view: QuestionView; steering: Steering }) {
  const [asking, setAsking] = useState(false);
  if (hasEnded(view.state)) return null;
  const busy = steering.busy !== null;
  const mayPause = view.state === "RUNNING" || view.state === "BLOCKED";
  return (
    <>
      {mayPause && (
        <button type="button" class="button" disabled={busy} onClick={steering.pause}>
          <Icon name="pause" />
          Pause
        </button>
      )}
      {view.state === "PAUSED" && (
        <button type="button" class="button primary" disabled={busy} onClick={steering.resume}>
          <Icon name="play" />
          Resume
        </button>
      )}
      <button type="button" class="button danger" disabled={busy} onClick={() => setAsking(true)}>
        <Icon name="stop" />
        Cancel
      </button>
      {asking && (
        <Dialog title="End this question?" onClose={() => setAsking(false)}>
          <p>No further step starts. What was found so far stays in its answer. It cannot go on afterwards.</p>
          <div class="button-row dialog-foot">
            <button type="button" class="button" onClick={() => setAsking(false)}>
              Let it go on
            </button>
            <button
              type="button"
              class="button danger"
              disabled={busy}
              onClick={async () => {
                await steering.cancel();
                setAsking(false);
              }}
            >
              End it
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
