import type { ComponentChild } from "preact";
import { serverNow, useNow } from "../clock";
import { Icon } from "../components/icon";
import { count, counted, duration } from "../words";
import { STAGES, callsOf, secondsOf, titleOf, tokensOf, toolOf } from "./stages";
import type { QuestionView, StepView } from "./state";

interface TimelineProperties {
  view: QuestionView;
  selected: string | null;
  onSelect: (id: string) => void;
  /** All about the chosen step, where it is shown within it. */
  detail: ComponentChild;
}

interface Span {
  from: number;
  to: number;
}

/** The steps in order: how each stands, when it ran beside the others, and what it took. */
export function Timeline({ view, selected, onSelect, detail }: TimelineProperties) {
  const runs = view.steps.some((step) => step.stage === "RUNNING");
  const now = useNow(250, runs);
  const whole = wholeSpan(view.steps, now);
  return (
    <ol class="steps" aria-label="Steps">
      {view.steps.map((step, index) => (
        <StepRow
          key={step.step.id}
          view={step}
          number={index + 1}
          now={now}
          whole={whole}
          selected={selected === step.step.id}
          onSelect={onSelect}
          detail={selected === step.step.id ? detail : null}
        />
      ))}
    </ol>
  );
}

function wholeSpan(steps: StepView[], now: number): Span | null {
  const ran = steps.filter((step) => step.started !== null && step.reusedFrom === null);
  if (ran.length === 0) return null;
  const from = Math.min(...ran.map((step) => Date.parse(step.started ?? "")));
  const to = Math.max(...ran.map((step) => (step.ended === null ? now : Date.parse(step.ended))));
  return { from, to: Math.max(to, from + 1) };
}

interface StepRowProperties {
  view: StepView;
  number: number;
  now: number;
  whole: Span | null;
  selected: boolean;
  onSelect: (id: string) => void;
  detail: ComponentChild;
}

function StepRow({ view, number, now, whole, selected, onSelect, detail }: StepRowProperties) {
  const { words, icon, tone } = STAGES[view.stage];
  const seconds = secondsOf(view, now);
  const tokens = tokensOf(view);
  return (
    <li class={`step tone-${tone} ${selected ? "step-selected" : ""}`} data-stage={view.stage}>
      <button type="button" class="step-name" aria-pressed={selected} onClick={() => onSelect(view.step.id)}>
        <span class="step-number" aria-hidden="true">
          {number}
        </span>
        <span class="step-words">
          <span class="step-title tenant-text">{titleOf(view)}</span>
          <span class="step-stage">
            <Icon name={icon} class={view.stage === "RUNNING" ? "turning" : ""} />
            {words}
            {view.reusedFrom !== null && ", taken over"}
          </span>
        </span>
        <span class="step-tool fine">{toolOf(view.step).short}</span>
      </button>
      {whole && <Bar view={view} now={now} whole={whole} />}
      <ul class="step-figures figures">
        {seconds !== null && <li>{duration(seconds)}</li>}
        <Calls view={view} />
        {view.rows !== null && (
          <li>
            {counted(view.rows, "row")}
            {(view.stage === "RUNNING" || view.stage === "BLOCKED") && " so far"}
          </li>
        )}
        {tokens !== null && <li>{counted(tokens, "token")}</li>}
      </ul>
      <Waits view={view} now={now} />
      {view.error !== null && <p class="step-error tenant-text">{view.error}</p>}
      {detail}
    </li>
  );
}

function Bar({ view, now, whole }: { view: StepView; now: number; whole: Span }) {
  if (view.started === null || view.reusedFrom !== null) return <span class="step-track" aria-hidden="true" />;
  const length = whole.to - whole.from;
  const from = (Date.parse(view.started) - whole.from) / length;
  const to = ((view.ended === null ? now : Date.parse(view.ended)) - whole.from) / length;
  const left = Math.min(0.99, Math.max(0, from));
  const width = Math.max(0.01, Math.min(1 - left, to - from));
  return (
    <span class="step-track" aria-hidden="true">
      <span class="step-bar" style={{ left: `${left * 100}%`, width: `${width * 100}%` }} />
    </span>
  );
}

function Calls({ view }: { view: StepView }) {
  const calls = callsOf(view);
  if (calls === null) return null;
  const open = view.stage === "RUNNING" || view.stage === "BLOCKED";
  if (open && view.estimatedCalls !== null) {
    return (
      <li>
        {count(calls)} of {count(view.estimatedCalls)} calls
      </li>
    );
  }
  const own = open && view.total !== null ? `, ${count(view.done ?? 0)} of ${count(view.total)}` : "";
  return (
    <li>
      {counted(calls, "call")}
      {own}
    </li>
  );
}

function Waits({ view, now }: { view: StepView; now: number }) {
  const until = view.waitingUntil === null ? 0 : Date.parse(view.waitingUntil);
  if (view.stage === "RUNNING" && until > Math.min(now, serverNow())) {
    return (
      <p class="step-wait">
        <Icon name="clock" />
        The tenant's rate limit: goes on in {duration(Math.max(1, Math.ceil((until - now) / 1000)))}
      </p>
    );
  }
  if (view.waitedSeconds < 1) return null;
  return (
    <p class="step-wait">
      <Icon name="clock" />
      {duration(view.waitedSeconds)} of it spent on the tenant's rate limit
    </p>
  );
}
