/** Which columns the table has, in which widths. */

import { useMemo, useState } from "preact/hooks";
import type { RowPages } from "./pages";
import type { Placed } from "./row";
import { type Measure, filling, widthFor } from "./widths";

// On a narrow screen the first column, which stays, leaves room for the others.
const NARROW_ROOM = 640;
const FIRST_SHARE = 0.42;

export interface Layout {
  columns: readonly Placed[];
  hidden: ReadonlySet<string>;
  show: (name: string, isShown: boolean) => void;
  /** undefined: as wide as it was at first. */
  widen: (name: string, width: number | undefined) => void;
  setRoom: (width: number) => void;
}

/** The columns of these rows; their first widths are those of the first rows that were ever shown. */
export function useLayout(pages: RowPages | undefined): Layout {
  const [room, setRoom] = useState(0);
  const [hidden, setHidden] = useState<ReadonlySet<string>>(new Set());
  const [chosen, setChosen] = useState<ReadonlyMap<string, number>>(new Map());
  const isHere = pages !== undefined;
  const first = useMemo(() => pages?.first, [isHere]);
  const measure = useMemo(measureInCells, []);
  const columns = useMemo(() => {
    const placed = (first?.columns ?? [])
      .map((column, place) => ({ column, place, width: widthFor(column, place, first?.rows ?? [], measure) }))
      .filter(({ column }) => !hidden.has(column.name));
    const filled = filling(placed.map(({ width }) => width), room);
    const mostFirst = room > 0 && room < NARROW_ROOM && placed.length > 1 ? Math.floor(room * FIRST_SHARE) : Infinity;
    return placed.map((each, at) => {
      const width = chosen.get(each.column.name) ?? filled[at] ?? each.width;
      return { ...each, width: at === 0 ? Math.min(width, mostFirst) : width };
    });
  }, [first, room, hidden, chosen]);
  return {
    columns,
    hidden,
    show: (name, isShown) =>
      setHidden((before) => {
        const after = new Set(before);
        if (isShown) after.delete(name);
        else after.add(name);
        return after;
      }),
    widen: (name, width) =>
      setChosen((before) => {
        const after = new Map(before);
        if (width === undefined) after.delete(name);
        else after.set(name, width);
        return after;
      }),
    setRoom,
  };
}

// The first column is bolder than what is measured, and a guess that is a bit too wide cuts nothing.
const SLACK = 1.06;

/** Measures text as the page writes it, without laying anything out. */
function measureInCells(): Measure {
  const canvas = document.createElement("canvas").getContext("2d");
  if (canvas === null) throw new Error("This browser draws no text.");
  const { fontSize, fontFamily } = getComputedStyle(document.body);
  canvas.font = `${fontSize} ${fontFamily}`;
  return (text) => canvas.measureText(text).width * SLACK;
}
