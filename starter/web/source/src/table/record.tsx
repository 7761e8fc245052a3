import type { JSX } from "preact";
import { CopyButton } from "../components/copy-button";
import { Dialog } from "../components/dialog";
import { count } from "../words";
import { type Shown, moment, shown } from "./cells";
import type { Column, Row } from "./pages";

interface RecordProperties {
  columns: readonly Column[];
  /** undefined while it is on its way. */
  row: Row | undefined;
  index: number;
  matching: number;
  onMove: (index: number) => void;
  onClose: () => void;
}

/** One row with everything in it, also what has no room in the table and the columns that are hidden. */
export function Record({ columns, row, index, matching, onMove, onClose }: RecordProperties): JSX.Element {
  return (
    <Dialog title={`Row ${count(index + 1)}`} onClose={onClose} wide>
      <dl class="record" aria-busy={row === undefined}>
        {columns.map((column, at) => (
          <div key={column.name}>
            <dt>{column.text}</dt>
            <dd>{row && <Whole cell={shown(row[at] ?? null, column, "local")} column={column} />}</dd>
          </div>
        ))}
      </dl>
      <div class="record-moves">
        <button type="button" class="button" disabled={index === 0} onClick={() => onMove(index - 1)}>
          Row before
        </button>
        <button type="button" class="button" disabled={index + 1 >= matching} onClick={() => onMove(index + 1)}>
          Next row
        </button>
        <span class="fine">
          {count(index + 1)} of {count(matching)}
        </span>
      </div>
    </Dialog>
  );
}

function Whole({ cell, column }: { cell: Shown; column: Column }): JSX.Element {
  if (cell.mark === "none") return <span class="mark-none">no value</span>;
  if (cell.mark === "blank") return <span class="mark-blank">{column.kind === "list" ? "none" : "empty text"}</span>;
  return (
    <>
      {cell.chips ? (
        <ul class="record-list">
          {cell.chips.map((chip, at) => (
            <li key={at}>{chip}</li>
          ))}
        </ul>
      ) : (
        <span class={cell.mark ? `record-text mark-${cell.mark}` : "record-text"}>{inFull(cell, column)}</span>
      )}
      <CopyButton text={cell.whole} what={column.text} />
    </>
  );
}

function inFull(cell: Shown, column: Column): string {
  if (column.kind === "text" || column.kind === "list" || column.kind === "nested") return cell.whole;
  if (column.kind !== "moment") return cell.text;
  return `${cell.text} here, ${moment(cell.whole, "utc")} in UTC`;
}
