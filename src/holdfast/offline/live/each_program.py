"""Programs that read, for each thing of an earlier step, what it has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from holdfast.contracts import EarlierStep, PromisedColumn
from holdfast.errors import ProgramRefused
from holdfast.graph.schema import BASE_SCHEMA
from holdfast.offline.columns import ID_COLUMNS, beside_column, naming
from holdfast.offline.doubt import UNKNOWN
from holdfast.offline.live.composing import Composed, Script, Step, literal, promised
from holdfast.offline.live.conditions import Expressions
from holdfast.offline.live.families import Family
from holdfast.offline.live.rows import UNREAD, field_of, with_reason, write_row_of
from holdfast.offline.live.shapes import OfEach
from holdfast.offline.live.things import LiveLink, live_links, thing_family
from holdfast.offline.meaning.links import LINKS, Kind, Link

# More reads than this wait in turns: the host holds so many at ease, and the pauses between cost nothing to speak of.
_AT_ONCE: Final = 5_000
# What names a thing in the reason why what it has could not be read.
_CALLED: Final = {Kind.PERSON: "login", Kind.GROUP: "group_name", Kind.POLICY: "policy_name"}


def of_each_program(meaning: OfEach, step: Step) -> Composed:
    """Raises ProgramRefused for a link that cannot be read of each thing."""
    link, family = link_read(meaning.link), family_of(LINKS[meaning.link].target)
    script = Script(f"{step.request.step.query_context}.")
    source, target = ID_COLUMNS[LINKS[meaning.link].source], ID_COLUMNS[LINKS[meaning.link].target]
    row_function(script, family, target)
    read_each(script, step.earlier(meaning.of), link, source)
    if meaning.where is not None:
        test = conditions_on(script, family, target, variable="thing").surely(meaning.where)
        with script.block("for owner, things in had.items():"):
            script.line(f"had[owner] = [thing for thing in things if {test}]")
    if step.shown.join is not None:
        promise = _names_beside(script, meaning, step, source, target)
    elif meaning.once:
        promise = _each_once(script, meaning, step, target)
    else:
        promise = _each_pair(script, meaning, step, source, target)
    calls = step.earlier(meaning.of).rows.row_count
    return script.composed(promise, "Reads what each of the things found before has, one call for each.", calls)


def link_read(link: Link) -> LiveLink:
    """How it is read. Raises ProgramRefused."""
    found = live_links().get(link)
    if found is None:
        raise ProgramRefused([f"What things have by the link {link.value!r} cannot be read of each of them."])
    return found


def family_of(kind: Kind) -> Family:
    """Such things as a family. Raises ProgramRefused."""
    family = thing_family(kind)
    if family is None:
        raise ProgramRefused([f"Things of the kind {kind.value!r} cannot be read live."])
    return family


def conditions_on(script: Script, family: Family, target: str, *, variable: str) -> Expressions:
    """Writes what is said of one thing that is had, in a row of `row_of`."""
    return Expressions(
        script,
        target,
        variable=variable,
        lists=[c.said for c in family.columns if c.kind == "list"],
        names={c.said: c.name for c in family.columns},
    )


def row_function(script: Script, family: Family, target: str) -> None:
    """The function that makes a row of one thing that is had."""
    fields = {target: family.id, **{column.name: column.field for column in family.columns}}
    write_row_of(script, fields)


def read_each(script: Script, of: EarlierStep, link: LiveLink, source: str) -> None:
    """Reads into `had`, and into `reasons` why not, by the id in the column `source` of the rows of `of`."""
    script.include("import asyncio")
    script.line(f"rows = await load({literal(of.step.id)})")
    script.line(f"owners = list(dict.fromkeys([row[{literal(source)}] for row in rows if row[{literal(source)}]]))")
    script.line("had: dict[str, list[dict[str, Any]]] = {}", "reasons: dict[str, str] = {}", "", "")
    with script.block("async def read_of(owner: str) -> None:"):
        script.line(f"found, reason = await attempt({_call(script, link)})")
        within = field_of(script, link.within) if link.within else "record"
        script.line(f"had[owner] = [row_of({within}) for record in found or []]")
        with script.block("if found is None:"):
            script.comment("Unknown is not none: it is said of these apart.")
            script.line('reasons[owner] = reason or "unknown"')
        script.line("await progress(len(had), len(owners))")
    script.line("", "")
    if of.rows.row_count <= _AT_ONCE:
        script.line("await asyncio.gather(*[read_of(owner) for owner in owners])")
        return
    with script.block(f"for first in range(0, len(owners), {_AT_ONCE}):"):
        script.line(f"await asyncio.gather(*[read_of(owner) for owner in owners[first : first + {_AT_ONCE}]])")


def _call(script: Script, link: LiveLink) -> str:
    name = script.call(link.call)
    if not link.filter:
        return f"{name}(owner)"
    before, after = link.filter.split("{}")
    return f"{name}(filter={literal(before)} + owner + {literal(after)})"


def _names_beside(script: Script, meaning: OfEach, step: Step, source: str, target: str) -> tuple[PromisedColumn, ...]:
    """A row for each pair, which the formatter puts beside the rows of the first step."""
    shown = beside_column(BASE_SCHEMA, meaning.link).shown
    named = naming(BASE_SCHEMA, LINKS[meaning.link].target).shown.name
    other = f"other_{target}" if target == source else target
    pair = record_of({source: "owner", other: f'thing["{target}"]', shown.name: f'thing["{named}"]', "unread": "None"})
    unknown = record_of({source: "owner", other: "None", shown.name: literal(UNKNOWN), "unread": "reason"})
    script.line("", f"result: list[dict[str, Any]] = [{pair} for owner in owners for thing in had[owner]]")
    script.line(f"result += [{unknown} for owner, reason in reasons.items()]")
    return with_reason(promised(step.shown.columns, [source, other]))


def _each_once(script: Script, meaning: OfEach, step: Step, target: str) -> tuple[PromisedColumn, ...]:
    """A row for each thing that is had by any."""
    if meaning.counted:
        return _count(script, f'{{thing["{target}"] for things in had.values() for thing in things}}', step)
    columns = _own(step, ())
    script.line("", "result: list[dict[str, Any]] = []", "seen: set[str] = set()")
    with script.block("for thing in [thing for owner in owners for thing in had[owner]]:"):
        with script.block(f'if thing["{target}"] in seen:'):
            script.line("continue")
        script.line(f'seen.add(thing["{target}"])')
        script.line(f"result.append({record_of({**taken('thing', [target, *columns]), 'unread': 'None'})})")
    source, called = ID_COLUMNS[LINKS[meaning.link].source], _CALLED[LINKS[meaning.link].source]
    script.line(f"names = {{row[{literal(source)}]: row.get({literal(called)}) for row in rows}}")
    reason = 'f"{names.get(owner) or owner}: {reason}"'
    nothing = record_of({**dict.fromkeys([target, *columns], "None"), "unread": reason})
    script.line(f"result += [{nothing} for owner, reason in reasons.items()]")
    return with_reason(promised(step.shown.columns, [target]))


def _each_pair(script: Script, meaning: OfEach, step: Step, source: str, target: str) -> tuple[PromisedColumn, ...]:
    """A row for each thing with whose it is."""
    if meaning.counted:
        return _count(script, "[thing for owner in owners for thing in had[owner]]", step)
    carried = list(meaning.carried)
    columns = _own(step, carried)
    own, nothing = taken("row", [source, *carried]), dict.fromkeys([target, *columns], "None")
    script.line("", "result: list[dict[str, Any]] = []")
    with script.block("for row in rows:"):
        script.line(f"reason = reasons.get(row[{literal(source)}])")
        with script.block("if reason is not None:"):
            unread = _in_order(step, [source, target], own | nothing | {"unread": "reason"})
            script.line(f"result.append({record_of(unread)})", "continue")
        with script.block(f"for thing in had[row[{literal(source)}]]:"):
            found = own | taken("thing", [target, *columns]) | {"unread": "None"}
            script.line(f"result.append({record_of(_in_order(step, [source, target], found))})")
    return with_reason(promised(step.shown.columns, [source, target]))


def _own(step: Step, carried: Sequence[str]) -> list[str]:
    """The columns that come from what is had."""
    return [column.name for column in step.shown.columns if column.name not in (*carried, UNREAD.name)]


def _in_order(step: Step, ids: Sequence[str], values: Mapping[str, str]) -> dict[str, str]:
    names = [*ids, *(column.name for column in step.shown.columns), "unread"]
    return {name: values[name] for name in dict.fromkeys(names)}


def _count(script: Script, things: str, step: Step) -> tuple[PromisedColumn, ...]:
    number = step.shown.columns[0].name
    script.line("", f'result = [{{"{number}": len({things})}}]')
    return promised(step.shown.columns)


def taken(variable: str, names: Sequence[str]) -> dict[str, str]:
    """The expressions for columns of a row."""
    return {name: f"{variable}[{literal(name)}]" for name in names}


def record_of(values: Mapping[str, str]) -> str:
    """A dictionary of expressions, on one line."""
    return "{" + ", ".join(f"{literal(name)}: {value}" for name, value in values.items()) + "}"
