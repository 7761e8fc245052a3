import { Graph, layout } from "@dagrejs/dagre";
import type { Step } from "../api/types";

export interface PlacedStep {
  id: string;
  /** Of its left upper corner. */
  x: number;
  y: number;
}

export interface PlacedEdge {
  from: string;
  to: string;
  /** The `d` of an SVG path. */
  path: string;
}

export interface PlanLayout {
  width: number;
  height: number;
  steps: PlacedStep[];
  edges: PlacedEdge[];
}

interface Point {
  x: number;
  y: number;
}

export const STEP_WIDTH = 216;
export const STEP_HEIGHT = 74;
const MARGIN = 6;

/** Where the steps of a plan stand and how their arrows run. `down`: from above to below, for narrow screens. */
export function laidOut(steps: readonly Step[], down: boolean): PlanLayout {
  const graph = new Graph();
  graph.setGraph({ rankdir: down ? "TB" : "LR", nodesep: 18, ranksep: down ? 40 : 56, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const step of steps) graph.setNode(step.id, { width: STEP_WIDTH, height: STEP_HEIGHT });
  for (const step of steps) for (const before of step.depends_on) graph.setEdge(before, step.id);
  layout(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    width,
    height,
    steps: steps.map(({ id }) => {
      const { x, y } = graph.node(id);
      return { id, x: x - STEP_WIDTH / 2, y: y - STEP_HEIGHT / 2 };
    }),
    edges: graph.edges().map(({ v, w }) => {
      const [from, to] = [graph.node(v), graph.node(w)];
      const around = graph.edge(v, w).points?.slice(1, -1) ?? [];
      return { from: v, to: w, path: curve([leaving(from, down), ...bends(around), arriving(to, down)], down) };
    }),
  };
}

function leaving(node: Point, down: boolean): Point {
  return down ? { x: node.x, y: node.y + STEP_HEIGHT / 2 } : { x: node.x + STEP_WIDTH / 2, y: node.y };
}

function arriving(node: Point, down: boolean): Point {
  return down ? { x: node.x, y: node.y - STEP_HEIGHT / 2 } : { x: node.x - STEP_WIDTH / 2, y: node.y };
}

// Between neighbours an arrow is one curve; only one that passes other steps bends on its way.
function bends(points: readonly Point[]): readonly Point[] {
  return points.length > 1 ? points : [];
}

// Smooth from point to point, leaving and arriving in the direction in which the plan runs.
function curve(points: readonly Point[], down: boolean): string {
  const [first, ...others] = points;
  if (!first) return "";
  let path = `M${round(first.x)} ${round(first.y)}`;
  let last = first;
  for (const point of others) {
    const half = down ? (point.y - last.y) / 2 : (point.x - last.x) / 2;
    const [a, b] = down
      ? [{ x: last.x, y: last.y + half }, { x: point.x, y: point.y - half }]
      : [{ x: last.x + half, y: last.y }, { x: point.x - half, y: point.y }];
    path += `C${[a, b, point].map((each) => `${round(each.x)} ${round(each.y)}`).join(" ")}`;
    last = point;
  }
  return path;
}

function round(figure: number): number {
  return Math.round(figure * 10) / 10;
}

export type Direction = "left" | "right" | "up" | "down";

/** The nearest step in a direction, as arrow keys go; null where none lies there. */
export function neighbour(placed: readonly PlacedStep[], from: string, direction: Direction): string | null {
  const here = placed.find((each) => each.id === from);
  if (!here) return null;
  let best: { id: string; far: number } | null = null;
  for (const each of placed) {
    const dx = each.x - here.x;
    const dy = each.y - here.y;
    const [along, aside] = direction === "left" || direction === "right" ? [dx, dy] : [dy, dx];
    const forward = direction === "left" || direction === "up" ? -along : along;
    if (each.id === from || forward < 1) continue;
    // What lies straight ahead is nearer than what lies aside.
    const far = forward + 2 * Math.abs(aside);
    if (!best || far < best.far) best = { id: each.id, far };
  }
  return best?.id ?? null;
}
