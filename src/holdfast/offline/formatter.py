"""The formatter that needs no model: it reads from the plan how the answer should look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from holdfast.answer import StepResult
from holdfast.contracts import FormatRequest
from holdfast.errors import PresentationRejected
from holdfast.formatter import Written, caution, has_gaps
from holdfast.offline.columns import ID_COLUMNS
from holdfast.offline.doubt import FITS, UNKNOWN, UNKNOWN_COUNT, YES, counts, doubtful
from holdfast.offline.live.families import families, id_column
from holdfast.offline.live.log import tally_summary
from holdfast.offline.live.log.shapes import LogTally
from holdfast.offline.live.shapes import Inventory, OfEach, Tested
from holdfast.offline.meaning import Noun, Numbers, Pairs, Paths, RolePaths, ShownColumn, StepMeaning
from holdfast.offline.meaning.links import LINKS
from holdfast.offline.nouns import literal, nothing, noun_of
from holdfast.offline.wording import number_summary
from holdfast.presentation import Presentation
from holdfast.presentation.headings import readable
from holdfast.presentation.markers import markers
from holdfast.presentation.recipe import (
    Choose,
    DateText,
    FillEmpty,
    Join,
    Key,
    ListText,
    Name,
    Operation,
    Round,
    Shown,
    Sort,
    SortKey,
    Taken,
    Unknown,
    Words,
)
from holdfast.spending import Ledger

_Kind = Literal["text", "time", "flag", "number", "list"]
_REASON = "unread"
_NUMBERS = ("Int", "UInt", "Float", "Decimal")


class OfflineFormatter:
    """Shows what the offline planner meant to be shown; for other plans, what the columns' names and types suggest.

    It names no value and no number of the table: code fills both in.
    """

    async def present(self, request: FormatRequest, ledger: Ledger) -> Written:
        """A recipe for what the steps found. Raises PresentationRejected when no step found anything to show."""
        return Written(_presentation(request), "offline", "by rules, from the plan and the columns")


def _presentation(request: FormatRequest) -> Presentation:
    found = [_Found.of(result, request) for result in _in_plan_order(request)]
    if not found:
        raise PresentationRejected("No step of this plan gave rows, so there is nothing to show. Ask again.")
    main, beside = _parts(_shown_of(found))
    if main.is_single_number:
        return _sentence(main, request)
    if (said := _said_of_one_row(main)) is not None:
        return _in_a_sentence(main, said, request)
    return _table(main, beside, request)


@dataclass(frozen=True)
class _Column:
    """A column of a step that is shown."""

    name: Name
    heading: str
    kind: _Kind
    many: bool = False


@dataclass(frozen=True)
class _Found:
    """What one step found, and what its plan says of showing it; `meaning` is None where another planner wrote it."""

    result: StepResult
    meaning: StepMeaning | None
    noun: Noun

    @staticmethod
    def of(result: StepResult, request: FormatRequest) -> _Found:
        step = next(step for step in request.plan.steps if step.id == result.step_id)
        try:
            meaning = StepMeaning.model_validate(step.parameters)
        except ValidationError:
            return _Found(result=result, meaning=None, noun=noun_of(step))
        if meaning.like is not None:
            # What earlier steps could not read is missing in what was made of their rows.
            meaning = meaning.model_copy(update={"meaning": meaning.like})
            result = result.model_copy(update={"gaps": request.gaps})
        return _Found(result=result, meaning=meaning, noun=meaning.noun)

    @property
    def columns(self) -> tuple[_Column, ...]:
        """What is shown of it, in order."""
        types = {column.name: column.dtype for column in self.result.rows.columns}
        if self.meaning is not None:
            # The reasons why something was not read are shown where there are any.
            needless = set() if self.result.gaps else {_REASON}
            if self.is_all_sure:
                needless.add(FITS.name)
            columns = [c for c in self.meaning.columns if c.name not in needless]
            return tuple(_meant(column, types.get(column.name, "Null")) for column in columns)
        shown = [name for name in types if not _joins_only(name) and not self._qualifies_another(name)]
        return tuple(
            _Column(name, readable(name), _kind(types[name]), types[name].startswith("List"))
            for name in shown or types
            if "Struct" not in types[name]
        )

    @property
    def is_all_sure(self) -> bool:
        """Whether it is known of every row that it belongs to the answer, as all that tells so could be read."""
        if self.meaning is None or self.result.gaps:
            return False
        meaning = self.meaning.meaning
        # Of those whom an earlier step found, that step may not know whether they belong to the answer.
        return isinstance(meaning, Inventory) or (self.result.live is not None and not isinstance(meaning, Tested))

    @property
    def is_single_number(self) -> bool:
        """Whether there is one row of one number: a sentence says it better than a table."""
        kinds = [column.kind for column in self.columns]
        # A name with braces cannot stand in a template.
        nameable = all(literal(column.name) == column.name for column in self.columns)
        numbers = ["number", "number"] if self.unsure else ["number"]
        # A setting that is a number counts nothing.
        meaning = self.meaning.meaning if self.meaning is not None else None
        is_setting = isinstance(meaning, Inventory) and not meaning.counted
        return self.result.rows.row_count == 1 and kinds == numbers and nameable and not is_setting

    @property
    def unsure(self) -> str:
        """What is unknown of some who may be meant: "factors"; empty where all that was asked could be read."""
        shown = {column.name for column in self.columns}
        if self.meaning is None or not shown & {FITS.name, UNKNOWN_COUNT.name}:
            return ""
        if self.is_all_sure and not counts(self.meaning.meaning):
            return ""
        seen, rows = self.result.samples, self.result.rows.row_count
        if FITS.name in shown and 0 < rows <= len(seen) and all(row.get(FITS.name) == YES for row in seen):
            return ""
        return doubtful(self.meaning.meaning)

    def ids(self) -> set[str]:
        """Columns that other steps can be joined on."""
        return {column.name for column in self.result.rows.columns if _joins_only(column.name)}

    def markers(self) -> dict[str, str]:
        """By shown column, the marker that says whether it could be read."""
        return markers(column.name for column in self.result.rows.columns)

    def _qualifies_another(self, name: str) -> bool:
        return name in self.markers().values()


def _in_plan_order(request: FormatRequest) -> list[StepResult]:
    results = {result.step_id: result for result in request.results}
    return [results[step.id] for step in request.plan.steps if step.id in results]


def _shown_of(found: list[_Found]) -> list[_Found]:
    """The steps without those whose rows only fed a later one; where that one did not run, they are what there is."""
    return [part for part in found if part.meaning is None or not part.meaning.feeds] or found


def _parts(found: list[_Found]) -> tuple[_Found, list[tuple[_Found, str]]]:
    """The step whose rows are the answer, and those that are put beside it, each with the id they share."""
    main = next((part for part in found if part.meaning is not None and part.meaning.join is None), found[0])
    beside = []
    for other in found:
        if other is main:
            continue
        shared = _shared_id(main, other)
        if shared is None:
            # A chain of steps, each of which used up the one before it: the last is the answer.
            return found[-1], []
        beside.append((other, shared))
    return main, beside


def _shared_id(main: _Found, other: _Found) -> str | None:
    if other.meaning is not None and other.meaning.join is not None:
        return other.meaning.join.on
    shared = main.ids() & other.ids()
    return min(shared) if shared else None


def _sentence(main: _Found, request: FormatRequest) -> Presentation:
    column = main.columns[0]
    filled = f"{{sum:{column.name}}}"
    if main.meaning is None:
        said, plain = f"{literal(column.heading)}: **{filled}**", f"{literal(column.heading)}: {filled}"
    else:
        is_one = [sample.get(column.name) for sample in main.result.samples] == [1]
        noun = literal(main.noun.one if is_one else main.noun.many)
        said, plain = f"**{filled}** {noun}", f"{filled} {noun}"
        if main.unsure:
            more = f"; {main.unsure} unknown for {{sum:{UNKNOWN_COUNT.name}}}"
            said, plain = f"{said}{more}", f"{plain}{more}"
        elif has_gaps(request):
            # What could be read is counted: there may be more, and nought is not none.
            said, plain = f"At least {said}", f"At least {plain}"
    return Presentation(
        source=main.result.step_id,
        operations=(Choose(columns=tuple(Shown(column=c.name, heading=c.heading) for c in main.columns)),),
        display_type="markdown",
        markdown=f"{said}.{caution(request)}",
        summary=f"{plain}.{caution(request)}",
    )


def _said_of_one_row(main: _Found) -> str | None:
    """A template for an answer of numbers that is a single row."""
    meaning = main.meaning.meaning if main.meaning is not None else None
    if not isinstance(meaning, Numbers) or main.result.rows.row_count != 1 or not main.result.samples:
        return None
    return number_summary.sentence(meaning, main.result.samples[0])


def _in_a_sentence(main: _Found, said: str, request: FormatRequest) -> Presentation:
    rounded = [operation for column in main.columns for operation in _rounded(column, main)]
    chosen = Choose(columns=tuple(Shown(column=column.name, heading=column.heading) for column in main.columns))
    return Presentation(
        source=main.result.step_id,
        operations=(*rounded, chosen),
        display_type="markdown",
        markdown=f"{said}.{caution(request)}",
        summary=f"{said.replace('**', '')}.{caution(request)}",
    )


def _table(main: _Found, beside: list[tuple[_Found, str]], request: FormatRequest) -> Presentation:
    operations: list[Operation] = []
    columns = list(main.columns)
    taken_names = {column.name for column in main.result.rows.columns}
    for other, shared in beside:
        lists = [_beside(column, other, taken_names) for column in other.columns]
        taken_names |= {column.name for column in lists}
        columns += lists
        take = tuple(Taken(column=was.name, name=column.name) for was, column in zip(other.columns, lists, strict=True))
        operations.append(Join(step=other.result.step_id, on=(Key(left=shared, right=shared),), take=take))
    if main.meaning is not None and main.meaning.order:
        keys = (SortKey(column=key.column, descending=key.descending) for key in main.meaning.order)
        operations.append(Sort(by=tuple(keys)))
    for column in columns:
        operations += _worded(column, main)
    operations.append(Choose(columns=_told_apart(columns), hidden=_counted_ids(main)))
    return Presentation(
        source=main.result.step_id,
        operations=tuple(operations),
        summary=f"{_summary(main)}{caution(request)}",
        when_empty=nothing(main.noun, request),
    )


def _beside(column: _Column, other: _Found, taken: set[str]) -> _Column:
    name = column.name if column.name not in taken else f"{other.result.step_id}.{column.name}"
    return _Column(name, column.heading, column.kind, many=True)


def _worded(column: _Column, main: _Found) -> list[Operation]:
    """What makes a column readable."""
    steps: list[Operation] = []
    marker = main.markers().get(column.name) if main.meaning is None else None
    # A single time stays a time: spreadsheets sort it, programs read it to the microsecond.
    if column.kind == "time" and column.many:
        steps.append(DateText(column=column.name))
    if column.many:
        steps.append(ListText(column=column.name))
    if marker is not None:
        steps.append(Unknown(column=column.name, known=marker))
    elif column.kind == "flag" and not column.many:
        steps.append(Words(column=column.name))
    if main.meaning is not None and not column.many:
        steps += _rounded(column, main)
        steps += _named_empty(column, main.meaning, main.result)
    return steps


def _rounded(column: _Column, main: _Found) -> list[Operation]:
    """Percentages and averages to one decimal; counts have none."""
    types = {found.name: found.dtype for found in main.result.rows.columns}
    is_numbers = main.meaning is not None and isinstance(main.meaning.meaning, Numbers)
    return [Round(column=column.name)] if is_numbers and types.get(column.name, "").startswith("Float") else []


def _named_empty(column: _Column, meaning: StepMeaning, result: StepResult) -> list[Operation]:
    """An empty cell means something in a tally (things without a value) and in a count (it could not be read)."""
    if isinstance(meaning.meaning, Numbers):
        word = number_summary.empty_cell(meaning.meaning, column.name, column.kind)
        # Numbers stay numbers as long as each of them could be read.
        return [FillEmpty(column=column.name, word=word)] if word and (column.kind != "number" or result.gaps) else []
    if counts(meaning.meaning) and column.kind != "number":
        return [FillEmpty(column=column.name, word="(none)")]
    # Counts stay numbers as long as each of them could be read.
    if column.kind == "number" and result.gaps and not counts(meaning.meaning):
        return [FillEmpty(column=column.name, word="unknown")]
    return []


def _summary(main: _Found) -> str:
    numbers = [column.name for column in main.columns if column.kind == "number"]
    if main.meaning is not None and counts(main.meaning.meaning) and numbers:
        if any(column.kind == "list" for column in main.meaning.columns):
            # Somebody with several values is counted under each of them.
            return "{rows:value|values}."
        more = f"; {main.unsure} unknown for {{sum:{UNKNOWN_COUNT.name}}}" if main.unsure else ""
        return f"{{sum:{numbers[0]}}} {literal(main.noun.many)} in {{rows:row|rows}}{more}."
    noun = f"{literal(main.noun.one)}|{literal(main.noun.many)}"
    if main.meaning is not None and isinstance(main.meaning.meaning, Numbers):
        return number_summary.summary(main.meaning.meaning, noun)
    if known := _known_id(main):
        # A row may only tell what could not be read, and is no thing.
        return f"At least {{distinct:{known}|{noun}}}."
    if main.meaning is not None and isinstance(main.meaning.meaning, LogTally):
        return tally_summary.summary(main.meaning.meaning, main.noun, main.result.samples)
    if main.unsure:
        counted = f"{{count:{FITS.name}={YES}}} surely"
        unknown = f"{main.unsure} unknown for {{count:{FITS.name}={UNKNOWN}}}"
        if ids := _counted_ids(main):
            rows = f"{{distinct:{ids[0]}|{noun}}} in {{rows:row|rows}}"
            return f"{rows}: {counted} so, {unknown} of the rows."
        return f"{{rows:{noun}}}: {counted}; {unknown}."
    if ids := _counted_ids(main):
        return f"{{distinct:{ids[0]}|{noun}}} in {{rows:row|rows}}."
    return f"{{rows:{noun}}}."


def _known_id(main: _Found) -> str:
    """The id that rows have only where they tell of a thing, and not why things could not be read; or empty."""
    meaning = main.meaning.meaning if main.meaning is not None and main.result.gaps else None
    match meaning:
        case OfEach(counted=False):
            return ID_COLUMNS[LINKS[meaning.link].target]
        case Inventory(counted=False, family=name) if name in families() and families()[name].of and not main.unsure:
            return id_column(name, families()[name])
        case _:
            return ""


def _counted_ids(main: _Found) -> tuple[str, ...]:
    """The id that tells how many things there are, where rows and things are not the same."""
    if known := _known_id(main):
        return (known,)
    meaning = main.meaning.meaning if main.meaning is not None else None
    match meaning:
        case Paths() | RolePaths():
            return (ID_COLUMNS[meaning.focus],)
        case Pairs():
            return (ID_COLUMNS[meaning.subject.kind],)
        case _ if isinstance(meaning, Numbers):
            return number_summary.counted_ids(meaning)
        case _:
            return ()


def _told_apart(columns: list[_Column]) -> tuple[Shown, ...]:
    """The columns under their headings; of two that read alike the later one shows its name too."""
    headings: dict[str, str] = {}
    for column in columns:
        heading = f"{column.heading} (UTC)" if column.kind == "time" else column.heading
        headings[column.name] = f"{heading} ({column.name})" if heading in headings.values() else heading
    return tuple(Shown(column=name, heading=heading) for name, heading in headings.items())


def _meant(column: ShownColumn, dtype: str) -> _Column:
    """The column as planned; its type is what the rows hold, which an edited plan may not know."""
    kind = column.kind if dtype == "Null" else _kind(dtype)
    return _Column(column.name, column.heading, kind, dtype.startswith("List") or (dtype == "Null" and kind == "list"))


def _kind(dtype: str) -> _Kind:
    inner = dtype.removeprefix("List(")
    if inner.startswith("Date"):
        return "time"
    if inner == "Boolean":
        return "flag"
    if dtype.startswith("List"):
        return "list"
    return "number" if dtype.startswith(_NUMBERS) else "text"


def _joins_only(name: str) -> bool:
    return name == "id" or name.endswith("_id")
