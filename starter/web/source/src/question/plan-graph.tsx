import { useId, useMemo, useRef } from "preact/hooks";
import { Icon } from "../components/icon";
import { useMedia, useWidth } from "../screen";
import { count, counted } from "../words";
import { type Direction, type PlanLayout, STEP_HEIGHT, STEP_WIDTH, laidOut, neighbour } from "./plan-layout";
import { STAGES, callsOf, titleOf, toolOf } from "./stages";
import type { Stage, StepView } from "./state";

interface PlanGraphProperties {
  steps: StepView[];
  selected: string | null;
  onSelect: (id: string) => void;
}

const NARROW = "(max-width: 44rem)";
// A graph that is too wide is shown smaller, as far as it can be read; then it scrolls.
const SMALLEST = 0.68;
const KEYS: Record<string, Direction> = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down" };
const MOVING = new Set<Stage>(["RUNNING", "BLOCKED"]);

/** The plan as a graph: arrows drawn, steps as buttons on them. One tab stop; arrow keys go from step to step. */
export function PlanGraph({ steps, selected, onSelect }: PlanGraphProperties) {
  const down = useMedia(NARROW);
  const shape = steps.map(({ step }) => `${step.id}<${step.depends_on.join()}`).join(";");
  const plan = useMemo(() => laidOut(steps.map((each) => each.step), down), [shape, down]);
  const frame = useRef<HTMLDivElement>(null);
  const room = useWidth(frame);
  const zoom = room > 0 ? Math.max(SMALLEST, Math.min(1, room / plan.width)) : 1;
  const stop = selected ?? steps[0]?.step.id ?? null;
  const move = (event: KeyboardEvent) => {
    const direction = KEYS[event.key];
    const here = event.target instanceof HTMLElement ? event.target.dataset["step"] : undefined;
    if (!direction || !here) return;
    const next = neighbour(plan.steps, here, direction);
    event.preventDefault();
    if (next === null) return;
    onSelect(next);
    frame.current?.querySelector<HTMLElement>(`[data-step="${CSS.escape(next)}"]`)?.focus();
  };
  return (
    <div class="graph" role="group" aria-label="Plan as a graph: arrow keys go from step to step" ref={frame} onKeyDown={move}>
      <div class="graph-sheet" style={{ width: `${plan.width}px`, height: `${plan.height}px`, zoom }}>
        <Arrows plan={plan} steps={steps} />
        {plan.steps.map((place) => {
          const view = steps.find(({ step }) => step.id === place.id);
          return (
            view && (
              <StepNode
                key={place.id}
                view={view}
                left={place.x}
                top={place.y}
                selected={selected === place.id}
                reachable={stop === place.id}
                onSelect={onSelect}
              />
            )
          );
        })}
      </div>
    </div>
  );
}

function Arrows({ plan, steps }: { plan: PlanLayout; steps: StepView[] }) {
  const head = useId();
  const stageOf = (id: string) => steps.find(({ step }) => step.id === id)?.stage ?? "PENDING";
  return (
    <svg class="graph-arrows" width={plan.width} height={plan.height} aria-hidden="true" focusable="false">
      <defs>
        <marker id={head} viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">
          <path class="graph-head" d="M1 1l6 3-6 3" />
        </marker>
      </defs>
      {plan.edges.map(({ from, to, path }) => {
        const passed = stageOf(from) === "DONE" && stageOf(to) !== "SKIPPED";
        const flows = passed && MOVING.has(stageOf(to));
        return (
          <path
            key={`${from}>${to}`}
            class={`graph-arrow ${passed ? "graph-arrow-passed" : ""} ${flows ? "graph-arrow-flows" : ""}`}
            d={path}
            marker-end={`url(#${head})`}
          />
        );
      })}
    </svg>
  );
}

interface StepNodeProperties {
  view: StepView;
  left: number;
  top: number;
  selected: boolean;
  reachable: boolean;
  onSelect: (id: string) => void;
}

function StepNode({ view, left, top, selected, reachable, onSelect }: StepNodeProperties) {
  const { words, icon, tone } = STAGES[view.stage];
  const tool = toolOf(view.step);
  const share = shareDone(view);
  return (
    <button
      type="button"
      class={`node tone-${tone} stage-${view.stage.toLowerCase()}`}
      style={{ left: `${left}px`, top: `${top}px`, width: `${STEP_WIDTH}px`, height: `${STEP_HEIGHT}px` }}
      aria-pressed={selected}
      aria-label={`Step ${view.step.id}: ${titleOf(view)}. ${words}. ${figures(view) ?? ""}`}
      tabIndex={reachable ? 0 : -1}
      data-step={view.step.id}
      data-stage={view.stage}
      onClick={() => onSelect(view.step.id)}
    >
      <span class="node-head">
        <Icon name={icon} class={view.stage === "RUNNING" ? "turning" : ""} />
        <span class="node-title tenant-text">{titleOf(view)}</span>
      </span>
      <span class="node-foot">
        <span class="node-tool">
          <Icon name={tool.icon} />
          {tool.short}
        </span>
        <span class="node-words figures">{figures(view) ?? words}</span>
      </span>
      {share !== null && <span class="node-share" style={{ width: `${Math.round(share * 100)}%` }} />}
    </button>
  );
}

function shareDone(view: StepView): number | null {
  if (view.stage !== "RUNNING" && view.stage !== "BLOCKED") return null;
  const calls = view.calls ?? 0;
  if (view.estimatedCalls) return Math.min(1, calls / view.estimatedCalls);
  if (view.total) return Math.min(1, (view.done ?? 0) / view.total);
  return null;
}

function figures(view: StepView): string | null {
  if (view.stage === "DONE") return view.rows === null ? null : counted(view.rows, "row");
  const calls = callsOf(view);
  if ((view.stage === "RUNNING" || view.stage === "BLOCKED") && calls) {
    return view.estimatedCalls ? `${count(calls)} of ${count(view.estimatedCalls)} calls` : counted(calls, "call");
  }
  return null;
}
