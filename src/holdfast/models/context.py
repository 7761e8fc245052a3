"""What a model is told besides its prompt: compact, and bounded whatever the tenant's size and the number of rows.

Our own words stand bare: the schema that every tenant has, the functions, the moment. Everything that the asker, the
tenant or an earlier model wrote stands in marked blocks (`holdfast.models.untrusted`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Final

import orjson

from holdfast.catalogue.event_types import event_categories
from holdfast.contracts import EarlierStep, RefusedProgram, StepRequest
from holdfast.cypher_writer import RefusedQuery
from holdfast.graph.guard import ALLOWED_FUNCTIONS
from holdfast.graph.schema import BASE_SCHEMA, ColumnType, GraphSchema, NodeTable
from holdfast.graph.vocabulary import TenantWord, WordKind, name_key
from holdfast.models.near_words import NearWords
from holdfast.models.untrusted import in_one_line, marked, shown
from holdfast.plan import Step
from holdfast.sandbox.interface import ProgramInterface
from holdfast.special.registry import signatures_text

# Bytes of UTF-8. A context is never larger than its parts together, with the question, the step and the query that
# failed: these are short by their own rules, and half of one would ask for something else.
WORDS_BYTES: Final = 2_400
ATTRIBUTES_BYTES: Final = 1_600
EARLIER_BYTES: Final = 6_000
# Of one earlier step.
_COLUMNS_SHOWN: Final = 40
_COLUMN_CHARACTERS: Final = 80
_SAMPLE_BYTES: Final = 1_500
# Of an engine's complaint.
_REASON_CHARACTERS: Final = 1_000
# Of a program's diagnostics: forty lines; of a traceback the end says most.
_DIAGNOSTICS_CHARACTERS: Final = 4_000

# Its events are filtered by type, which a writer can look up.
LOG_ENDPOINT: Final = "list_log_events"

_TYPES: Final = {
    ColumnType.STRING: "text",
    ColumnType.TIMESTAMP: "timestamp",
    ColumnType.BOOL: "flag",
    ColumnType.INT64: "number",
    ColumnType.DOUBLE: "number",
    ColumnType.STRING_LIST: "list of text",
}


def reading_context(question: str, words: NearWords, now: datetime) -> str:
    """For the reader of a question, who need not know the columns."""
    return _joined([_moment(now), *_tenant_words(words), marked("question", question)])


def planning_context(question: str, intent: str, schema: GraphSchema, words: NearWords, now: datetime) -> str:
    """For a planner. `intent` is what another model read in the question; empty where none was asked."""
    read = [marked("the question as it was understood before", intent)] if intent else []
    tenant = [*_custom_attributes(schema, f"{question} {intent}"), *_tenant_words(words)]
    tools = f"Special tools: {signatures_text()}"
    return _joined([schema_text(schema), tools, _moment(now), *tenant, marked("question", question), *read])


def writing_context(
    request: StepRequest, schema: GraphSchema, words: NearWords, now: datetime, refused: Sequence[RefusedQuery]
) -> str:
    """For the writer of a step's query: what it must find, what earlier steps found, which attempt failed and why."""
    return _joined(
        [
            # What is the same for every question comes first: providers read it at a lower price.
            schema_text(schema),
            functions_text(),
            _moment(now),
            *_custom_attributes(schema, words_of(request)),
            *_tenant_words(words),
            *_earlier(request),
            marked("question", request.question),
            marked("your step", _step_text(request.step)),
            *(marked("your query that failed", _failed(last)) for last in refused[-1:]),
        ]
    )


def programming_context(
    request: StepRequest,
    interface: ProgramInterface,
    words: NearWords,
    now: datetime,
    refused: Sequence[RefusedProgram],
) -> str:
    """For the writer of a step's program: what it may call, what it must find, what earlier steps found."""
    return _joined(
        [
            f"Stubs of all that is there:\n{interface.stubs}",
            *([_event_categories()] if LOG_ENDPOINT in interface.functions else []),
            _moment(now),
            *_tenant_words(words),
            *_earlier(request),
            marked("question", request.question),
            marked("your step", _step_text(request.step)),
            *(marked("your program that was refused or failed", _refused_program(last)) for last in refused[-1:]),
        ]
    )


def words_of(request: StepRequest) -> str:
    """The text whose words a writer should know the tenant's names for."""
    return f"{request.step.query_context} {request.question}"


def rows_context(request: StepRequest, functions: str, now: datetime, refused: Sequence[RefusedQuery]) -> str:
    """For the writer of a query over the rows of `request.earlier`, which are its tables."""
    return _joined(
        [
            functions,
            _moment(now),
            *_earlier(request),
            marked("question", request.question),
            marked("your step", _step_text(request.step)),
            *(marked("your query that failed", _failed(last)) for last in refused[-1:]),
        ]
    )


def schema_text(schema: GraphSchema) -> str:
    """Labels with their properties by type, and relations with their directions; no word in it is a tenant's."""
    nodes = [f"({node.label}) {_columns(_ours(node))}" for node in schema.nodes]
    relations = [f"({r.source})-[:{r.name}]->({r.target}) {_columns(r.columns)}".rstrip() for r in schema.relations]
    return "\n".join(["Graph (properties are text unless said otherwise):", *nodes, *relations])


@cache
def functions_text() -> str:
    """The functions that the guard allows."""
    return f"Functions: {' '.join(sorted(ALLOWED_FUNCTIONS))}"


def _ours(node: NodeTable) -> dict[str, ColumnType]:
    known = BASE_SCHEMA.node(node.label).columns
    return {name: kind for name, kind in node.columns.items() if name in known}


def _columns(columns: dict[str, ColumnType]) -> str:
    by_type: dict[str, list[str]] = {}
    for name, kind in columns.items():
        by_type.setdefault(_TYPES[kind], []).append(name)
    text = " ".join(by_type.pop("text", []))
    return "; ".join(filter(None, [text, *(f"{kind}: {' '.join(names)}" for kind, names in by_type.items())]))


def _moment(now: datetime) -> str:
    return f"Now: {now.astimezone(UTC):%A %Y-%m-%d %H:%M:%S} UTC"


def _custom_attributes(schema: GraphSchema, text: str) -> list[str]:
    """The tenant's own properties of User, those that the text speaks of first."""
    known = BASE_SCHEMA.node("User").columns
    custom = {name: kind for name, kind in schema.node("User").columns.items() if name not in known}
    said = set(name_key(text).split())
    nearest = sorted(custom, key=lambda name: (-len(said & set(name.split("_"))), name not in text, name))
    if not nearest:
        return []
    lines = [f"{name}: {_TYPES[custom[name]]}" for name in nearest]
    return [marked("further properties of User in this tenant", _fitting(lines, ATTRIBUTES_BYTES))]


def _tenant_words(words: NearWords) -> list[str]:
    closed = (
        f"all values of User.{column}: {', '.join(_quoted(value) for value in values)}"
        for column, values in words.closed.items()
    )
    lines = [*(_word_line(word) for word in words.words), *closed]
    return [marked("names in this tenant near the question", _fitting(lines, WORDS_BYTES))] if lines else []


def _word_line(word: TenantWord) -> str:
    name, detail = _quoted(word.name), in_one_line(word.detail)
    match word.kind:
        case WordKind.VALUE:
            return f"value of User.{detail}: {name}"
        case WordKind.ATTRIBUTE:
            return f"property User.{in_one_line(word.id)}: {name}"
        case WordKind.PERSON | WordKind.PERSON_PART:
            return f"user {name}: id {_quoted(word.id)}, login {_quoted(word.detail)}"
        case _:
            return f"{word.kind.value} {name}: id {_quoted(word.id)}, {detail}"


def _quoted(text: str) -> str:
    """A string that nothing in it can end, and from which the name can be read back exactly."""
    return shown(json.dumps(text, ensure_ascii=False))


def _step_text(step: Step) -> str:
    # As it is: a name may hold two spaces.
    return f"{in_one_line(step.operation)} {in_one_line(step.entity)}: {step.query_context}"


def _failed(refused: RefusedQuery) -> str:
    return f"{refused.text}\nwhy: {in_one_line(refused.reason)[:_REASON_CHARACTERS]}"


@cache
def _event_categories() -> str:
    return f"Categories of event types: {', '.join(category.name for category in event_categories())}"


def _refused_program(refused: RefusedProgram) -> str:
    return f"{refused.text}\nwhy: {refused.diagnostics[-_DIAGNOSTICS_CHARACTERS:]}"


def _earlier(request: StepRequest) -> list[str]:
    """Those that the step waits for first; whole ones, as many as there is room for."""
    needed = sorted(request.earlier, key=lambda earlier: earlier.step.id not in request.step.depends_on)
    blocks: list[str] = []
    room = EARLIER_BYTES
    for earlier in needed:
        block = marked("earlier step", "\n".join(_earlier_lines(earlier)))
        room -= len(block.encode())
        if room < 0:
            return [*blocks, f"Not shown for want of room: {len(needed) - len(blocks)} more earlier steps."]
        blocks.append(block)
    return blocks


def _earlier_lines(earlier: EarlierStep) -> Iterator[str]:
    yield f"step {earlier.step.id}: {_step_text(earlier.step)}"
    yield f"query: {earlier.generated.text}"
    columns = [f"{in_one_line(c.name)[:_COLUMN_CHARACTERS]} {c.dtype}" for c in earlier.rows.columns[:_COLUMNS_SHOWN]]
    yield f"found {earlier.rows.row_count} rows of {', '.join(columns)}"
    room = _SAMPLE_BYTES
    for sample in earlier.samples:
        record = orjson.dumps(sample).decode()
        room -= len(record.encode())
        if room < 0:
            # A record that is cut would tell of shorter lists and other names.
            break
        yield f"for example {record}"


def _fitting(lines: Iterable[str], most_bytes: int) -> str:
    """As many whole lines as fit."""
    kept: list[str] = []
    for line in lines:
        most_bytes -= len(line.encode()) + 1
        if most_bytes < 0:
            break
        kept.append(line)
    return "\n".join(kept)


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(parts)
