"""What a program sees of the chosen endpoints: stubs to write and check it against, and the prelude behind them.

The wire between a program and its host, which both sides rely on, is `_call(name, arguments) -> str`, JSON text in both
directions; `arguments` is an object whose keys are sorted, so that equal calls are equal texts:

``_call("load", {"step_id": "1"})``
    The rows of an earlier step.
``_call("progress", {"done": 10, "total": 500})``
    Answered by null.
``_call("list_group_users", {"path": {"groupId": "00g1"}, "query": {}, "fields": ["id", "profile.login"]})``
    One read, whole: a list comes with all its pages. `path` and `query` have Okta's own names; a query parameter that
    was not given is absent, never null, and one of several values is a list. `fields` is null for whole records, else
    the paths to keep in each, nested as they were: `{"id": …, "profile": {"login": …}}`.
``_call("list_group_users_page", {"cursor": null, "path": {…}, "query": {…}, "fields": null})``
    One page of it. The cursor is null for the first, else what the page before gave. The answer's value is
    `{"rows": [...], "cursor": "…"}`, with the cursor null after the last.

The answer is `{"value": …}`, or `{"refused": "forbidden" | "not_found" | "trouble", "reason": "…"}`, which the prelude
raises as PermissionError, LookupError or OSError. `now` is the sandbox's clock, which the host must have frozen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdfast.catalogue.endpoints import Catalogue, Endpoint, QueryParameter
from holdfast.catalogue.row_types import RowTypes
from holdfast.sandbox.interface import ProgramInterface

# A prompt holds the stubs of five endpoints beside much else: what nests in rows is typed as far as there is room.
_WANTED_CHARACTERS = 6_000
# The checker reads more, but not the depths of five applications' settings: its time grows with them.
_CHECKED_CHARACTERS = 12_000
_INDENT = "    "

_STUBS_HEAD = '''\
from collections.abc import Awaitable
from datetime import datetime
from typing import Any, TypedDict, TypeVar

_Answer = TypeVar("_Answer")
# Keeps only these paths of each record, like ("id", "profile.login").
Fields = tuple[str, ...] | list[str] | None
# A coroutine with `_page` gives one page and the cursor of the next, None after the last; its first cursor is None.
# Moments are ISO 8601 text in UTC. A row may lack any of its keys: use .get().
now: datetime  # UTC, when this step began; it stands still

async def load(step_id: str) -> list[dict[str, Any]]:
    """The rows of an earlier step."""
    ...
async def progress(done: int, total: int) -> None:
    """Tell viewers how far it is."""
    ...
async def attempt(call: Awaitable[_Answer]) -> tuple[_Answer | None, str | None]:
    """(answer, None), or (None, reason) where the tenant does not tell: test `answer is None`, put the reason into the
    row's column `unread`. Unknown is never none."""
    ...
'''

_CHECKED_HEAD = f"""\
from typing import Literal, overload

{_STUBS_HEAD}
_Default = TypeVar("_Default")
"""

_PRELUDE_HEAD = """\
import datetime as _datetime
import json as _json

Fields = tuple
now = _datetime.datetime.now(_datetime.timezone.utc)
_refusals = set()


async def _ask(name, arguments):
    answer = _json.loads(await _call(name, _json.dumps(arguments, sort_keys=True)))
    if "refused" not in answer:
        return answer["value"]
    _refusals.add(answer["reason"])
    if answer["refused"] == "forbidden":
        raise PermissionError(answer["reason"])
    if answer["refused"] == "not_found":
        raise LookupError(answer["reason"])
    raise OSError(answer["reason"])


def _reading(path, query, fields):
    given = {name: value for name, value in query.items() if value is not None}
    return {"path": path, "query": given, "fields": None if fields is None else list(fields)}


async def load(step_id):
    return await _ask("load", {"step_id": step_id})


async def progress(done, total):
    await _ask("progress", {"done": done, "total": total})


async def attempt(call):
    try:
        return await call, None
    except (PermissionError, LookupError, OSError) as error:
        # A program's own KeyError, or a file that it may not open, is no answer of the tenant.
        if str(error) not in _refusals:
            raise
        return None, str(error)
"""


def interface_of(endpoints: Sequence[Endpoint], catalogue: Catalogue | None = None) -> ProgramInterface:
    """Stubs, prelude and cost of the chosen endpoints; the shapes of their rows come from the catalogue."""
    rows = [endpoint.response.of for endpoint in endpoints]
    shapes = catalogue or Catalogue.load()
    room = _WANTED_CHARACTERS - len(_stubs(endpoints, RowTypes(shapes, rows, room=0)))
    types = RowTypes(shapes, rows, room=room)
    all_types = RowTypes(shapes, rows, room=_CHECKED_CHARACTERS)
    checked = [*all_types.checked_declarations(), *(_stub_of(endpoint, all_types) for endpoint in endpoints)]
    # A program may name the types of its stubs in annotations of its own.
    aliases = "".join(f"{name} = dict\n" for name in types.names)
    return ProgramInterface(
        stubs=_stubs(endpoints, types),
        checked_stubs="\n".join([_CHECKED_HEAD, *checked]),
        prelude="\n\n".join([_PRELUDE_HEAD, *map(_prelude_of, endpoints), aliases]),
        functions={name: endpoint.cost for endpoint in endpoints for name in _functions(endpoint)},
    )


def _functions(endpoint: Endpoint) -> Iterator[str]:
    yield endpoint.name
    if endpoint.is_paged:
        yield f"{endpoint.name}_page"


def _stubs(endpoints: Sequence[Endpoint], types: RowTypes) -> str:
    coroutines = [_stub_of(endpoint, types) for endpoint in endpoints]
    return "\n".join([_STUBS_HEAD, *types.declarations(), *coroutines])


def _stub_of(endpoint: Endpoint, types: RowTypes) -> str:
    answer = types.of(endpoint.response.of)
    if endpoint.response.kind == "list":
        answer = f"list[{answer}]"
    lines = [
        f"async def {endpoint.name}({_typed_arguments(endpoint)}) -> {answer}:",
        f'{_INDENT}"""{endpoint.description}',
        *(f"{_INDENT}{line}" for line in _parameter_lines(endpoint)),
        f'{_INDENT}Cost: {_cost(endpoint)}."""',
        f"{_INDENT}...",
    ]
    if endpoint.is_paged:
        paged = _typed_arguments(endpoint, "cursor: str | None")
        lines.append(f"async def {endpoint.name}_page({paged}) -> tuple[{answer}, str | None]: ...")
    return "\n".join(lines) + "\n"


def _cost(endpoint: Endpoint) -> str:
    calls = "one call for each page" if endpoint.is_paged else "one call"
    return f"{calls}, for each {endpoint.path_parameters[-1].argument}" if endpoint.path_parameters else calls


def _typed_arguments(endpoint: Endpoint, *first: str) -> str:
    places = [*first, *(f"{parameter.argument}: str" for parameter in endpoint.path_parameters)]
    queried = [f"{one.argument}: {_python_type(one)}" for one in _own_parameters(endpoint)]
    fields = [] if endpoint.response.kind == "text" else ["fields: Fields = None"]
    by_keyword = [*queried, *fields]
    return ", ".join([*places, *(["*", *by_keyword] if by_keyword else [])])


def _python_type(parameter: QueryParameter) -> str:
    plain = {"text": "str", "whole": "int", "number": "float", "flag": "bool", "text_list": "list[str]"}[parameter.type]
    return plain if parameter.required else f"{plain} | None = None"


def _own_parameters(endpoint: Endpoint) -> list[QueryParameter]:
    """Those that a program may set."""
    return [parameter for parameter in endpoint.query_parameters if not parameter.is_of_host]


def _parameter_lines(endpoint: Endpoint) -> Iterator[str]:
    for place in endpoint.path_parameters:
        yield f"{place.argument}: {place.meaning}"
    for parameter in _own_parameters(endpoint):
        values = f" ({' | '.join(parameter.values)})" if parameter.values else ""
        yield f"{parameter.argument}: {parameter.meaning}{values}"


def _prelude_of(endpoint: Endpoint) -> str:
    places = [parameter.argument for parameter in endpoint.path_parameters]
    own = _own_parameters(endpoint)
    keywords = [f"{one.argument}" if one.required else f"{one.argument}=None" for one in own]
    if endpoint.response.kind != "text":
        keywords.append("fields=None")
    path = ", ".join(f'"{one.name}": {one.argument}' for one in endpoint.path_parameters)
    query = ", ".join(f'"{one.name}": {one.argument}' for one in own)
    fields = "None" if endpoint.response.kind == "text" else "fields"
    reading = f"_reading({{{path}}}, {{{query}}}, {fields})"
    by_keyword = ["*", *keywords] if keywords else []
    whole = f"async def {endpoint.name}({', '.join([*places, *by_keyword])}):\n"
    whole += f'{_INDENT}return await _ask("{endpoint.name}", {reading})\n'
    if not endpoint.is_paged:
        return whole
    paged = f"async def {endpoint.name}_page({', '.join(['cursor', *places, *by_keyword])}):\n"
    paged += f'{_INDENT}page = await _ask("{endpoint.name}_page", {{"cursor": cursor, **{reading}}})\n'
    paged += f'{_INDENT}return page["rows"], page["cursor"]\n'
    return f"{whole}\n\n{paged}"
