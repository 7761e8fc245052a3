import { Component, type JSX } from "preact";
import { type Shown, type Zone, isAtRight, shown } from "./cells";
import type { Column, Row } from "./pages";
import { type Across, CHIP_PADDING, WIDEST, px } from "./widths";

/** A column as it stands in the table. `place` is where its cells are in a row of the gateway. */
export interface Placed {
  readonly column: Column;
  readonly place: number;
  readonly width: number;
}

interface RowProperties {
  /** undefined while it is on its way. */
  row: Row | undefined;
  index: number;
  columns: readonly Placed[];
  shows: Across;
  zone: Zone;
  /** The column of the cell that the Tab key reaches, if it is one of this row's. */
  reachable: number | null;
  isSelected: boolean;
}

// A letter of a chip, as wide as the wide ones of the page's fonts.
const CHIP_LETTER = 7.6;
const MORE = 34;

/** One row. Its cells know their places by `data-column`; the grid listens for all of them. */
export class GridRow extends Component<RowProperties> {
  override shouldComponentUpdate(next: RowProperties): boolean {
    const now = this.props;
    return (Object.keys(next) as (keyof RowProperties)[]).some((name) => next[name] !== now[name]);
  }

  override render({ row, index, columns, shows, isSelected }: RowProperties): JSX.Element {
    const seen = columns.slice(shows.first, shows.end);
    return (
      <div
        role="row"
        class={index % 2 ? "grid-row odd" : "grid-row"}
        aria-rowindex={index + 2}
        aria-selected={isSelected}
        data-row={index}
        {...(row === undefined ? { "aria-busy": true } : {})}
      >
        {columns[0] && this.cell(columns[0], 0, row)}
        <Gap width={shows.before} />
        {seen.map((placed, at) => this.cell(placed, shows.first + at, row))}
        <Gap width={shows.after} />
      </div>
    );
  }

  private cell(placed: Placed, at: number, row: Row | undefined): JSX.Element {
    const { column, place, width } = placed;
    const found = row === undefined ? undefined : shown(row[place] ?? null, column, this.props.zone);
    const names = ["grid-cell", at === 0 && "first", isAtRight(column) && "at-right", found?.mark && `mark-${found.mark}`];
    return (
      <div
        key={column.name}
        role={at === 0 ? "rowheader" : "gridcell"}
        aria-colindex={at + 1}
        class={names.filter(Boolean).join(" ")}
        style={{ width: px(width) }}
        data-column={at}
        tabIndex={this.props.reachable === at ? 0 : -1}
        title={found && closer(found, column, width, this.props.zone)}
      >
        {found ? <Inside found={found} width={width} /> : <span class="grid-waiting" />}
      </div>
    );
  }
}

/** The columns that are not drawn take their room all the same. */
export function Gap({ width }: { width: number }): JSX.Element | null {
  return width > 0 ? <div class="grid-gap" style={{ width: px(width) }} aria-hidden="true" /> : null;
}

function Inside({ found, width }: { found: Shown; width: number }): JSX.Element {
  if (found.mark === "none") {
    return (
      <span>
        <span aria-hidden="true">{found.text}</span>
        <span class="unseen">no value</span>
      </span>
    );
  }
  if (found.chips === null) return <span class="grid-text">{found.text}</span>;
  const fitting = chipsIn(found.chips, width);
  const more = found.chips.length - fitting;
  return (
    <span class="chips">
      {found.chips.slice(0, fitting).map((chip, at) => (
        <span class="chip" key={at}>
          {chip}
        </span>
      ))}
      {more > 0 && (
        <span class="chip more">
          +{more}
          <span class="unseen"> more</span>
        </span>
      )}
    </span>
  );
}

/** How many of these have room in a cell of this width; the first always has. */
export function chipsIn(chips: readonly string[], width: number): number {
  let room = Math.min(width, WIDEST) - MORE;
  let fitting = 0;
  for (const chip of chips) {
    room -= chip.length * CHIP_LETTER + CHIP_PADDING;
    if (room < 0) break;
    fitting += 1;
  }
  return Math.max(1, fitting);
}

/** What the pointer is told that the cell does not tell: the rest of a text, the moment as it was written. */
function closer(found: Shown, column: Column, width: number, zone: Zone): string | undefined {
  if (column.kind === "moment" && found.mark === null) return zone === "utc" ? found.whole : `${found.whole} (UTC)`;
  return found.text.length * CHIP_LETTER > width - CHIP_PADDING ? found.whole : undefined;
}
