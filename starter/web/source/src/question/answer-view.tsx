import { useState } from "preact/hooks";
import type { Answer, FormattedAnswer, ModelUsage } from "../api/types";
import { askFor, asked } from "../ask/asking";
import { Icon } from "../components/icon";
import { Moment } from "../components/moment";
import { ErrorNotice, Notice } from "../components/notice";
import { lazily } from "../lazily";
import { navigate, questionPath } from "../routing";
import { count, counted, duration } from "../words";
import { JsonEditor } from "./json-editor";
import { MarkdownView } from "./markdown-view";
import { type Steering, errorOf } from "./steering";

const ResultTable = lazily(() => import("../table/result-table").then((module) => module.ResultTable), "The table");

const SOURCES: Record<FormattedAnswer["data_source_type"], string> = {
  sql: "the stored snapshot",
  realtime: "the live tenant",
  hybrid: "the stored snapshot and the live tenant",
};

interface AnswerViewProperties {
  answer: Answer;
  steering: Steering;
  maySteer: boolean;
}

/** How a question ended. */
export function AnswerView({ answer, steering, maySteer }: AnswerViewProperties) {
  switch (answer.outcome) {
    case "answered":
      return <Answered answer={answer} steering={steering} maySteer={maySteer} />;
    case "needs_clarification":
      return <AskedBack answer={answer} />;
    case "refused":
      return <Refused answer={answer} />;
    case "failed":
      return (
        <section class="ending" aria-label="How it ended">
          <Notice tone="bad" title="The question failed">
            <p class="tenant-text">{answer.message}</p>
          </Notice>
          <Gaps answer={answer} />
          <ErrorNotice error={errorOf(steering, "retry")} title="It was not run again" />
          {maySteer && (
            <div class="button-row">
              <button type="button" class="button primary" disabled={steering.busy !== null} onClick={steering.retry}>
                <Icon name="retry" />
                Try again
              </button>
              <span class="fine">What is finished is not repeated.</span>
            </div>
          )}
          <Origin answer={answer} />
        </section>
      );
    case "cancelled":
      return (
        <section class="ending" aria-label="How it ended">
          <Notice title={<span class="tenant-text">{answer.message || "The question was cancelled."}</span>} />
          <Gaps answer={answer} />
          <Origin answer={answer} />
        </section>
      );
  }
}

function Answered({ answer, steering, maySteer }: AnswerViewProperties) {
  const { formatted } = answer;
  if (!formatted) return null;
  return (
    <section class="answer" aria-labelledby="answer-heading">
      <h2 id="answer-heading" class="unseen">
        Answer
      </h2>
      <p class="answer-summary tenant-text">{formatted.summary}</p>
      <Gaps answer={answer} />
      {formatted.display_type === "markdown" ? (
        formatted.markdown.trim() !== formatted.summary.trim() && <MarkdownView text={formatted.markdown} />
      ) : (
        <ResultTable questionId={answer.correlation_id} answer={answer} />
      )}
      <Origin answer={answer} />
      {maySteer && formatted.display_type === "table" && Object.keys(formatted.presentation).length > 0 && (
        <ShowOtherwise formatted={formatted} steering={steering} />
      )}
    </section>
  );
}

function ShowOtherwise({ formatted, steering }: { formatted: FormattedAnswer; steering: Steering }) {
  const [open, setOpen] = useState(false);
  return (
    <p>
      <button type="button" class="button quiet small" onClick={() => setOpen(true)}>
        <Icon name="edit" />
        Show it otherwise
      </button>
      {open && (
        <JsonEditor
          value={formatted.presentation}
          title="Show the answer otherwise"
          label="The recipe that makes the table out of the rows"
          hint="A new question takes over all rows; no step runs again."
          action="Show it so"
          busy={steering.busy !== null}
          error={errorOf(steering, "rerun")}
          onSend={(presentation) => steering.rerun({ presentation })}
          onClose={() => {
            setOpen(false);
            steering.forget();
          }}
        />
      )}
    </p>
  );
}

/** What is missing, stated plainly. */
function Gaps({ answer }: { answer: Answer }) {
  const [all, setAll] = useState(false);
  const { gaps } = answer;
  if (gaps.length === 0) return null;
  const shown = all ? gaps : gaps.slice(0, 4);
  return (
    <Notice tone="warning" title={`What is missing (${count(gaps.length)})`}>
      <ul class="gaps">
        {shown.map((gap) => (
          <li key={gap.message} class="tenant-text">
            {gap.message}
          </li>
        ))}
      </ul>
      {shown.length < gaps.length && (
        <p>
          <button type="button" class="button quiet small" onClick={() => setAll(true)}>
            Show all {count(gaps.length)}
          </button>
        </p>
      )}
    </Notice>
  );
}

function Refused({ answer }: { answer: Answer }) {
  const missing = answer.not_understood.filter((word) => !answer.message.includes(word));
  return (
    <section class="ending" aria-label="How it ended">
      <Notice tone="warning" title="This is not answered">
        <p class="tenant-text">{answer.message}</p>
        {missing.length > 0 && (
          <p>
            Not understood:{" "}
            {missing.map((word) => (
              <q key={word} class="word tenant-text">
                {word}
              </q>
            ))}
          </p>
        )}
      </Notice>
      <div class="button-row">
        <button type="button" class="button" onClick={() => askFor(answer.question)}>
          <Icon name="edit" />
          Ask it in other words
        </button>
      </div>
    </section>
  );
}

function AskedBack({ answer }: { answer: Answer }) {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const choose = async (text: string) => {
    setBusy(true);
    setError(null);
    try {
      navigate(questionPath((await asked(text, false, crypto.randomUUID())).id));
    } catch (caught) {
      setError(caught);
      setBusy(false);
    }
  };
  return (
    <section class="ending" aria-labelledby="asked-back">
      <h2 id="asked-back" class="tenant-text">
        {answer.message}
      </h2>
      <ul class="readings" aria-label="What it can mean">
        {answer.choices.map((choice) => (
          <li key={choice}>
            <button type="button" class="reading" disabled={busy} onClick={() => choose(choice)}>
              <span class="tenant-text">{choice}</span>
              <Icon name="arrow" />
            </button>
          </li>
        ))}
      </ul>
      <ErrorNotice error={error} title="It was not asked" />
      <div class="button-row">
        <button type="button" class="button" onClick={() => askFor(answer.question)}>
          <Icon name="edit" />
          Ask it in other words
        </button>
      </div>
    </section>
  );
}

/** Where the answer comes from, how fresh that is, and what it took. */
function Origin({ answer }: { answer: Answer }) {
  const { formatted } = answer;
  const lastSync = formatted ? formatted.last_sync : (answer.snapshot?.synced_at ?? null);
  const usage = usageOf(answer);
  const calls = answer.steps.flatMap((step) => step.result?.live?.endpoints ?? []).reduce((sum, use) => sum + use.calls, 0);
  const readLive = answer.steps
    .map((step) => step.result?.live?.finished)
    .filter((at) => at !== undefined)
    .sort()
    .at(-1);
  const seconds = (Date.parse(answer.finished) - Date.parse(answer.started)) / 1000;
  return (
    <ul class="origin figures" aria-label="Where it comes from">
      {formatted && (
        <li>
          <Icon name="layers" />
          From {SOURCES[formatted.data_source_type]}
        </li>
      )}
      {lastSync !== null && (
        <li>
          <Icon name="sync" />
          <span>
            Last synced <Moment at={lastSync} />
          </span>
        </li>
      )}
      {calls > 0 && (
        <li>
          <Icon name="bolt" />
          <span>
            {readLive && (
              <>
                Read live <Moment at={readLive} />,{" "}
              </>
            )}
            {counted(calls, "call")} of the tenant
          </span>
        </li>
      )}
      <li>
        <Icon name="clock" />
        {duration(seconds)}
      </li>
      {usage && usage.calls > 0 && (
        <li>
          <Icon name="info" />
          {usageWords(usage)}
        </li>
      )}
    </ul>
  );
}

function usageOf(answer: Answer): ModelUsage | null {
  const ran = answer.steps.filter((step) => !step.reused_from).map((step) => step.result?.effort.models);
  const parts = [answer.planning_effort?.models, ...ran, answer.formatted?.effort.models, answer.spent_in_vain];
  const known = parts.filter((part): part is ModelUsage => Boolean(part));
  if (known.length === 0) return null;
  return known.reduce((sum, part) => ({
    calls: sum.calls + part.calls,
    input_tokens: sum.input_tokens + part.input_tokens,
    output_tokens: sum.output_tokens + part.output_tokens,
    cost_usd: sum.cost_usd === null || part.cost_usd === null ? null : sum.cost_usd + part.cost_usd,
    unmeasured_calls: sum.unmeasured_calls + part.unmeasured_calls,
    part_cost_usd: (sum.cost_usd ?? sum.part_cost_usd) + (part.cost_usd ?? part.part_cost_usd),
  }));
}

function usageWords(usage: ModelUsage): string {
  const least = usage.unmeasured_calls > 0 ? "at least " : "";
  const tokens = `${least}${counted(usage.input_tokens + usage.output_tokens, "token")}`;
  const price = usage.cost_usd === null ? "price not known" : `US$ ${usage.cost_usd.toFixed(4)}`;
  return `${counted(usage.calls, "model call")}, ${tokens}, ${price}`;
}
