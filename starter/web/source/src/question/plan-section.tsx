import type { Plan } from "../api/types";
import { lazily } from "../lazily";
import { useParameter } from "../routing";
import { useMedia } from "../screen";
import { counted, duration } from "../words";
import { StepDetail } from "./step-detail";
import type { QuestionView } from "./state";
import type { Steering } from "./steering";
import { Timeline } from "./timeline";

const PlanGraph = lazily(() => import("./plan-graph").then((module) => module.PlanGraph), "The graph of the plan");

interface PlanSectionProperties {
  view: QuestionView;
  plan: Plan;
  steering: Steering;
  maySteer: boolean;
}

/** The plan as a graph, its steps in time, and all about the one that is chosen; the choice stands in the address. */
export function PlanSection({ view, plan, steering, maySteer }: PlanSectionProperties) {
  const [chosen, choose] = useParameter("step");
  const named = view.steps.some(({ step }) => step.id === chosen) ? chosen : null;
  const selected = named ?? mostTelling(view);
  const shown = view.steps.find(({ step }) => step.id === selected);
  // Beside the steps where there is room, else within them.
  const narrow = useMedia("(max-width: 62rem)");
  const detail = shown && (
    <StepDetail key={shown.step.id} view={shown} question={view} steering={steering} maySteer={maySteer} />
  );
  return (
    <section class="plan" aria-labelledby="plan-heading">
      <header class="plan-head">
        <h2 id="plan-heading">{view.answer?.formatted ? "How it was found" : "Plan"}</h2>
        <p class="fine figures">{figures(view, plan)}</p>
      </header>
      <PlanGraph steps={view.steps} selected={selected} onSelect={choose} />
      <div class="plan-body">
        <Timeline view={view} selected={selected} onSelect={choose} detail={narrow ? detail : null} />
        {!narrow && detail}
      </div>
      {plan.reasoning && <p class="fine plan-reasoning tenant-text">{plan.reasoning}</p>}
    </section>
  );
}

// Where nobody chose: what moves or waits or failed, else the last that ended.
function mostTelling(view: QuestionView): string | null {
  for (const stage of ["BLOCKED", "FAILED", "RUNNING"] as const) {
    const found = view.steps.find((step) => step.stage === stage);
    if (found) return found.step.id;
  }
  const done = view.steps.filter((step) => step.stage === "DONE");
  return (done.at(-1) ?? view.steps[0])?.step.id ?? null;
}

function figures(view: QuestionView, plan: Plan): string {
  const parts = [counted(plan.steps.length, "step")];
  if (view.answer) {
    parts.push(duration((Date.parse(view.answer.finished) - Date.parse(view.answer.started)) / 1000));
    if (view.answer.plan_author) parts.push(`planned by ${view.answer.plan_author}`);
  }
  if (plan.confidence < 1) parts.push(`${Math.round(plan.confidence * 100)} % sure`);
  return parts.join(" · ");
}
