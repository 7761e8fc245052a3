import type { JSX } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import type { View } from "vega";
import { ErrorNotice } from "../components/notice";
import { Icon } from "../components/icon";
import { useTheme } from "../shell/theme";
import { save } from "../table/exporting";
import { counted } from "../words";
import { type Chart, inWords } from "./detect";
import { draw, paletteAt } from "./drawing";

interface ChartFigureProperties {
  chart: Chart;
  title: string;
  fileName: string;
}

// On paper and screens of double density.
const PNG_SCALE = 2;

/** The chart, and its picture as a file. The table beside it has the same values for whoever reads by ear. */
export function ChartFigure({ chart, title, fileName }: ChartFigureProperties): JSX.Element {
  const ground = useRef<HTMLDivElement>(null);
  const view = useRef<View | null>(null);
  const [failed, setFailed] = useState<unknown>(null);
  const width = useWidth(ground);
  const theme = useTheme();
  const id = useId();
  useEffect(() => {
    const element = ground.current;
    if (!element || width === 0) return;
    let isGone = false;
    draw(chart, paletteAt(element), element).then((drawn) => {
      if (isGone) drawn.finalize();
      else view.current = drawn;
    }, setFailed);
    return () => {
      isGone = true;
      view.current?.finalize();
      view.current = null;
      element.replaceChildren();
    };
  }, [chart, theme, width]);
  const keep = async (format: "svg" | "png") => {
    if (view.current) save(await view.current.toImageURL(format, format === "png" ? PNG_SCALE : 1), `${fileName}.${format}`);
  };
  return (
    <figure class="chart card" aria-labelledby={id}>
      <figcaption id={id}>
        <span class="chart-title tenant-text">{title}</span>
        <span class="fine">
          {chart.figure.text} by {chart.group.text}
          {chart.left > 0 && `; ${counted(chart.left, "row")} without a value left out`}
        </span>
      </figcaption>
      <ErrorNotice error={failed} title="The chart could not be drawn" />
      {/* Vega names the element that it draws into in its own words: that one is not read. */}
      <div role="img" aria-label={inWords(chart)}>
        <div class="chart-ground" ref={ground} aria-hidden="true" />
      </div>
      <div class="button-row">
        <button type="button" class="button small" onClick={() => void keep("svg")}>
          <Icon name="download" />
          SVG
        </button>
        <button type="button" class="button small" onClick={() => void keep("png")}>
          <Icon name="download" />
          PNG
        </button>
      </div>
    </figure>
  );
}

function useWidth(element: { current: HTMLElement | null }): number {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => entry && setWidth(Math.floor(entry.contentRect.width)));
    if (element.current) observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return width;
}
