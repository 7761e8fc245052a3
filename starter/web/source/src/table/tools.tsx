import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { Icon } from "../components/icon";
import { count } from "../words";
import type { Zone } from "./cells";
import type { Layout } from "./layout";
import type { Column } from "./pages";
import { Popover } from "./popover";
import { type View, filtered, inWords } from "./view";

// A person who types on is not yet asking.
const TYPING_MS = 220;

/** Search in all rows; the gateway does it once typing pauses. */
export function Search({ value, onSearch }: { value: string; onSearch: (text: string) => void }): JSX.Element {
  const [text, setText] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setText(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  // The view may have got a filter by the time that the search begins.
  const latest = useRef(onSearch);
  latest.current = onSearch;
  const ask = (next: string, wait: number) => {
    setText(next);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => latest.current(next.trim()), wait);
  };
  return (
    <search class="table-search">
      <Icon name="search" />
      <input
        type="search"
        aria-label="Search the rows"
        placeholder="Search the rows"
        data-shortcut="search"
        autocomplete="off"
        spellcheck={false}
        value={text}
        onInput={(event) => ask(event.currentTarget.value, TYPING_MS)}
        onKeyDown={(event) => event.key === "Enter" && ask(text, 0)}
      />
    </search>
  );
}

/** The filters that are on, each with a button that takes it off. */
export function FilterChips({ view, columns, onView }: { view: View; columns: readonly Column[]; onView: (view: View) => void }) {
  if (view.filters.length === 0) return null;
  return (
    <ul class="filters" aria-label="Filters">
      {view.filters.map((filter) => (
        <li key={filter.column}>
          <button type="button" class="filter-chip" onClick={() => onView(filtered(view, filter.column, undefined))}>
            <span class="tenant-text">{inWords(filter, columns)}</span>
            <Icon name="cross" />
            <span class="unseen">, remove this filter</span>
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Which columns are shown. */
export function ColumnsButton({ columns, layout }: { columns: readonly Column[]; layout: Layout }): JSX.Element {
  const button = useRef<HTMLButtonElement>(null);
  const [isOpen, setOpen] = useState(false);
  const { hidden, show } = layout;
  const isLast = columns.length - hidden.size === 1;
  return (
    <>
      <button ref={button} type="button" class="button" aria-haspopup="dialog" aria-expanded={isOpen} onClick={() => setOpen(true)}>
        <Icon name="columns" />
        Columns
        {hidden.size > 0 && <span class="fine">{count(hidden.size)} hidden</span>}
      </button>
      {isOpen && button.current && (
        <Popover label="Columns" anchor={button.current} onClose={() => setOpen(false)}>
          <fieldset class="menu-group menu-checks">
            <legend>Shown columns</legend>
            {columns.map(({ name, text }) => (
              <label class="choice" key={name}>
                <input
                  type="checkbox"
                  checked={!hidden.has(name)}
                  disabled={isLast && !hidden.has(name)}
                  onChange={(event) => show(name, event.currentTarget.checked)}
                />
                {text}
              </label>
            ))}
          </fieldset>
        </Popover>
      )}
    </>
  );
}

/** In which zone times are told. */
export function ZoneButton({ zone, onZone }: { zone: Zone; onZone: (zone: Zone) => void }): JSX.Element {
  const isUtc = zone === "utc";
  return (
    <button type="button" class="button" aria-pressed={isUtc} onClick={() => onZone(isUtc ? "local" : "utc")}>
      <Icon name="clock" />
      UTC
      <span class="unseen"> times</span>
    </button>
  );
}
