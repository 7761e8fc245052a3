import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Icon } from "../components/icon";
import { isAtRight } from "./cells";
import type { Placed } from "./row";
import type { Filter, SortKey } from "./view";
import { NARROWEST, WIDEST, px, within } from "./widths";

interface HeadingProperties {
  placed: Placed;
  at: number;
  sort: readonly SortKey[];
  filter: Filter | undefined;
  isReachable: boolean;
  onSort: (isMore: boolean) => void;
  onMenu: (anchor: HTMLElement) => void;
  onWidth: (width: number) => void;
}

const ORDER = { ascending: "up", descending: "down" } as const;

/** The heading of a column: a click sorts, its button opens the menu, its right edge is dragged. */
export function Heading(properties: HeadingProperties): JSX.Element {
  const { placed, at, sort, filter, isReachable, onSort, onMenu, onWidth } = properties;
  const { column, width } = placed;
  const cell = useRef<HTMLDivElement>(null);
  const rank = sort.findIndex((key) => key.column === column.name);
  const key = sort[rank];
  const order = key === undefined ? "none" : key.isDescending ? "descending" : "ascending";
  const names = ["grid-heading", at === 0 && "first", isAtRight(column) && "at-right"].filter(Boolean).join(" ");
  return (
    <div
      ref={cell}
      role="columnheader"
      aria-colindex={at + 1}
      aria-sort={order}
      class={names}
      style={{ width: px(width) }}
      data-column={at}
      tabIndex={isReachable ? 0 : -1}
      title={column.text}
      onClick={(event) => onSort(event.shiftKey)}
    >
      <span class="grid-text">{column.text}</span>
      {order !== "none" && (
        <span class={`sorted ${ORDER[order]}`} aria-hidden="true">
          <Icon name="down" />
          {sort.length > 1 && <small>{rank + 1}</small>}
        </span>
      )}
      {filter && <span class="unseen">, filtered</span>}
      <button
        type="button"
        tabIndex={-1}
        class={filter ? "heading-menu filtered" : "heading-menu"}
        aria-label={`Menu of ${column.text}`}
        aria-haspopup="dialog"
        onClick={(event) => {
          event.stopPropagation();
          if (cell.current) onMenu(cell.current);
        }}
      >
        <Icon name={filter ? "filter" : "more"} />
      </button>
      <Edge width={width} onWidth={onWidth} />
    </div>
  );
}

function Edge({ width, onWidth }: { width: number; onWidth: (width: number) => void }): JSX.Element {
  const grabbed = useRef<{ x: number; width: number } | null>(null);
  return (
    <span
      class="heading-edge"
      aria-hidden="true"
      onClick={(event) => event.stopPropagation()}
      onPointerDown={(event) => {
        event.preventDefault();
        event.currentTarget.setPointerCapture(event.pointerId);
        grabbed.current = { x: event.clientX, width };
      }}
      onPointerMove={(event) => {
        const from = grabbed.current;
        if (from) onWidth(within(from.width + event.clientX - from.x, NARROWEST, WIDEST));
      }}
      onLostPointerCapture={() => (grabbed.current = null)}
    />
  );
}
