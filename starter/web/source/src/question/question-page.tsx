import { useEffect, useRef } from "preact/hooks";
import { announce } from "../announce";
import { ProblemError } from "../api/problems";
import { stateWords } from "../components/state-badge";
import { ErrorNotice } from "../components/notice";
import { Link } from "../routing";
import { useSession } from "../session/session";
import { counted } from "../words";
import { AnswerView } from "./answer-view";
import { PlanSection } from "./plan-section";
import { QuestionHead } from "./question-head";
import { Reviews } from "./review-panel";
import { rightsOf } from "./rights";
import { STAGES, titleOf } from "./stages";
import { type QuestionView, hasEnded } from "./state";
import { useSteering } from "./steering";
import { useQuestion } from "./watching";

/** The life of a question. */
export function QuestionPage({ id }: { id: string }) {
  const question = useQuestion(id);
  const steering = useSteering(id);
  const { view, summary, refused } = question;
  const rights = rightsOf(useSession(), summary?.asker ?? null);
  const text = summary?.text ?? view.answer?.question ?? "";
  useTitle(view, text);
  useSaid(view);
  if (refused && !view.answer) return <NotShown error={refused} />;
  return (
    <main id="content" class="column question" tabIndex={-1}>
      <QuestionHead id={id} text={text} question={question} steering={steering} rights={rights} />
      <Reviews view={view} steering={steering} may={rights.mayReview} />
      {view.answer && <AnswerView answer={view.answer} steering={steering} maySteer={rights.maySteer} />}
      {!view.answer && view.plan === null && <Beginning view={view} />}
      {view.plan && <PlanSection view={view} plan={view.plan} steering={steering} maySteer={rights.maySteer} />}
    </main>
  );
}

function Beginning({ view }: { view: QuestionView }) {
  if (hasEnded(view.state)) return null;
  return (
    <div class="beginning card" aria-hidden="true">
      <span class="beginning-step" />
      <span class="beginning-line" />
      <span class="beginning-step" />
      <span class="beginning-line" />
      <span class="beginning-step" />
    </div>
  );
}

function NotShown({ error }: { error: unknown }) {
  const unknown = error instanceof ProblemError && error.status === 404;
  return (
    <main id="content" class="column" tabIndex={-1}>
      <h1>{unknown ? "No such question" : "This question cannot be shown"}</h1>
      {unknown ? (
        <p>It does not exist, or it is somebody else’s who has not shared it with you.</p>
      ) : (
        <ErrorNotice error={error} />
      )}
      <p>
        <Link to="/">Ask a question</Link> or look at <Link to="/history">those asked before</Link>.
      </p>
    </main>
  );
}

function useTitle(view: QuestionView, text: string): void {
  const words = stateWords(view.state, view.answer?.outcome ?? null);
  useEffect(() => {
    document.title = text ? `${words}: ${text} · Holdfast` : "Holdfast";
  }, [words, text]);
}

/** Tell who listens what changed: states, plans, steps; not each call of a step. */
function useSaid(view: QuestionView): void {
  const before = useRef<QuestionView | null>(null);
  useEffect(() => {
    const last = before.current;
    before.current = view;
    // What happened before the page was opened is read, not told.
    if (!last || last.next === 0) return;
    const said: string[] = [];
    if (last.plan !== view.plan && view.plan && !view.answer) said.push(`The plan has ${counted(view.plan.steps.length, "step")}`);
    for (const step of view.steps) {
      const old = last.steps.find((each) => each.step.id === step.step.id);
      if (old && old.stage !== step.stage && !view.answer) {
        const rows = step.stage === "DONE" && step.rows !== null ? `, ${counted(step.rows, "row")}` : "";
        said.push(`${titleOf(step)}: ${STAGES[step.stage].words}${rows}`);
      }
    }
    if (last.state !== view.state) said.push(stateWords(view.state, view.answer?.outcome ?? null));
    if (!last.answer && view.answer) said.push(view.answer.formatted?.summary ?? view.answer.message);
    if (said.length > 0) announce(said.join(". "));
  }, [view]);
}
