/** Where a key moves the focus of the grid. Row -1 holds the headings. */

export interface Spot {
  readonly row: number;
  readonly column: number;
}

export interface Bounds {
  readonly rows: number;
  readonly columns: number;
  /** Whole rows that are seen at once. */
  readonly screen: number;
}

export interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
}

export const HEADINGS = -1;

/** The spot after the key, as the grid pattern of WAI-ARIA has it; undefined where the key is not about moving. */
export function moved(from: Spot, pressed: Pressed, bounds: Bounds): Spot | undefined {
  if (pressed.altKey || pressed.shiftKey) return undefined;
  const far = pressed.ctrlKey || pressed.metaKey;
  const { row, column } = from;
  const lastRow = bounds.rows - 1;
  const lastColumn = bounds.columns - 1;
  const to = (nextRow: number, nextColumn: number): Spot => ({
    row: Math.max(HEADINGS, Math.min(nextRow, lastRow)),
    column: Math.max(0, Math.min(nextColumn, lastColumn)),
  });
  switch (pressed.key) {
    case "ArrowDown":
      return to(far ? lastRow : row + 1, column);
    case "ArrowUp":
      return to(far ? 0 : row - 1, column);
    case "ArrowRight":
      return to(row, far ? lastColumn : column + 1);
    case "ArrowLeft":
      return to(row, far ? 0 : column - 1);
    case "PageDown":
      return to(row + bounds.screen, column);
    case "PageUp":
      return to(Math.max(0, row - bounds.screen), column);
    case "Home":
      return to(far ? 0 : row, 0);
    case "End":
      return to(far ? lastRow : row, lastColumn);
    default:
      return undefined;
  }
}
