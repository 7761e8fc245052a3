"""The queries behind numbers of things: breakdowns, spreads, peers, months."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from holdfast.graph.schema import ColumnType, GraphSchema
from holdfast.offline.columns import ID_COLUMNS, column, count_column, listed, naming
from holdfast.offline.grammar.names import HIRE_COLUMNS, LABELS, hire_column
from holdfast.offline.meaning import (
    Alike,
    Breakdown,
    Figure,
    Flow,
    Holdings,
    Loss,
    Months,
    Peers,
    Selection,
    Spread,
    Within,
)
from holdfast.offline.meaning.links import Kind
from holdfast.offline.number_columns import MATCHING, PEERS_MEDIAN, PERCENT, UNKNOWN
from holdfast.offline.queries import differences
from holdfast.offline.queries.cypher import Conditions, node, quoted, there

# Of no other shape could the order be told: what is unknown stands last, whichever way the order goes.
_LAST: Final = {True: "9000000000", False: "-1"}


def breakdown(meaning: Breakdown, schema: GraphSchema) -> str:
    """One row for each combination of values that there is."""
    names = [column(schema, meaning.subject.kind, by).shown.name for by in meaning.by]
    number, measure = count_column(meaning.subject.kind).name, measure_of(meaning)
    counted = _counted(meaning, schema)
    lowest = meaning.lowest_first
    rows = f"{counted} {_best(measure, lowest)} {_counted(meaning, schema, 'best')}" if meaning.ties else counted
    kept = _bounds(meaning, measure) + ([f"{measure} = best"] if meaning.ties else [])
    if meaning.ties and not meaning.lowest_first:
        kept.append(f"{measure} > 0")
    returned = [*names, number]
    if meaning.matching is not None:
        returned += [MATCHING, UNKNOWN]
    if meaning.percent:
        returned.append(PERCENT)
    order = ", ".join([f"coalesce({measure}, {_LAST[lowest]}) {'ASC' if lowest else 'DESC'}", *names])
    limit = f" LIMIT {meaning.limit}" if meaning.limit else ""
    where = f" WHERE {' AND '.join(kept)}" if kept else ""
    carried = [*returned, *(["best"] if meaning.ties else [])]
    return f"{rows} WITH {', '.join(carried)}{where} RETURN {', '.join(returned)} ORDER BY {order}{limit}"


def _best(measure: str, lowest: bool) -> str:
    """The first of all rows; one engine takes no greatest of what was summed before."""
    return f"WITH {measure} AS best ORDER BY coalesce(best, {_LAST[lowest]}) {'ASC' if lowest else 'DESC'} LIMIT 1"


def measure_of(meaning: Breakdown) -> str:
    """The column that the rows are bounded and sorted by."""
    if meaning.percent:
        return PERCENT
    return MATCHING if meaning.matching is not None else count_column(meaning.subject.kind).name


def _bounds(meaning: Breakdown, measure: str) -> list[str]:
    unknown = f" + {UNKNOWN}" if meaning.matching is not None and not meaning.percent else ""
    bounds = [f"{measure} >= {meaning.at_least}"] if meaning.at_least is not None else []
    return [*bounds, *([f"{measure}{unknown} <= {meaning.at_most}"] if meaning.at_most is not None else [])]


def _counted(meaning: Breakdown, schema: GraphSchema, *carried: str) -> str:
    """The numbers of each combination, as far as `WITH …`; `carried` are names that must stay known."""
    conditions = Conditions(schema)
    kind = meaning.subject.kind
    match, values = _grouped(meaning, schema, conditions)
    shown = [*(f"{value} AS {name}" for name, value in values.items()), *carried]
    names, number = [*values, *carried], count_column(kind).name
    if meaning.matching is None:
        if not meaning.percent:
            return f"{match} WITH {', '.join([*shown, f'count(*) AS {number}'])}"
        everything = f"MATCH {node('s', kind)} WHERE {Conditions(schema).selected(meaning.subject, 's')}"
        total = f"{everything} WITH {', '.join([*carried, 'count(*) AS total'])}"
        part = f"100.0 * count(*) / total AS {PERCENT}"
        return f"{total} {match} WITH {', '.join([*shown, 'total', f'count(*) AS {number}', part])}"
    yes = f"CASE WHEN {conditions.holds(meaning.matching, 's', kind)} THEN 1 ELSE 0 END AS is_so"
    no = f"CASE WHEN {conditions.fails(meaning.matching, 's', kind)} THEN 1 ELSE 0 END AS is_not"
    sums = [*names, f"count(*) AS {number}", f"coalesce(sum(is_so), 0) AS {MATCHING}"]
    sums.append("coalesce(sum(is_not), 0) AS others")
    told = [*names, number, MATCHING, f"{number} - {MATCHING} - others AS {UNKNOWN}"]
    if meaning.percent:
        known = f"{MATCHING} + others"
        told.append(f"CASE WHEN {known} > 0 THEN 100.0 * {MATCHING} / ({known}) ELSE NULL END AS {PERCENT}")
    return f"{match} WITH {', '.join([*shown, yes, no])} WITH {', '.join(sums)} WITH {', '.join(told)}"


def _grouped(meaning: Breakdown, schema: GraphSchema, conditions: Conditions) -> tuple[str, dict[str, str]]:
    """The subjects, and by column of the rows what it holds of one of them."""
    kind = meaning.subject.kind
    where = [conditions.selected(meaning.subject, "s")]
    values: dict[str, str] = {}
    unwound = ""
    for number, by in enumerate(meaning.by):
        name = column(schema, kind, by).shown.name
        values[name] = there(schema, "s", kind, by)
        if schema.node(LABELS[kind]).columns[by] is ColumnType.STRING_LIST:
            unwound += f" UNWIND s.{by} AS item{number}"
            values[name] = f"item{number}"
        elif meaning.limit or meaning.ties or meaning.at_least is not None or meaning.at_most is not None:
            where.append(f"{values[name]} IS NOT NULL")
    return f"MATCH {node('s', kind)} WHERE {' AND '.join(where)}{unwound}", values


def spread(meaning: Spread, schema: GraphSchema) -> str:
    """The figures of each value, or of all subjects."""
    number = count_column(meaning.subject.kind).name
    by = [] if meaning.by is None else [column(schema, meaning.subject.kind, meaning.by).shown.name]
    first, lowest = meaning.figures[0], meaning.lowest_first
    grouped = _gathered(meaning, schema)
    if meaning.ties:
        again = _gathered(meaning, schema, "best")
        grouped = f"{grouped} {_best(_FIGURES[first], lowest)} {again} WHERE {_FIGURES[first]} = best"
    figures = [f"{_FIGURES[figure]} AS {figure.value}" for figure in meaning.figures]
    returned = ", ".join([*by, number, f"{number} - size(ns) AS {UNKNOWN}", *figures])
    order = ", ".join([f"coalesce({first.value}, {_LAST[lowest]}) {'ASC' if lowest else 'DESC'}", *by])
    return f"{grouped} RETURN {returned} ORDER BY {order}"


def _gathered(meaning: Spread, schema: GraphSchema, *carried: str) -> str:
    """The numbers of each value as a sorted list, as far as `WITH …`; `carried` are names that must stay known."""
    kind = meaning.subject.kind
    conditions = Conditions(schema)
    by = [] if meaning.by is None else [column(schema, kind, meaning.by).shown.name]
    of_each = there(schema, "s", kind, meaning.by) if meaning.by else ""
    value = [f"{of_each} AS {by[0]}"] if by else []
    where = conditions.selected(meaning.subject, "s")
    some = f" AND {of_each} IS NOT NULL" if meaning.ties else ""
    each = [*value, *carried, f"{conditions.counted(meaning.link, 's', meaning.target)} AS n"]
    known = [f"count(*) AS {count_column(kind).name}", "list_sort(collect(n)) AS ns", "sum(n) AS all_of_them"]
    gathered = [*by, *carried, *known, "min(n) AS least", "max(n) AS most"]
    return f"MATCH {node('s', kind)} WHERE {where}{some} WITH {', '.join(each)} WITH {', '.join(gathered)}"


# The middle of a sorted list; of an even number of them, halfway between the two in the middle.
_MIDDLE: Final = (
    "CASE WHEN size(ns) > 0 THEN (list_extract(ns, CAST(floor((size(ns) + 1) / 2.0) AS INT64)) "
    "+ list_extract(ns, CAST(floor(size(ns) / 2.0) AS INT64) + 1)) / 2.0 ELSE NULL END"
)
_FIGURES: Final = {
    Figure.MEDIAN: _MIDDLE,
    Figure.AVERAGE: "CASE WHEN size(ns) > 0 THEN 1.0 * all_of_them / size(ns) ELSE NULL END",
    Figure.MINIMUM: "least",
    Figure.MAXIMUM: "most",
}


def peers(meaning: Peers, schema: GraphSchema) -> str:
    """Each subject with its number and the median of everybody with the same value, of whatever status."""
    kind = meaning.subject.kind
    conditions = Conditions(schema)
    number = count_column(meaning.target.kind).name
    of_all = conditions.counted(meaning.link, "m", meaning.target)
    everybody = f"MATCH {node('m', kind)} WITH m.{meaning.by} AS peer, {of_all} AS n"
    medians = f"WITH peer, list_sort(collect(n)) AS ns WITH peer, {_MIDDLE} AS {PEERS_MEDIAN}"
    same = f"coalesce(s.{meaning.by}, '') = coalesce(peer, '')"
    subjects = f"MATCH {node('s', kind)} WHERE {same} AND {conditions.selected(meaning.subject, 's')}"
    counted = conditions.counted(meaning.link, "s", meaning.target)
    median = f"CASE WHEN peer IS NULL THEN NULL ELSE {PEERS_MEDIAN} END AS {PEERS_MEDIAN}"
    names = [naming(schema, kind), *listed(schema, kind, meaning.subject.where, (meaning.by,))[1:]]
    shown = ", ".join([f"s.id AS {ID_COLUMNS[kind]}", *(f"s.{c.property} AS {c.shown.name}" for c in names)])
    returned = f"RETURN {shown}, {number}, {PEERS_MEDIAN}, {number} - {PEERS_MEDIAN} AS difference"
    order = f"ORDER BY coalesce({number}, -1) DESC, {names[0].shown.name}, {ID_COLUMNS[kind]}"
    limit = f" LIMIT {meaning.limit}" if meaning.limit else ""
    return f"{everybody} {medians} {subjects} WITH s, {median}, {counted} AS {number} {returned} {order}{limit}"


def months(meaning: Months, schema: GraphSchema) -> str:
    """One row for each month, also where nothing happened."""
    names = ", ".join(quoted(month) for month in _months_between(meaning.start, meaning.end))
    conditions = Conditions(schema)
    selected = conditions.selected(meaning.subject, "s")
    flows = ", ".join(
        f"coalesce(sum(CASE WHEN {_happened(flow, meaning, schema)} THEN 1 ELSE 0 END), 0) AS {flow.value}"
        for flow in meaning.flows
    )
    people = f"OPTIONAL MATCH {node('s', Kind.PERSON)} WHERE {selected}"
    return f"UNWIND [{names}] AS month {people} RETURN month, {flows} ORDER BY month"


def _months_between(start: datetime, end: datetime) -> list[str]:
    """`2026-05`, `2026-06` … from the month of `start` to that of the moment before `end`."""
    last = end - timedelta(microseconds=1)
    first_index, last_index = start.year * 12 + start.month - 1, last.year * 12 + last.month - 1
    return [f"{index // 12:04d}-{index % 12 + 1:02d}" for index in range(first_index, last_index + 1)]


def _happened(flow: Flow, meaning: Months, schema: GraphSchema) -> str:
    """Within the month of the row, and within the time that was asked for."""
    columns = {Flow.JOINED: "created", Flow.HIRED: hire_column(schema) or HIRE_COLUMNS[0], Flow.LEFT: "status_changed"}
    name = columns[flow]
    within = Within(column=name, start=meaning.start, end=meaning.end)
    asked = Conditions(schema).selected(Selection(kind=Kind.PERSON, where=within), "s")
    text = f"s.{name}" if flow is Flow.HIRED else f"to_string(s.{name})"
    left = " AND s.status = 'DEPROVISIONED'" if flow is Flow.LEFT else ""
    return f"{asked} AND left({text}, 7) = month{left}"


COMPILERS: Final[dict[type[Any], Callable[[Any, GraphSchema], str]]] = {
    Breakdown: breakdown,
    Spread: spread,
    Peers: peers,
    Months: months,
    Alike: differences.alike,
    Holdings: differences.holdings,
    Loss: differences.loss,
}
