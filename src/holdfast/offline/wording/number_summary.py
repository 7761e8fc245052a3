"""What an answer of numbers or comparisons says above its table, as a template, and what its empty cells mean."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from holdfast.offline.columns import ID_COLUMNS, NOUNS, count_column
from holdfast.offline.meaning import Alike, Breakdown, Figure, Flow, Holdings, Loss, Months, Numbers, Peers, Spread
from holdfast.offline.meaning.links import LINKS, Link
from holdfast.offline.number_columns import MATCHING, PERCENT, UNKNOWN, may_be_unknown

_FLOWS: Final = {Flow.JOINED: "joined", Flow.HIRED: "hired", Flow.LEFT: "left"}
_NOT_KNOWN: Final = "unknown"


def summary(meaning: Numbers, noun: str) -> str:
    """One sentence over all rows; `noun` is `one|many` of what the rows are about."""
    match meaning:
        case Breakdown() | Spread():
            number, many = count_column(meaning.subject.kind).name, NOUNS[meaning.subject.kind].many
            return f"{{sum:{number}}} {many} in {{rows:row|rows}}." if meaning.by else "{rows:row|rows}."
        case Months():
            return f"{', '.join(f'{{sum:{flow.value}}} {_FLOWS[flow]}' for flow in meaning.flows)} in {{rows:{noun}}}."
        case Alike() | Loss():
            return f"{{distinct:{counted_ids(meaning)[0]}|{noun}}} in {{rows:row|rows}}."
        case Peers() | Holdings():
            return f"{{rows:{noun}}}."


def counted_ids(meaning: Numbers) -> tuple[str, ...]:
    """The id that tells how many things there are, where one thing may stand in several rows."""
    match meaning:
        case Alike():
            return (ID_COLUMNS[meaning.subject.kind],)
        case Loss(kinds=kinds) if len(kinds) > 1 and meaning.focus in kinds:
            return ("thing_id",)
        case Loss():
            return (ID_COLUMNS[meaning.focus],)
        case _:
            return ()


def sentence(meaning: Numbers, row: Mapping[str, JsonValue]) -> str | None:
    """What a single row says by itself, as a template with its numbers in bold; None where a table says it better."""
    match meaning:
        case Breakdown(by=(), matching=None):
            return None
        case Breakdown(by=()) if meaning.percent and row.get(PERCENT) is not None:
            number, many = count_column(meaning.subject.kind).name, NOUNS[meaning.subject.kind].many
            unknown = _not_counted(row) if meaning.matching is not None and may_be_unknown(meaning.matching) else ""
            return f"**{{sum:{PERCENT}}} %** ({{sum:{MATCHING}}} of {{sum:{number}}} {many}{unknown})"
        case Spread(by=None, figures=(figure,)) if row.get(figure.value) is not None:
            subject, target = NOUNS[meaning.subject.kind], NOUNS[LINKS[meaning.link].target].many
            target = "direct reports" if meaning.link is Link.MANAGES else target
            number = count_column(meaning.subject.kind).name
            said = {Figure.AVERAGE: "on average", Figure.MEDIAN: "in the median"}.get(figure, f"at the {figure.value}")
            of = f"{{sum:{number}}} {subject.many}{_not_counted(row)}"
            return f"**{{sum:{figure.value}}}** {target} per {subject.one} {said} ({of})"
        case _:
            return None


def _not_counted(row: Mapping[str, JsonValue]) -> str:
    return f", not counting {{sum:{UNKNOWN}}} of whom it is unknown" if row.get(UNKNOWN) else ""


def empty_cell(meaning: Numbers, column: str, kind: str) -> str | None:
    """The word for an empty cell of a column; None where there is nothing to say."""
    match meaning:
        case Breakdown() | Spread() if kind != "number":
            return "(none)"
        case Breakdown() if column == PERCENT:
            return _NOT_KNOWN
        case Spread() if column in {figure.value for figure in meaning.figures}:
            return _NOT_KNOWN
        case Peers(by=by) if column == by:
            return "(none)"
        case _:
            return None
