import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { Popover } from "./popover";
import type { Placed } from "./row";
import { type Filter, type Test, type View, filtered, needsValue, testInWords, testsFor } from "./view";
import { NARROWEST, WIDEST, within } from "./widths";

interface ColumnMenuProperties {
  placed: Placed;
  anchor: HTMLElement;
  view: View;
  canHide: boolean;
  onView: (view: View) => void;
  /** undefined: as wide as it was at first. */
  onWidth: (width: number | undefined) => void;
  onHide: () => void;
  onClose: () => void;
}

const STEP = 40;

/** What can be done with one column. */
export function ColumnMenu(properties: ColumnMenuProperties): JSX.Element {
  const { placed, anchor, view, canHide, onView, onWidth, onHide, onClose } = properties;
  const { name, text } = placed.column;
  const sorted = view.sort.find(({ column }) => column === name);
  const sortBy = (isDescending: boolean | undefined) => {
    onView({ ...view, sort: isDescending === undefined ? [] : [{ column: name, isDescending }] });
    onClose();
  };
  return (
    <Popover label={`Column ${text}`} anchor={anchor} onClose={onClose}>
      <div class="menu-group">
        <Choice isOn={sorted?.isDescending === false} onPick={() => sortBy(false)}>
          Sort upwards
        </Choice>
        <Choice isOn={sorted?.isDescending === true} onPick={() => sortBy(true)}>
          Sort downwards
        </Choice>
        {sorted && <Choice onPick={() => sortBy(undefined)}>Do not sort</Choice>}
      </div>
      <FilterForm placed={placed} view={view} onView={onView} onClose={onClose} />
      <div class="menu-group menu-line" role="group" aria-label="Width">
        <Choice onPick={() => onWidth(within(placed.width - STEP, NARROWEST, WIDEST))}>Narrower</Choice>
        <Choice onPick={() => onWidth(within(placed.width + STEP, NARROWEST, WIDEST))}>Wider</Choice>
        <Choice onPick={() => onWidth(undefined)}>Fit</Choice>
      </div>
      {canHide && (
        <div class="menu-group">
          <Choice onPick={onHide}>Hide this column</Choice>
        </div>
      )}
    </Popover>
  );
}

interface ChoiceProperties {
  isOn?: boolean;
  onPick: () => void;
  children: string;
}

export function Choice({ isOn, onPick, children }: ChoiceProperties): JSX.Element {
  return (
    <button type="button" class="menu-choice" onClick={onPick} {...(isOn === undefined ? {} : { "aria-pressed": isOn })}>
      {children}
    </button>
  );
}

type FilterFormProperties = Pick<ColumnMenuProperties, "placed" | "view" | "onView" | "onClose">;

function FilterForm({ placed, view, onView, onClose }: FilterFormProperties): JSX.Element {
  const { column } = placed;
  const tests = testsFor(column);
  const now = view.filters.find((filter) => filter.column === column.name);
  const [test, setTest] = useState<Test>(now?.test ?? tests[0] ?? "contains");
  const [value, setValue] = useState(now?.value ?? "");
  const apply = (filter: Filter | undefined) => {
    onView(filtered(view, column.name, filter));
    onClose();
  };
  const isReady = !needsValue(test) || value.trim() !== "";
  return (
    <form
      class="menu-group menu-filter"
      onSubmit={(event) => {
        event.preventDefault();
        if (isReady) apply({ column: column.name, test, value: needsValue(test) ? value.trim() : "" });
      }}
    >
      <label>
        <span>Show rows in which it</span>
        <select class="input" value={test} onChange={(event) => setTest(event.currentTarget.value as Test)}>
          {tests.map((each) => (
            <option key={each} value={each}>
              {testInWords(each, column.kind)}
            </option>
          ))}
        </select>
      </label>
      {needsValue(test) && <ValueInput placed={placed} value={value} onValue={setValue} />}
      <div class="menu-line">
        <button type="submit" class="button small primary" disabled={!isReady}>
          Filter
        </button>
        {now && (
          <button type="button" class="button small" onClick={() => apply(undefined)}>
            Remove the filter
          </button>
        )}
      </div>
    </form>
  );
}

interface ValueProperties {
  placed: Placed;
  value: string;
  onValue: (value: string) => void;
}

function ValueInput({ placed, value, onValue }: ValueProperties): JSX.Element {
  const { kind, text } = placed.column;
  if (kind === "boolean") {
    return (
      <select class="input" aria-label={`Value of ${text}`} value={value} onChange={(event) => onValue(event.currentTarget.value)}>
        <option value="">choose</option>
        <option value="true">yes</option>
        <option value="false">no</option>
      </select>
    );
  }
  const hint = kind === "moment" ? "2026-11-20T14:00:00Z" : kind === "day" ? "2026-11-20" : "";
  return (
    <input
      class="input"
      aria-label={`Value of ${text}`}
      value={value}
      placeholder={hint}
      inputMode={kind === "number" || kind === "integer" ? "decimal" : "text"}
      autocomplete="off"
      spellcheck={false}
      onInput={(event) => onValue(event.currentTarget.value)}
    />
  );
}
