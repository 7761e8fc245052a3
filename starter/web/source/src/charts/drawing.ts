/** Draws with Vega. The expressions of a chart are interpreted, so that no code is made from text (CSP: no eval). */

import { View, parse } from "vega";
import { expressionInterpreter } from "vega-interpreter";
import { compile } from "vega-lite";
import type { Chart } from "./detect";
import { type Palette, specOf } from "./spec";

/** Draw the chart into the element, as wide as it is. Whoever shows it ends it by `finalize`. */
export async function draw(chart: Chart, palette: Palette, element: HTMLElement): Promise<View> {
  const { spec } = compile(specOf(chart, palette, element.clientWidth));
  const view = new View(parse(spec, undefined, { ast: true }), {
    expr: expressionInterpreter,
    renderer: "svg",
    container: element,
    hover: false,
  });
  await view.runAsync();
  return view;
}

/** The colours and the font that the page has at this element. */
export function paletteAt(element: HTMLElement): Palette {
  const probe = document.createElement("span");
  element.append(probe);
  const color = (token: string) => {
    // A token is a pair for light and dark: what it is now, only a computed colour tells.
    probe.style.color = `var(${token})`;
    return getComputedStyle(probe).color;
  };
  const palette = {
    mark: color("--accent"),
    ink: color("--ink"),
    soft: color("--ink-soft"),
    line: color("--line"),
    ground: color("--surface"),
    font: getComputedStyle(element).fontFamily,
  };
  probe.remove();
  return palette;
}
