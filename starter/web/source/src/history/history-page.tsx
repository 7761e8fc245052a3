import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { api } from "../api/client";
import type { QuestionSummary } from "../api/types";
import { useNow } from "../clock";
import { Icon } from "../components/icon";
import { Moment } from "../components/moment";
import { ErrorNotice } from "../components/notice";
import { StateBadge } from "../components/state-badge";
import { usePolled } from "../polling";
import { Link, questionPath, useParameter } from "../routing";
import { useSession } from "../session/session";
import { counted, duration } from "../words";
import { WHOSE, type Whose, byDay, hasEnded, listsFor, waitingFirst } from "./days";

interface QuestionList {
  questions: QuestionSummary[];
}

const FIRST = 50;
// The most that the gateway lists.
const MOST = 200;
const WHILE_RUNNING_MS = 3_000;
const AT_REST_MS = 20_000;
const TYPING_MS = 250;

/** The questions that somebody may see, the latest first; those that wait for somebody before them. */
export function HistoryPage(): JSX.Element {
  const { roles } = useSession();
  const lists = listsFor(roles);
  const [named, setNamed] = useParameter("which");
  const [text, setText] = useParameter("text");
  const [limit, setLimit] = useState(FIRST);
  const which = lists.find((each) => each === named) ?? "mine";
  const found = usePolled<QuestionList>(
    `${which} ${limit} ${text ?? ""}`,
    (signal) => api.get(`/api/questions?${new URLSearchParams({ which, limit: String(limit), text: text ?? "" })}`, signal),
    (list) => (list?.questions.every(hasEnded) === false ? WHILE_RUNNING_MS : AT_REST_MS),
  );
  const questions = found.value?.questions;
  return (
    <main id="content" class="column history" tabIndex={-1}>
      <h1>Questions asked before</h1>
      <div class="history-tools">
        <TextSearch text={text ?? ""} onText={(next) => setText(next || null)} />
        <div class="segments" role="group" aria-label="Whose questions">
          {lists.map((each) => (
            <button
              type="button"
              key={each}
              aria-pressed={each === which}
              onClick={() => {
                setLimit(FIRST);
                setNamed(each === "mine" ? null : each);
              }}
            >
              {WHOSE[each]}
            </button>
          ))}
        </div>
      </div>
      <ErrorNotice error={found.failed} title="The questions could not be listed" />
      {questions === undefined && !found.failed && <p class="loading">Looking …</p>}
      {questions?.length === 0 && <Nothing which={which} text={text ?? ""} />}
      {questions && questions.length > 0 && <Lists questions={questions} which={which} />}
      {questions && questions.length >= limit && (
        <p class="history-more">
          {limit < MOST ? (
            <button type="button" class="button" onClick={() => setLimit(MOST)}>
              Show more
            </button>
          ) : (
            <span class="fine">These are the latest {MOST}. Search for older ones by their words.</span>
          )}
        </p>
      )}
    </main>
  );
}

function Lists({ questions, which }: { questions: readonly QuestionSummary[]; which: Whose }): JSX.Element {
  const now = useNow(60_000);
  const { waiting, others } = waitingFirst(questions);
  return (
    <div onKeyDown={stepped}>
      {waiting.length > 0 && (
        <section class="history-waiting" aria-labelledby="waiting-heading">
          <h2 id="waiting-heading">
            <Icon name="hand" />
            {counted(waiting.length, "question waits", "questions wait")} for a decision
          </h2>
          <Items questions={waiting} which={which} />
        </section>
      )}
      {byDay(others, now).map((day) => (
        <section class="history-day" key={day.name} aria-label={day.name}>
          <h2>{day.name}</h2>
          <Items questions={day.questions} which={which} />
        </section>
      ))}
    </div>
  );
}

function Items({ questions, which }: { questions: readonly QuestionSummary[]; which: Whose }): JSX.Element {
  const { subject } = useSession();
  return (
    <ol class="history-items card">
      {questions.map((question) => (
        <li key={question.id}>
          <Link to={questionPath(question.id)} class="history-item" data-question={question.id}>
            <span class="history-text tenant-text">{question.text}</span>
            <span class="history-about">
              <StateBadge state={question.state} />
              <span class="fine">
                <Moment at={question.started} />
                {question.closed !== null && `, took ${took(question.started, question.closed)}`}
                {(which !== "mine" || question.asker !== subject) && <>, asked by {question.asker}</>}
              </span>
            </span>
          </Link>
        </li>
      ))}
    </ol>
  );
}

function Nothing({ which, text }: { which: Whose; text: string }): JSX.Element {
  if (text) return <p class="history-none soft">No question has these words.</p>;
  const words = {
    mine: "You have not asked anything yet.",
    shared: "Nobody has shared a question with you.",
    waiting: "Nothing waits for a review.",
    everybodys: "Nobody has asked anything yet.",
  };
  return (
    <p class="history-none soft">
      {words[which]} {which === "mine" && <Link to="/">Ask a question</Link>}
    </p>
  );
}

function TextSearch({ text, onText }: { text: string; onText: (text: string) => void }): JSX.Element {
  const [typed, setTyped] = useState(text);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <search class="table-search">
      <Icon name="search" />
      <input
        type="search"
        aria-label="Search the questions"
        placeholder="Search the questions"
        data-shortcut="search"
        autocomplete="off"
        maxLength={200}
        value={typed}
        onInput={(event) => {
          const next = event.currentTarget.value;
          setTyped(next);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => onText(next.trim()), TYPING_MS);
        }}
      />
    </search>
  );
}

/** The arrows go from question to question, past what lies between the lists. */
function stepped(event: KeyboardEvent & { currentTarget: HTMLElement }): void {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (step === undefined) return;
  const links = [...event.currentTarget.querySelectorAll<HTMLElement>("[data-question]")];
  const next = links[links.indexOf(document.activeElement as HTMLElement) + step];
  if (!next) return;
  event.preventDefault();
  next.focus();
}

function took(started: string, closed: string): string {
  return duration((Date.parse(closed) - Date.parse(started)) / 1000);
}
