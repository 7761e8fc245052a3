/** Rows by their place in the current view, read from the gateway page by page, a moment before they are seen. */

/** A cell as JSON tells it. */
export type Cell = string | number | boolean | null | readonly Cell[] | { readonly [field: string]: Cell };
export type Row = readonly Cell[];

/** What the cells of a column are; whole numbers beyond 2^53 and moments are text in JSON. */
export type Kind = "text" | "boolean" | "integer" | "big-integer" | "number" | "day" | "moment" | "list" | "nested";

export interface Column {
  readonly name: string;
  readonly text: string;
  readonly kind: Kind;
}

/** What the gateway answers: `total` rows stand in the answer, `matching` of them pass search and filters. */
export interface Page {
  readonly columns: readonly Column[];
  readonly total: number;
  readonly matching: number;
  readonly offset: number;
  readonly rows: readonly Row[];
}

export type ReadPage = (offset: number, limit: number, signal: AbortSignal) => Promise<Page>;

// One page is answered in some milliseconds and fills several screens.
export const PAGE_ROWS = 200;
// 24,000 rows: some tens of megabytes at most, while going back and forth needs no request.
const KEPT_PAGES = 120;
const AT_ONCE = 2;
// While the scrollbar is dragged, the place where it rests is read, not each that it passes.
const PATIENCE_MS = 80;

/** The pages that show rows `first` to `end`, those that are seen first, then one ahead and one behind. */
export function pagesAround(first: number, end: number, matching: number, isDownwards: boolean): number[] {
  const last = Math.ceil(matching / PAGE_ROWS) - 1;
  const from = Math.floor(first / PAGE_ROWS);
  const to = Math.floor(Math.max(first, end - 1) / PAGE_ROWS);
  const seen = Array.from({ length: to - from + 1 }, (_, index) => from + index);
  const near = isDownwards ? [to + 1, from - 1] : [from - 1, to + 1];
  return [...seen, ...near].filter((page) => page >= 0 && page <= last);
}

/** The rows of one view: one sorting, one search, one set of filters. */
export class RowPages {
  private readonly kept = new Map<number, readonly Row[]>();
  private readonly running = new Map<number, AbortController>();
  private wanted: readonly number[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isClosed = false;
  private isStopped = false;

  /** `changed` is called when rows arrived, `failed` when they could not be read; `first` is page 0. */
  constructor(
    readonly first: Page,
    private readonly read: ReadPage,
    private readonly changed: () => void,
    private readonly failed: (error: unknown) => void,
  ) {
    this.kept.set(0, first.rows);
  }

  /** The row at this place, or undefined while it is not here. */
  row(index: number): Row | undefined {
    return this.kept.get(Math.floor(index / PAGE_ROWS))?.[index % PAGE_ROWS];
  }

  /** Have these pages here, the first named first; those that were wanted before and are not any more are let go. */
  want(pages: readonly number[], isPassing: boolean): void {
    this.wanted = pages;
    for (const [page, request] of this.running) {
      if (!pages.includes(page)) this.drop(page, request);
    }
    for (const page of pages) this.touch(page);
    if (isPassing) {
      this.timer ??= setTimeout(() => this.start(), PATIENCE_MS);
    } else {
      this.start();
    }
  }

  /** Read on after a failure. Until then nothing is asked for: a gateway that is away is not helped by it. */
  again(): void {
    this.isStopped = false;
    this.start();
  }

  /** Let go of everything that is under way. */
  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    for (const [page, request] of this.running) this.drop(page, request);
  }

  private start(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
    if (this.isStopped) return;
    for (const page of this.wanted) {
      if (this.running.size >= AT_ONCE) return;
      if (!this.kept.has(page) && !this.running.has(page)) void this.fetch(page);
    }
  }

  private async fetch(page: number): Promise<void> {
    const request = new AbortController();
    this.running.set(page, request);
    try {
      const { rows } = await this.read(page * PAGE_ROWS, PAGE_ROWS, request.signal);
      if (request.signal.aborted) return;
      this.running.delete(page);
      this.keep(page, rows);
      this.changed();
      this.start();
    } catch (error) {
      if (request.signal.aborted || this.isClosed) return;
      this.running.delete(page);
      if (this.isStopped) return;
      this.isStopped = true;
      this.failed(error);
    }
  }

  private drop(page: number, request: AbortController): void {
    this.running.delete(page);
    request.abort();
  }

  private keep(page: number, rows: readonly Row[]): void {
    this.kept.set(page, rows);
    for (const oldest of this.kept.keys()) {
      if (this.kept.size <= KEPT_PAGES) return;
      this.kept.delete(oldest);
    }
  }

  /** A Map goes through its keys as they were set, so what was set last goes last. */
  private touch(page: number): void {
    const rows = this.kept.get(page);
    if (rows === undefined) return;
    this.kept.delete(page);
    this.kept.set(page, rows);
  }
}
