import { Component, type JSX, createRef } from "preact";
import type { Zone } from "./cells";
import { Heading } from "./heading";
import { type Bounds, HEADINGS, type Spot, moved } from "./moves";
import { type RowPages, pagesAround } from "./pages";
import { Gap, GridRow, type Placed } from "./row";
import { type View, placeInWords } from "./view";
import { type Across, across, leftShowing, px, sameAcross, total } from "./widths";
import { type Geometry, type Position, START, offsetShowing, positionAt, rowsAt, scrolled, trackHeight } from "./window";

/** What others may have the grid do. */
export interface GridHandle {
  /** Scroll so that the row is seen, and have the focus come back to it. */
  showRow: (row: number) => void;
  /** Have the focus on the cell that had it last. */
  takeFocus: () => void;
}

interface GridProperties {
  handle: { current: GridHandle | null };
  label: string;
  pages: RowPages;
  /** Counts up whenever rows arrive. */
  tick: number;
  columns: readonly Placed[];
  view: View;
  zone: Zone;
  /** How high a row is, in pixels. */
  rowHeight: number;
  /** The rows of another view are on their way. */
  isBusy: boolean;
  onSort: (column: string, isMore: boolean) => void;
  onMenu: (column: string, anchor: HTMLElement) => void;
  onWidth: (column: string, width: number) => void;
  onRoom: (width: number) => void;
  onOpen: (row: number) => void;
  onCopy: (row: number, column: number | null) => string | undefined;
}

interface GridState {
  position: Position;
  left: number;
  width: number;
  height: number;
  /** What borders and scrollbars take of the height, and of the width. */
  rim: number;
  side: number;
  spot: Spot;
  selected: number | null;
}

// Rows beyond the edges, so that a wheel finds them drawn.
const BEYOND = 6;
const BEYOND_PX = 300;
// A scroll that has said nothing for so long is at rest.
const REST_MS = 140;

/** The grid itself: as many rows as there are, of which those are drawn that are seen. */
export class Grid extends Component<GridProperties, GridState> implements GridHandle {
  override state: GridState = { position: START, left: 0, width: 0, height: 0, rim: 0, side: 0, spot: { row: 0, column: 0 }, selected: null };
  private readonly frame = createRef<HTMLDivElement>();
  private readonly scroller = createRef<HTMLDivElement>();
  private readonly observer = new ResizeObserver(() => this.measure());
  private rest: ReturnType<typeof setTimeout> | undefined;
  private isFocusDue = false;
  private isDownwards = true;
  private isPassing = false;
  private shows: Across | undefined;

  override componentDidMount(): void {
    this.props.handle.current = this;
    if (this.frame.current) this.observer.observe(this.frame.current);
    this.measure();
  }

  override componentWillUnmount(): void {
    this.props.handle.current = null;
    this.observer.disconnect();
    clearTimeout(this.rest);
  }

  override componentDidUpdate(before: GridProperties): void {
    if (before.pages !== this.props.pages) this.toTop();
    this.measure();
    this.read();
    if (this.isFocusDue) {
      this.isFocusDue = false;
      this.cellAt(this.state.spot)?.focus({ preventScroll: true });
    }
  }

  showRow(row: number): void {
    this.go({ row, column: this.state.spot.column }, false);
  }

  takeFocus(): void {
    this.isFocusDue = true;
    this.forceUpdate();
  }

  private get geometry(): Geometry {
    const { pages, rowHeight } = this.props;
    return { rows: pages.first.matching, rowHeight, viewport: Math.max(rowHeight, this.state.height - rowHeight) };
  }

  private measure(): void {
    const element = this.scroller.current;
    if (!element || !this.frame.current) return;
    const { clientWidth: width, clientHeight: height } = element;
    const side = element.offsetWidth - width;
    const rim = element.offsetHeight - height;
    const before = this.state;
    if (width !== before.width || height !== before.height || rim !== before.rim || side !== before.side) {
      this.setState({ width, height, rim, side });
    }
    this.props.onRoom(this.frame.current.clientWidth - side);
  }

  private toTop(): void {
    const element = this.scroller.current;
    if (element) element.scrollTop = 0;
    const last = Math.max(0, this.props.pages.first.matching - 1);
    this.setState(({ spot }) => ({ position: START, selected: null, spot: { ...spot, row: Math.min(spot.row, last) } }));
  }

  /** Have the pages that are seen. While rows fly past, only where they come to rest. */
  private read(): void {
    const { first, end } = rowsAt(this.geometry, this.state.position.offset, 0);
    this.props.pages.want(pagesAround(first, end, this.geometry.rows, this.isDownwards), this.isPassing);
  }

  private readonly onScroll = (): void => {
    const element = this.scroller.current;
    if (!element) return;
    const before = this.state.position;
    const position = scrolled(this.geometry, before, element.scrollTop);
    const moved = position.offset - before.offset;
    if (moved !== 0) {
      this.isDownwards = moved > 0;
      this.isPassing = Math.abs(moved) > this.geometry.viewport;
      this.setState({ position });
    }
    if (element.scrollLeft !== this.state.left) this.setState({ left: element.scrollLeft });
    clearTimeout(this.rest);
    this.rest = setTimeout(this.onRest, REST_MS);
  };

  /** Put the scrollbar where it belongs for the rows that are seen; they do not move by it. */
  private readonly onRest = (): void => {
    const element = this.scroller.current;
    if (!element) return;
    this.isPassing = false;
    const position = positionAt(this.geometry, this.state.position.offset);
    if (Math.abs(element.scrollTop - position.top) > 1) element.scrollTop = position.top;
    this.setState({ position: { ...position, top: element.scrollTop } });
  };

  private go(spot: Spot, isFocusDue = true): void {
    const element = this.scroller.current;
    const widths = this.props.columns.map(({ width }) => width);
    if (!element) return;
    if (spot.row !== HEADINGS) {
      const offset = offsetShowing(this.geometry, this.state.position.offset, spot.row);
      if (offset !== this.state.position.offset) this.moveTo(offset);
    }
    element.scrollLeft = leftShowing(widths, element.scrollLeft, this.state.width, spot.column);
    this.isFocusDue = isFocusDue;
    this.setState({ spot, left: element.scrollLeft });
  }

  private moveTo(offset: number): void {
    const position = positionAt(this.geometry, offset);
    this.isDownwards = offset > this.state.position.offset;
    const element = this.scroller.current;
    if (!element) return;
    element.scrollTop = position.top;
    // The browser rounds; what it took is what the next scroll is measured from.
    this.setState({ position: { ...position, top: element.scrollTop } });
  }

  private cellAt({ row, column }: Spot): HTMLElement | null | undefined {
    const which = row === HEADINGS ? "[role='columnheader']" : `[data-row='${row}'] `;
    return this.scroller.current?.querySelector<HTMLElement>(`${which}[data-column='${column}']`);
  }

  private readonly onKeyDown = (event: KeyboardEvent): void => {
    const { spot } = this.state;
    const { columns } = this.props;
    if (event.target instanceof HTMLElement && !event.target.hasAttribute("data-column")) return;
    const screen = Math.max(1, Math.floor(this.geometry.viewport / this.props.rowHeight) - 1);
    const bounds: Bounds = { rows: this.geometry.rows, columns: columns.length, screen };
    const next = moved(spot, event, bounds);
    if (next !== undefined) this.go(next);
    else if (!(spot.row === HEADINGS ? this.onHeadingKey(event) : this.onCellKey(event))) return;
    event.preventDefault();
  };

  private onHeadingKey(event: KeyboardEvent): boolean {
    const placed = this.props.columns[this.state.spot.column];
    if (!placed) return false;
    const { name } = placed.column;
    if (event.key === "Enter" || event.key === " ") {
      this.props.onSort(name, event.shiftKey);
      return true;
    }
    const cell = this.cellAt(this.state.spot);
    if (event.key !== "ArrowDown" || !event.altKey || !cell) return false;
    this.props.onMenu(name, cell);
    return true;
  }

  private onCellKey(event: KeyboardEvent): boolean {
    const { row } = this.state.spot;
    if (event.key === "Enter") {
      this.props.onOpen(row);
      return true;
    }
    if (event.key === " " && event.shiftKey) {
      this.setState(({ selected }) => ({ selected: selected === row ? null : row }));
      return true;
    }
    if (event.key === "Escape" && this.state.selected !== null) {
      this.setState({ selected: null });
      return true;
    }
    return false;
  }

  /** What is focused goes to the clipboard: the row where it is selected, else the cell. */
  private readonly onCopy = (event: ClipboardEvent): void => {
    const { spot, selected } = this.state;
    const marked = window.getSelection();
    if (spot.row === HEADINGS || (marked && !marked.isCollapsed)) return;
    const text = this.props.onCopy(selected ?? spot.row, selected === null ? spot.column : null);
    if (text === undefined) return;
    event.clipboardData?.setData("text/plain", text);
    event.preventDefault();
  };

  private readonly onClick = (event: MouseEvent): void => {
    const spot = spotOf(event.target);
    if (!spot) return;
    this.isFocusDue = true;
    this.setState({ spot });
    // A finger has no second button and no key: it opens what it touches.
    if (event instanceof PointerEvent && event.pointerType === "touch" && spot.row !== HEADINGS) this.props.onOpen(spot.row);
  };

  private readonly onDoubleClick = (event: MouseEvent): void => {
    const spot = spotOf(event.target);
    if (spot && spot.row !== HEADINGS) this.props.onOpen(spot.row);
  };

  override render({ label, columns, rowHeight, isBusy }: GridProperties, state: GridState): JSX.Element {
    const { position, height, rim, side } = state;
    const widths = columns.map((placed) => placed.width);
    const geometry = this.geometry;
    const shows = this.across(widths);
    const rows = rowsAt(geometry, position.offset, BEYOND);
    const seen = rowsAt(geometry, position.offset, 0);
    const whole = px(total(widths));
    return (
      <div class="grid-frame" ref={this.frame}>
        <div
          ref={this.scroller}
          role="grid"
          aria-label={label}
          aria-rowcount={geometry.rows + 1}
          aria-colcount={columns.length}
          aria-multiselectable={false}
          aria-busy={isBusy}
          class={isBusy ? "grid busy" : "grid"}
          style={{ height: px(trackHeight(geometry) + rowHeight + rim), width: px(total(widths) + side), "--row": px(rowHeight) }}
          onScroll={this.onScroll}
          onKeyDown={this.onKeyDown}
          onCopy={this.onCopy}
          onClick={this.onClick}
          onDblClick={this.onDoubleClick}
        >
          <div class="grid-track" style={{ height: px(trackHeight(geometry) + rowHeight), width: whole }}>
            <div class="grid-pane" style={{ width: whole, height: px(height) }}>
              <div role="rowgroup" class="grid-head">
                <div role="row" aria-rowindex={1} class="grid-row">
                  {this.heading(0)}
                  <Gap width={shows.before} />
                  {columns.slice(shows.first, shows.end).map((_, at) => this.heading(shows.first + at))}
                  <Gap width={shows.after} />
                </div>
              </div>
              <div role="rowgroup" class="grid-body" style={{ transform: `translateY(${rows.shift}px)` }}>
                {this.rows(rows.first, rows.end, shows)}
              </div>
            </div>
          </div>
        </div>
        <p class="grid-seen fine">{placeInWords(seen.first, seen.end, geometry.rows)}</p>
      </div>
    );
  }

  /** The same object while nothing changed, so that rows need not be drawn again. */
  private across(widths: readonly number[]): Across {
    const now = across(widths, this.state.left, this.state.width, BEYOND_PX);
    if (!this.shows || !sameAcross(this.shows, now)) this.shows = now;
    return this.shows;
  }

  private heading(at: number): JSX.Element | null {
    const placed = this.props.columns[at];
    if (!placed) return null;
    const { view, onSort, onMenu, onWidth } = this.props;
    const { name } = placed.column;
    const { spot } = this.state;
    return (
      <Heading
        key={name}
        placed={placed}
        at={at}
        sort={view.sort}
        filter={view.filters.find(({ column }) => column === name)}
        isReachable={spot.row === HEADINGS && spot.column === at}
        onSort={(isMore) => onSort(name, isMore)}
        onMenu={(anchor) => onMenu(name, anchor)}
        onWidth={(width) => onWidth(name, width)}
      />
    );
  }

  /** Those from `first` to `end`, and the one with the focus wherever it is: else the focus would be lost. */
  private rows(first: number, end: number, shows: Across): JSX.Element[] {
    const { row } = this.state.spot;
    const indices = Array.from({ length: end - first }, (_, at) => first + at);
    if (row >= end && row < this.geometry.rows) indices.push(row);
    if (row !== HEADINGS && row < first) indices.push(row);
    const { pages, columns, zone } = this.props;
    return indices.map((index) => (
      <GridRow
        key={index}
        row={pages.row(index)}
        index={index}
        columns={columns}
        shows={shows}
        zone={zone}
        reachable={index === row ? this.state.spot.column : null}
        isSelected={index === this.state.selected}
      />
    ));
  }
}

function spotOf(target: EventTarget | null): Spot | null {
  if (!(target instanceof Element)) return null;
  const cell = target.closest<HTMLElement>("[data-column]");
  if (!cell) return null;
  const row = cell.closest<HTMLElement>("[data-row]")?.dataset["row"];
  return { row: row === undefined ? HEADINGS : Number(row), column: Number(cell.dataset["column"]) };
}
