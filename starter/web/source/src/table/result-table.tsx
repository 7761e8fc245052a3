import type { JSX } from "preact";
import { useCallback, useEffect, useMemo, useRef, useState } from "preact/hooks";
import { announce } from "../announce";
import type { Answer } from "../api/types";
import type { ChartFigure } from "../charts/chart-figure";
import { chartOf } from "../charts/detect";
import { Icon } from "../components/icon";
import { ErrorNotice } from "../components/notice";
import { lazily } from "../lazily";
import { count, counted } from "../words";
import { type Zone, asLine, shown } from "./cells";
import { ColumnMenu } from "./column-menu";
import { Download } from "./download";
import { Grid, type GridHandle } from "./grid";
import { useLayout } from "./layout";
import type { RowPages } from "./pages";
import { Record } from "./record";
import type { Placed } from "./row";
import { useRows } from "./rows";
import { ColumnsButton, FilterChips, Search, ZoneButton } from "./tools";
import { AS_IT_CAME, type View, isWhole, sortToggled } from "./view";

interface ResultTableProperties {
  questionId: string;
  answer: Answer;
  /** A step whose rows are meant instead of the answer's. */
  stepId?: string;
}

type Figure = Parameters<typeof ChartFigure>[0];
// With the library that draws: only whoever wants a chart loads it.
const LazyChart = lazily<Figure>(() => import("../charts/chart-figure").then((module) => module.ChartFigure), "The chart");

const ROW_HEIGHT = 36;
// What a finger hits.
const ROW_HEIGHT_TOUCHED = 44;

/** The rows of an answer, or of one of its steps: sorted, searched and filtered by the gateway over all of them. */
export function ResultTable({ questionId, answer, stepId }: ResultTableProperties): JSX.Element {
  const [view, setView] = useState<View>(AS_IT_CAME);
  const { pages, shown: shownView, tick, isBusy, failed, retry } = useRows(questionId, stepId, view);
  useMatchesAnnounced(pages, shownView);
  const trouble = failed !== null && (
    <div class="table-trouble">
      <ErrorNotice error={failed} title="These rows could not be read" />
      <button type="button" class="button" onClick={retry}>
        Try again
      </button>
    </div>
  );
  if (pages === undefined) return <div class="result">{trouble || <p class="loading">Reading the rows …</p>}</div>;
  const title = stepId === undefined ? answer.question : `Rows of step ${stepId}`;
  return (
    <Table questionId={questionId} stepId={stepId} title={title} pages={pages} tick={tick} isBusy={isBusy} view={view} shownView={shownView} onView={setView}>
      {trouble}
    </Table>
  );
}

interface TableProperties {
  questionId: string;
  stepId: string | undefined;
  title: string;
  pages: RowPages;
  tick: number;
  isBusy: boolean;
  view: View;
  /** That of the rows that are here. */
  shownView: View;
  onView: (view: View) => void;
  children: JSX.Element | false;
}

function Table(properties: TableProperties): JSX.Element {
  const { questionId, stepId, title, pages, tick, isBusy, view, shownView, onView, children } = properties;
  const [zone, setZone] = useState<Zone>("local");
  const [menu, setMenu] = useState<{ name: string; anchor: HTMLElement } | null>(null);
  const [opened, setOpened] = useState<number | null>(null);
  const [isCharted, setCharted] = useState(false);
  const chart = useMemo(() => chartOf(pages.first), [pages]);
  const grid = useRef<GridHandle | null>(null);
  const layout = useLayout(pages);
  const { columns: all, total, matching } = pages.first;
  const placed = layout.columns.find(({ column }) => column.name === menu?.name);
  const hasTimes = useMemo(() => all.some(({ kind }) => kind === "moment"), [all]);
  const copied = useCallback((row: number, at: number | null) => lineOf(pages, layout.columns, zone, row, at), [pages, layout.columns, zone]);
  const open = (row: number | null) => {
    setOpened(row);
    if (row !== null) grid.current?.showRow(row);
    // Once the window is gone: until then the focus cannot leave it.
    else requestAnimationFrame(() => grid.current?.takeFocus());
  };
  return (
    <div class="result">
      <div class="table-tools">
        <Search value={view.search} onSearch={(search) => search !== view.search && onView({ ...view, search })} />
        <p class="table-count figures">{inTotal(shownView, total, matching)}</p>
        <div class="button-row">
          {hasTimes && <ZoneButton zone={zone} onZone={setZone} />}
          <ColumnsButton columns={all} layout={layout} />
          {chart && (
            <button type="button" class="button" aria-pressed={isCharted} onClick={() => setCharted(!isCharted)}>
              <Icon name="chart" />
              Chart
            </button>
          )}
          <Download questionId={questionId} step={stepId} view={view} total={total} matching={matching} />
        </div>
      </div>
      <FilterChips view={view} columns={all} onView={onView} />
      {children}
      <div class={chart && isCharted ? "table-and-chart" : undefined}>
        {chart && isCharted && <LazyChart chart={chart} title={title} fileName={stepId === undefined ? questionId : `${questionId}-${stepId}`} />}
      <Grid
        handle={grid}
        label={title}
        pages={pages}
        tick={tick}
        columns={layout.columns}
        view={view}
        zone={zone}
        rowHeight={rowHeight()}
        isBusy={isBusy}
        onSort={(name, isMore) => onView(sortToggled(view, name, isMore))}
        onMenu={(name, anchor) => setMenu({ name, anchor })}
        onWidth={layout.widen}
        onRoom={layout.setRoom}
        onOpen={open}
        onCopy={copied}
      />
      </div>
      {menu && placed && (
        <ColumnMenu
          key={menu.name}
          placed={placed}
          anchor={menu.anchor}
          view={view}
          canHide={layout.columns.length > 1}
          onView={onView}
          onWidth={(width) => layout.widen(menu.name, width)}
          onHide={() => {
            layout.show(menu.name, false);
            setMenu(null);
          }}
          onClose={() => setMenu(null)}
        />
      )}
      {opened !== null && (
        <Record columns={all} row={pages.row(opened)} index={opened} matching={matching} onMove={open} onClose={() => open(null)} />
      )}
    </div>
  );
}

function inTotal(view: View, total: number, matching: number): string {
  return isWhole(view) ? counted(total, "row") : `${count(matching)} of ${counted(total, "row")}`;
}

function lineOf(pages: RowPages, columns: readonly Placed[], zone: Zone, index: number, at: number | null): string | undefined {
  const row = pages.row(index);
  const wanted = at === null ? columns : columns.slice(at, at + 1);
  return row && asLine(wanted.map(({ column, place }) => shown(row[place] ?? null, column, zone)));
}

function useMatchesAnnounced(pages: RowPages | undefined, view: View): void {
  const before = useRef<RowPages | undefined>(undefined);
  useEffect(() => {
    if (pages === undefined) return;
    if (before.current !== undefined) announce(`${inTotal(view, pages.first.total, pages.first.matching)}${sortInWords(pages, view)}`);
    before.current = pages;
  }, [pages]);
}

function sortInWords(pages: RowPages, view: View): string {
  const key = view.sort.at(-1);
  if (key === undefined) return "";
  const heading = pages.first.columns.find(({ name }) => name === key.column)?.text ?? key.column;
  return `, sorted by ${heading} ${key.isDescending ? "downwards" : "upwards"}`;
}

function rowHeight(): number {
  return window.matchMedia("(pointer: coarse)").matches ? ROW_HEIGHT_TOUCHED : ROW_HEIGHT;
}
