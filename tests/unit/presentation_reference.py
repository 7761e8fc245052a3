"""What a recipe means, said a second time: slowly, in plain Python, without Polars and without our compiler."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cmp_to_key
from statistics import fmean, median
from typing import Any
from zoneinfo import ZoneInfo

from holdfast.answer import JoinCount, RowCounts
from holdfast.presentation import Presentation
from holdfast.presentation.recipe import (
    Aggregate,
    Choose,
    Compare,
    Condition,
    Contains,
    DateText,
    Explode,
    FillEmpty,
    Filter,
    IsEmpty,
    Join,
    ListText,
    Measure,
    OneOf,
    Operation,
    Rename,
    Sort,
    SortKey,
    Top,
    Unknown,
    Words,
)

Row = dict[str, Any]
Steps = Mapping[str, Sequence[Row]]


def expected(presentation: Presentation, steps: Steps) -> list[Row]:
    rows = [dict(row) for row in steps[presentation.source]]
    for operation in presentation.operations:
        rows = _after(operation, rows, steps)
    return rows


def expected_counts(presentation: Presentation, steps: Steps) -> RowCounts:
    """What became of the rows, counted one by one."""
    rows = [dict(row) for row in steps[presentation.source]]
    rows_in, joins, dropped = len(rows), [], 0
    for operation in presentation.operations:
        after = _after(operation, rows, steps)
        if isinstance(operation, Join):
            found = sum(
                any(all(row[k.left] == r[k.right] is not None for k in operation.on) for r in steps[operation.step])
                for row in rows
            )
            joins.append(JoinCount(step_id=operation.step, joined=found, not_joined=len(rows) - found))
            dropped += {"left": 0, "inner": len(rows) - found, "anti": found}[operation.how]
        elif isinstance(operation, Filter | Top):
            dropped += len(rows) - len(after)
        rows = after
    return RowCounts(rows_in=rows_in, joins=tuple(joins), dropped=dropped, rows_out=len(rows))


def _after(operation: Operation, rows: list[Row], steps: Steps) -> list[Row]:
    match operation:
        case Choose():
            return [{shown.column: row[shown.column] for shown in operation.columns} for row in rows]
        case Rename():
            return [{operation.to if k == operation.column else k: v for k, v in row.items()} for row in rows]
        case Join():
            return _joined(operation, rows, steps)
        case Filter():
            return [row for row in rows if any(_holds(c, row[c.column]) for c in operation.any_of)]
        case Aggregate():
            return _aggregated(operation, rows)
        case Sort():
            return _sorted(operation.by, rows)
        case Top():
            return rows[: operation.rows]
        case Explode():
            return [{**row, operation.column: item} for row in rows for item in row[operation.column] or [None]]
        case _:
            return [{**row, operation.column: _cell(operation, row)} for row in rows]


def _joined(join: Join, rows: list[Row], steps: Steps) -> list[Row]:
    found_rows: list[Row] = []
    for row in rows:
        found = [r for r in steps[join.step] if all(row[k.left] == r[k.right] is not None for k in join.on)]
        taken = [{t.name or t.column: r[t.column] for t in join.take} for r in found]
        names = [t.name or t.column for t in join.take]
        if join.how == "anti":
            found_rows += [] if found else [row]
        elif not found and join.how == "inner":
            continue
        elif not join.take:
            found_rows.append(row)
        elif join.matches == "lists":
            found_rows.append({**row, **{name: _gathered(t[name] for t in taken) for name in names}})
        else:
            found_rows += [{**row, **t} for t in taken or [dict.fromkeys(names)]]
    return found_rows


def _gathered(cells: Iterable[Any]) -> list[Any]:
    return [item for cell in cells for item in (cell if isinstance(cell, list) else [cell])]


def _holds(condition: Condition, cell: Any) -> bool:
    return _is(condition, cell) != condition.negated


def _is(condition: Condition, cell: Any) -> bool:
    match condition:
        case IsEmpty():
            return cell is None or cell in ("", [])
        case Compare():
            return cell is not None and _compare(condition, cell)
        case OneOf():
            wanted = [_value(v, cell) for v in condition.values]
            return any(item == w for item in _items(cell) for w in wanted)
        case Contains():
            return any(condition.text.lower() in item.lower() for item in _items(cell))


def _items(cell: Any) -> list[Any]:
    return [item for item in (cell if isinstance(cell, list) else [cell]) if item is not None]


def _value(value: Any, cell: Any) -> Any:
    if isinstance(cell, datetime):
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
    return value


def _compare(condition: Compare, cell: Any) -> bool:
    value = _value(condition.value, cell)
    return bool(
        {
            "=": lambda: cell == value,
            "!=": lambda: cell != value,
            "<": lambda: cell < value,
            "<=": lambda: cell <= value,
            ">": lambda: cell > value,
            ">=": lambda: cell >= value,
        }[condition.operator]()
    )


def _aggregated(operation: Aggregate, rows: list[Row]) -> list[Row]:
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(tuple(row[name] for name in operation.by), []).append(row)
    if not operation.by:
        groups = {(): rows}
    return [
        {
            **dict(zip(operation.by, key, strict=True)),
            **{measure.name: _measured(measure, group, len(rows)) for measure in operation.measures},
        }
        for key, group in groups.items()
    ]


def _measured(measure: Measure, group: list[Row], total: int) -> Any:
    if measure.function == "share":
        return 100 * len(group) / total if total else None
    if measure.column is None:
        return len(group)
    cells = [row[measure.column] for row in group if row[measure.column] is not None]
    match measure.function:
        case "count":
            return len(cells)
        case "distinct":
            return len(set(cells))
        case "sum":
            return sum(cells)
        case "mean":
            return fmean(cells) if cells else None
        case "median":
            return median(cells) if cells else None
        case "min":
            return min(cells, default=None)
        case "max":
            return max(cells, default=None)
        case "share_true":
            return 100 * sum(cells) / len(cells) if cells else None
        case "list":
            return [item for item in _gathered(cells) if item is not None]
    raise AssertionError(measure.function)


def _sorted(keys: Sequence[SortKey], rows: list[Row]) -> list[Row]:
    def compare(one: Row, other: Row) -> int:
        for key in keys:
            a, b = one[key.column], other[key.column]
            if a is None or b is None:
                if (a is None) != (b is None):
                    return 1 if a is None else -1
                continue
            a, b = ((a.lower(), a), (b.lower(), b)) if isinstance(a, str) else (a, b)
            if a != b:
                return (1 if a > b else -1) * (-1 if key.descending else 1)
        return 0

    return sorted(rows, key=cmp_to_key(compare))


def _cell(operation: Operation, row: Row) -> Any:
    assert isinstance(operation, ListText | DateText | Words | Unknown | FillEmpty)
    cell = row[operation.column]
    match operation:
        case ListText():
            return None if cell is None else _list_text(operation, cell)
        case DateText():
            form = {"day": "%Y-%m-%d", "minute": "%Y-%m-%d %H:%M", "second": "%Y-%m-%d %H:%M:%S"}[operation.precision]
            return (
                None if cell is None else cell.replace(tzinfo=UTC).astimezone(ZoneInfo(operation.zone)).strftime(form)
            )
        case Words():
            return {True: operation.yes, False: operation.no, None: operation.unknown}[cell]
        case FillEmpty():
            return _text(cell) or operation.word
        case Unknown():
            if row[operation.known]:
                return _text(cell)
            if not cell:
                return operation.word
            return "yes" if cell is True else f"{_text(cell)}{operation.partly}"


def _text(cell: Any) -> str | None:
    match cell:
        case None | str():
            return cell
        case bool():
            return "yes" if cell else "no"
        case datetime():
            return cell.strftime("%Y-%m-%d %H:%M")
        case _:
            return str(cell)


def _list_text(operation: ListText, cell: list[Any]) -> str:
    items = {item for item in cell if item is not None}
    ordered = sorted(items, key=lambda item: (item.lower(), item) if isinstance(item, str) else item)
    shown = [str(_text(item)) for item in ordered]
    limit = operation.limit or len(shown)
    text = operation.separator.join(shown[:limit])
    return f"{text} and {len(shown) - limit} more" if len(shown) > limit else text
