"""Programs that keep those of an earlier step of whom something holds now, by what each of them has."""

from __future__ import annotations

from holdfast.contracts import PromisedColumn
from holdfast.errors import ProgramRefused
from holdfast.graph.schema import BASE_SCHEMA
from holdfast.offline.columns import ID_COLUMNS, beside_column, naming
from holdfast.offline.doubt import FITS, UNKNOWN, UNKNOWN_COUNT, YES
from holdfast.offline.live.composing import Composed, Script, Step, literal, promised
from holdfast.offline.live.each_program import conditions_on, family_of, link_read, read_each, row_function, taken
from holdfast.offline.live.linked import holds, links_in
from holdfast.offline.live.shapes import Tested
from holdfast.offline.meaning.links import LINKS, Link


def tested_program(meaning: Tested, step: Step) -> Composed:
    """Raises ProgramRefused for what is said of links that cannot be read of each thing."""
    links = sorted(links_in(meaning.where))
    if len(links) != 1:
        raise ProgramRefused(["A program of rules tests one kind of thing that somebody has."])
    read, family = link_read(links[0]), family_of(LINKS[links[0]].target)
    target = ID_COLUMNS[LINKS[links[0]].target]
    script = Script(f"{step.request.step.query_context}.")
    row_function(script, family, target)
    read_each(script, step.earlier(meaning.of), read, ID_COLUMNS[meaning.kind])
    script.line("", "")
    with script.block("def fits(things: list[dict[str, Any]]) -> bool:"):
        script.line(f"return {holds(meaning.where, conditions_on(script, family, target, variable='thing'))}")
    script.line("", "")
    promise = _rows(script, meaning, step, links[0])
    calls = step.earlier(meaning.of).rows.row_count
    return script.composed(promise, "Reads what each of the things found before has, and keeps those that fit.", calls)


def _rows(script: Script, meaning: Tested, step: Step, link: Link) -> tuple[PromisedColumn, ...]:
    source = ID_COLUMNS[meaning.kind]
    values = {**taken("row", meaning.carried), **_told(meaning, step, link)}
    script.line("result: list[dict[str, Any]] = []")
    with script.block("for row in rows:"):
        script.line(f"owner = row[{literal(source)}]", "reason = reasons.get(owner)")
        with script.block("if reason is None and not fits(had[owner]):"):
            script.line("continue")
        script.line("result.append(")
        with script.block("    {"):
            for name, value in values.items():
                script.line(f"    {literal(name)}: {value},")
        script.line("    }", ")")
    if meaning.counted:
        return _count(script, step, source)
    kinds = {column.name: column for column in promised(step.shown.columns)}
    return tuple(kinds.get(name) or PromisedColumn(name=name, kind="text") for name in values)


def _told(meaning: Tested, step: Step, link: Link) -> dict[str, str]:
    """What was read, whether the row surely fits, and why that is unknown."""
    named = naming(BASE_SCHEMA, LINKS[link].target).shown.name
    sure = "reason is None"
    if FITS.name in {column.name for column in step.earlier(meaning.of).rows.columns}:
        sure += f' and row["{FITS.name}"] == "{YES}"'
    return {
        beside_column(BASE_SCHEMA, link).shown.name: (
            f'["{UNKNOWN}"] if reason else sorted({{thing["{named}"] for thing in had[owner]}})'
        ),
        FITS.name: f'"{YES}" if {sure} else "{UNKNOWN}"',
        "unread": "reason",
    }


def _count(script: Script, step: Step, source: str) -> tuple[PromisedColumn, ...]:
    script.comment("Each one is counted once, however many rows tell of it.")
    script.line(f'sure = {{row["{source}"] for row in result if row["{FITS.name}"] == "{YES}"}}')
    script.line(f'unknown = {{row["{source}"] for row in result}} - sure')
    number = step.shown.columns[0].name
    script.line(f'result = [{{"{number}": len(sure), "{UNKNOWN_COUNT.name}": len(unknown)}}]')
    return promised(step.shown.columns)
