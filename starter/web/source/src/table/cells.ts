/** What a cell shows. All of it is text for text nodes: nothing from the tenant is ever markup. */

import type { Cell, Column, Kind } from "./pages";

export type Zone = "local" | "utc";

/** A cell as it is shown: `text` in the cell, `whole` in full wherever somebody looks closer or copies it. */
export interface Shown {
  readonly text: string;
  readonly whole: string;
  /** Of a list: its members. */
  readonly chips: readonly string[] | null;
  /** `none` is null, `blank` is text without a letter, `unknown` is what could not be read. */
  readonly mark: "none" | "blank" | "unknown" | null;
}

export const NONE = "—";
const UNKNOWN = "unknown";
// The column in which a row says what of it could not be read.
const UNREAD = "unread";
const FIGURES: ReadonlySet<Kind> = new Set(["integer", "big-integer", "number"]);
const NUMBERS = new Intl.NumberFormat("en", { maximumFractionDigits: 6 });
// Nobody reads more in a cell; what is copied or opened is whole.
const CELL_CHARACTERS = 300;

/** The cell of this column. Numbers get thousands, except where they stand for a name: an id, a year. */
export function shown(cell: Cell, column: Column, zone: Zone): Shown {
  if (cell === null) return plain(NONE, "", "none");
  if (isList(cell)) return listed(cell);
  if (typeof cell === "object") return plain(cut(JSON.stringify(cell)), JSON.stringify(cell), null);
  if (typeof cell === "boolean") return plain(cell ? "yes" : "no", String(cell), null);
  if (typeof cell === "number") return plain(isName(column) ? String(cell) : NUMBERS.format(cell), String(cell), null);
  if (column.kind === "big-integer") return plain(isName(column) ? cell : NUMBERS.format(BigInt(cell)), cell, null);
  if (column.kind === "moment") return plain(moment(cell, zone), cell, null);
  if (cell.trim() === "") return plain("(empty)", cell, "blank");
  return plain(cut(cell), cell, isUnknown(cell, column) ? "unknown" : null);
}

/** Whether the cells of this column stand at its right edge, so that their digits are below each other. */
export function isAtRight(column: Column): boolean {
  return FIGURES.has(column.kind) && !isName(column);
}

/** A moment as text, to the second: `2026-11-20 14:03:09`; in UTC with a `Z`. Text that is no moment stays as it is. */
export function moment(iso: string, zone: Zone): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return iso;
  if (zone === "utc") return `${time.toISOString().slice(0, 19).replace("T", " ")}Z`;
  const day = [time.getFullYear(), time.getMonth() + 1, time.getDate()].map(two).join("-");
  return `${day} ${[time.getHours(), time.getMinutes(), time.getSeconds()].map(two).join(":")}`;
}

/** The row as one line of a spreadsheet's clipboard. */
export function asLine(cells: readonly Shown[]): string {
  return cells.map(({ whole }) => whole.replace(/[\t\r\n]+/g, " ")).join("\t");
}

function plain(text: string, whole: string, mark: Shown["mark"]): Shown {
  return { text, whole, chips: null, mark };
}

function listed(cells: readonly Cell[]): Shown {
  if (cells.length === 0) return plain("(none)", "", "blank");
  const chips = cells.map((cell) => (typeof cell === "object" && cell !== null ? JSON.stringify(cell) : String(cell)));
  return { text: cut(chips.join(", ")), whole: chips.join(", "), chips, mark: null };
}

function isUnknown(text: string, column: Column): boolean {
  return column.name === UNREAD || text.toLowerCase() === UNKNOWN;
}

function isName(column: Column): boolean {
  return /(^|_)(id|year|port|version)$/.test(column.name);
}

function isList(cell: Cell): cell is readonly Cell[] {
  return Array.isArray(cell);
}

function cut(text: string): string {
  return text.length <= CELL_CHARACTERS ? text : `${text.slice(0, CELL_CHARACTERS)}…`;
}

function two(number: number): string {
  return String(number).padStart(2, "0");
}
