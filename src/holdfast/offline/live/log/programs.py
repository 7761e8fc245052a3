"""The programs that ask the system log, by the shape of what a step asks.

Each reads page by page with the narrowest filter that Okta knows, keeps what the answer needs and nothing else, and
tests by itself what the filter cannot say, or says of any target.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final

from holdfast.contracts import PromisedColumn
from holdfast.offline.columns import ID_COLUMNS, count_column
from holdfast.offline.live.composing import Composed, Script, Step, literal
from holdfast.offline.live.log import columns
from holdfast.offline.live.log.planning import THINGS
from holdfast.offline.live.log.reading_events import READ, EventReading, facet_values
from holdfast.offline.live.log.shapes import Facet, LogList, LogTally, LogTravel, LogUsage, LogWithout
from holdfast.offline.meaning.links import Kind
from holdfast.offline.meaning.showing import ShownColumn

# A longer list is nothing to read, and its rows would not fit into a sandbox.
MOST_LISTED: Final = 50_000
_KINDS: Final = {"text": "text", "time": "time", "number": "integer", "flag": "flag", "list": "list"}


def _promised(shown: tuple[ShownColumn, ...], ids: tuple[str, ...]) -> tuple[PromisedColumn, ...]:
    """Ids first, then what is shown; every number of the log is whole but for hours."""
    kinds = {column.name: "number" if column.name == "hours" else _KINDS[column.kind] for column in shown}
    names = dict.fromkeys(ids, "text") | kinds
    return tuple(PromisedColumn.model_validate({"name": name, "kind": kind}) for name, kind in names.items())


def _row(script: Script, pairs: list[tuple[str, str]], head: str, tail: str) -> None:
    script.line(head)
    script.line(*(f"    {literal(name)}: {value}," for name, value in pairs))
    script.line(tail)


def _list(meaning: LogList, step: Step) -> Composed:
    script = Script(step.request.step.query_context)
    ids, shown, _ = columns.shown(meaning)
    reading = EventReading(meaning.events, script, needs=(Facet.DAY, *columns.shows(meaning.events)))
    script.line("rows: list[dict[str, Any]] = []")
    most = meaning.limit or MOST_LISTED
    newest = "" if meaning.oldest_first or meaning.limit is None else "DESCENDING"
    with reading.each_event(order=newest, until=f"len(rows) >= {most}" if meaning.limit else ""):
        facets = columns.shows(meaning.events)
        pairs = [("time", 'event["published"]'), *(p for facet in facets for p in facet_values(facet))]
        named = dict(pairs)
        _row(script, [(name, named[name]) for name in (*ids, *(c.name for c in shown))], "rows.append({", "})")
        if meaning.limit is None:
            with script.block(f"if len(rows) > {most}:"):
                said = f"More than {most:,} events are asked for: ask for fewer days, or for their number."
                script.line(f"raise ValueError({literal(said)})")
    if not meaning.oldest_first and not newest:
        script.line("rows.reverse()")
    script.line(f"result = rows[:{most}]" if meaning.limit else "result = rows")
    return script.composed(_promised(shown, ids), "Reads the events and lists each of them.")


def _tally(meaning: LogTally, step: Step) -> Composed:
    script = Script(step.request.step.query_context)
    ids, shown, _ = columns.shown(meaning)
    by = meaning.by if meaning.distinct is None else (meaning.distinct,)
    extra = (Facet.PERSON,) if meaning.travel else ()
    reading = EventReading(meaning.events, script, needs=(*by, *extra), travel=meaning.travel)
    if meaning.distinct is not None:
        return _different(meaning.distinct, script, reading, shown)
    if not by:
        return _number(script, reading, shown)
    if meaning.travel:
        script.line("seen: dict[str, Any] = {}")
    script.line("groups: dict[Any, list[Any]] = {}")
    with reading.each_event():
        script.line(f"key = {', '.join(key_of(facet) for facet in by)}", "counted = groups.get(key)")
        with script.block("if counted is None:"):
            # How many, since when, the latest one, and how many of them nobody could have travelled to.
            script.line('counted = groups[key] = [0, event["published"], event, 0]')
        script.line("counted[0] += 1", "counted[2] = event")
        if meaning.travel:
            script.line("counted[3] += int(jump(seen, event) is not None)")
    _rows_of_groups(meaning, script, ids, shown)
    return script.composed(_promised(shown, ids), "Counts the events as they are read.")


def _number(script: Script, reading: EventReading, shown: tuple[ShownColumn, ...]) -> Composed:
    script.line("count = 0")
    with reading.each_event():
        script.line("count += 1")
    script.line(f"result = [{{{literal(shown[0].name)}: count}}]")
    return script.composed(_promised(shown, ()), "Counts the events as they are read.")


def _rows_of_groups(meaning: LogTally, script: Script, ids: tuple[str, ...], shown: tuple[ShownColumn, ...]) -> None:
    """A row for each group, with the names that its latest event tells."""
    values = dict(pair for facet in meaning.by for pair in facet_values(facet))
    counted = {
        columns.COUNT.name: "count",
        columns.FIRST.name: "first",
        columns.LAST.name: 'event["published"]',
        columns.TRAVELS.name: "travels",
    }
    script.line("rows: list[dict[str, Any]] = []")
    with script.block("for count, first, event, travels in groups.values():"):
        expressions = values | counted
        names = (*ids, *(column.name for column in shown))
        _row(script, [(name, expressions[name]) for name in names], "rows.append({", "})")
    _ordered(meaning, script, [column.name for column in shown if column.name in values])


def key_of(facet: Facet) -> str:
    """What tells one of them from another: its id where it has one."""
    return READ[facet].key


def _different(facet: Facet, script: Script, reading: EventReading, shown: tuple[ShownColumn, ...]) -> Composed:
    script.line("found: set[Any] = set()")
    with reading.each_event():
        script.line(f"found.add({key_of(facet)})")
    script.line("found.discard(None)")
    script.line(f"result = [{{{literal(shown[0].name)}: len(found)}}]")
    return script.composed(_promised(shown, ()), "Counts the different ones as the events are read.")


def _ordered(meaning: LogTally, script: Script, names: list[str]) -> None:
    count = columns.COUNT.name
    sign = "" if meaning.fewest_first else "-"
    key = ", ".join([f'{sign}row["{count}"]', *(f'str(row[{literal(name)}] or "").lower()' for name in names)])
    script.line(f"rows = sorted(rows, key=lambda row: ({key}))")
    if meaning.at_least > 1:
        script.line(f'rows = [row for row in rows if row["{count}"] >= {meaning.at_least}]')
    if meaning.limit is not None or meaning.ties or meaning.at_least > 1:
        # Nobody and nothing are not among the first.
        first = READ[meaning.by[0]].shown
        script.line(f"rows = [row for row in rows if row[{literal(first)}] is not None]")
    if meaning.ties:
        script.line(f'rows = [row for row in rows if row["{count}"] == rows[0]["{count}"]]')
    script.line(f"result = rows[:{meaning.limit}]" if meaning.limit else "result = rows")


def _travel(meaning: LogTravel, step: Step) -> Composed:
    script = Script(step.request.step.query_context)
    ids, shown, _ = columns.shown(meaning)
    reading = EventReading(meaning.events, script, needs=(Facet.PERSON,), travel=True)
    script.line("seen: dict[str, Any] = {}", "rows: list[dict[str, Any]] = []")
    with reading.each_event():
        script.line("found = jump(seen, event)")
        with script.block("if found is not None:"):
            pairs = dict(facet_values(Facet.PERSON))
            script.line("rows.append({")
            script.line(*(f"    {literal(name)}: {pairs[name]}," for name in ("user_id", "login", "name")))
            script.line("    **found,", "})")
    script.line("rows.reverse()", "result = rows")
    return script.composed(_promised(shown, ids), "Holds each sign-in against the one before it of the same person.")


def _without(meaning: LogWithout, step: Step) -> Composed:
    script = Script(step.request.step.query_context)
    shown, kind = step.shown.columns, meaning.things.kind
    ids = (ID_COLUMNS[kind],)
    facet = Facet.PERSON if kind is Kind.PERSON else Facet.APPLICATION
    reading = EventReading(meaning.events, script, needs=(facet,))
    script.line("found: set[Any] = set()")
    with reading.each_event():
        script.line(f"found.add({key_of(facet)})")
    script.line(f"things = await load({literal(THINGS)})")
    names = literal([*ids, *(column.name for column in shown)])
    chosen = f"for thing in things if thing[{literal(ids[0])}] not in found"
    script.line(f"result = [{{name: thing.get(name) for name in {names}}} {chosen}]")
    return script.composed(_as_read(shown, ids), "Reads the events and leaves out whatever they are of.")


def _as_read(shown: tuple[ShownColumn, ...], ids: tuple[str, ...]) -> tuple[PromisedColumn, ...]:
    """Columns of the snapshot, which may be lists and numbers of their own."""
    return _promised(shown, ids)


def _usage(meaning: LogUsage, step: Step) -> Composed:
    script = Script(step.request.step.query_context)
    shown = step.shown.columns
    reading = EventReading(meaning.events, script, needs=(Facet.PERSON, Facet.APPLICATION))
    script.line("openers: dict[Any, set[Any]] = {}")
    with reading.each_event():
        script.line(f"openers.setdefault({key_of(Facet.APPLICATION)}, set()).add({key_of(Facet.PERSON)})")
    script.line(f"things = await load({literal(THINGS)})", "rows: list[dict[str, Any]] = []")
    counted = count_column(Kind.PERSON).name
    with script.block("for thing in things:"):
        pairs = [
            ("application_id", 'thing["application_id"]'),
            (shown[0].name, f"thing[{literal(shown[0].name)}]"),
            (columns.ASSIGNED.name, f"thing[{literal(counted)}]"),
            (columns.OPENERS.name, 'len(openers.get(thing["application_id"], set()))'),
        ]
        _row(script, pairs, "rows.append({", "})")
    script.line("result = rows")
    explanation = "Counts the different people who opened each application, beside those assigned."
    return script.composed(_promised(shown, ("application_id",)), explanation)


# Shape → the compiler of its programs.
COMPILERS: Mapping[type[Any], Callable[[Any, Step], Composed]] = MappingProxyType(
    {LogList: _list, LogTally: _tally, LogTravel: _travel, LogWithout: _without, LogUsage: _usage}
)
