import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import type { Answer, EndpointUse, Plan } from "../api/types";
import { Icon } from "../components/icon";
import { Notice } from "../components/notice";
import { lazily } from "../lazily";
import { Link, questionPath } from "../routing";
import { bytes, count, counted, duration } from "../words";
import { CodeView } from "./code-view";
import { RerunDialog } from "./rerun-dialog";
import { STAGES, titleOf, toolOf } from "./stages";
import { type QuestionView, type StepView, hasEnded } from "./state";
import type { Steering } from "./steering";

const ResultTable = lazily(() => import("../table/result-table").then((module) => module.ResultTable), "The table");

interface StepDetailProperties {
  view: StepView;
  question: QuestionView;
  steering: Steering;
  maySteer: boolean;
}

/** All that is known of one step. */
export function StepDetail({ view, question, steering, maySteer }: StepDetailProperties) {
  const { step } = view;
  const stage = STAGES[view.stage];
  const again = maySteer && hasEnded(question.state) && question.plan !== null && view.stage !== "PENDING";
  return (
    <section class="detail card" aria-label={`Step ${step.id}`}>
      <header class="detail-head">
        <div>
          <h3 class="tenant-text">{titleOf(view)}</h3>
          <p class="fine">
            <span class={`dot tone-${stage.tone}`} aria-hidden="true" /> {stage.words} · {toolOf(step).long} ·{" "}
            <code>{step.id}</code>
          </p>
        </div>
        {again && question.plan && <RunAgain view={view} plan={question.plan} steering={steering} />}
      </header>
      <p class="detail-context tenant-text">{step.query_context}</p>
      {view.reusedFrom !== null && (
        <p class="fine">
          Not run here: its rows are those of <Link to={questionPath(view.reusedFrom)}>{view.reusedFrom}</Link>.
        </p>
      )}
      {view.error !== null && (
        <Notice tone="bad" title="The step failed">
          <p class="tenant-text">{view.error}</p>
        </Notice>
      )}
      {view.stage === "SKIPPED" && (
        <p class="soft">It was not run: what it needs failed or found nothing, or the question ended before it.</p>
      )}
      {view.generated ? <CodeView generated={view.generated} /> : <NotYet view={view} />}
      {view.result?.notes.map((note) => (
        <p key={note} class="fine tenant-text">
          {note}
        </p>
      ))}
      {view.result?.live && <Endpoints uses={view.result.live.endpoints} />}
      {question.answer && view.result && view.result.rows.row_count > 0 && (
        <StepRows answer={question.answer} stepId={step.id} rows={view.result.rows.row_count} />
      )}
      <Facts view={view} />
    </section>
  );
}

function StepRows({ answer, stepId, rows }: { answer: Answer; stepId: string; rows: number }) {
  const [open, setOpen] = useState(false);
  if (open) return <ResultTable questionId={answer.correlation_id} answer={answer} stepId={stepId} />;
  return (
    <p>
      <button type="button" class="button small" onClick={() => setOpen(true)}>
        <Icon name="table" />
        Show {rows === 1 ? "its row" : `its ${count(rows)} rows`}
      </button>
    </p>
  );
}

function NotYet({ view }: { view: StepView }) {
  if (view.stage === "RUNNING") return <p class="soft">What is generated for it is shown when it has ended.</p>;
  return null;
}

function RunAgain({ view, plan, steering }: { view: StepView; plan: Plan; steering: Steering }) {
  const [open, setOpen] = useState(false);
  const close = () => {
    setOpen(false);
    steering.forget();
  };
  return (
    <>
      <button type="button" class="button small" onClick={() => setOpen(true)}>
        <Icon name="retry" />
        Run again from here
      </button>
      {open && <RerunDialog view={view} plan={plan} steering={steering} onClose={close} />}
    </>
  );
}

function Endpoints({ uses }: { uses: EndpointUse[] }) {
  return (
    <div class="scrolls" tabIndex={0} role="region" aria-label="What was asked of the tenant">
      <table class="plain-table figures">
        <thead>
          <tr>
            <th scope="col">Endpoint</th>
            <th scope="col">Calls</th>
            <th scope="col">Retries</th>
            <th scope="col">Refused</th>
            <th scope="col">Waited</th>
            <th scope="col">Received</th>
          </tr>
        </thead>
        <tbody>
          {uses.map((use) => (
            <tr key={use.endpoint}>
              <th scope="row">
                <code class="tenant-text">{use.endpoint}</code>
              </th>
              <td>{count(use.calls)}</td>
              <td>{count(use.retries)}</td>
              <td>{count(use.refused)}</td>
              <td>{use.waited_seconds > 0 ? duration(use.waited_seconds) : "–"}</td>
              <td>{bytes(use.received_bytes)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Facts({ view }: { view: StepView }) {
  const { step, result } = view;
  const models = result?.effort.models;
  const parameters = Object.keys(step.parameters).length > 0 ? JSON.stringify(step.parameters, null, 2) : "";
  return (
    <details class="facts">
      <summary>
        <Icon name="down" />
        More about this step
      </summary>
      <dl class="fact-list">
        {step.reasoning && <Fact name="Why it is in the plan">{step.reasoning}</Fact>}
        <Fact name="Needs">{step.depends_on.length > 0 ? step.depends_on.join(", ") : "no other step"}</Fact>
        <Fact name="If it fails">
          {step.critical ? "the question fails, unless the plan accepts a part" : "the answer states a gap"}
        </Fact>
        {result && <Fact name="Columns">{result.rows.columns.map((column) => column.name).join(", ")}</Fact>}
        {result && <Fact name="Rows kept">{`${counted(result.rows.row_count, "row")}, ${bytes(result.rows.size_bytes)}`}</Fact>}
        {models && (
          <Fact name="Models">
            {`${counted(models.calls, "call")}, ${count(models.input_tokens)} tokens read, ${count(models.output_tokens)} written`}
          </Fact>
        )}
        {parameters && (
          <Fact name="Parameters">
            <pre class="small-code tenant-text">{parameters}</pre>
          </Fact>
        )}
      </dl>
    </details>
  );
}

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd class="tenant-text">{children}</dd>
    </div>
  );
}
