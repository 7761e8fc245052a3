"""What a program may ask of the tenant: every argument of `_call` checked against the catalogue.

The wire is written down in `holdfast.catalogue.stubs`. Whatever a program passes may come from the tenant's data, so
nothing in it is believed: a value stands where the catalogue has a place for it, quoted, or it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from typing import Any
from urllib.parse import quote

import orjson
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from holdfast.api_step.projection import Fields, fields_from
from holdfast.catalogue.endpoints import Endpoint, QueryParameter
from holdfast.complaints import complaints_of
from holdfast.errors import OktaRefused, ProgramFailed
from holdfast.okta.addresses import checked_path

# Longer than any id or login that Okta takes.
_LONGEST_PLACE = 512
# A search expression over a few hundred ids; Okta refuses longer addresses.
_LONGEST_VALUE = 16_000
_MOST_FIELDS = 100


class UnreadableThing(Exception):
    """What stands for a part of the path can be no id; the program gets this as a refusal."""

    def __init__(self, endpoint: Endpoint, subject: str) -> None:
        super().__init__(f"{subject[:80]!r} cannot be the id of anything")
        self.endpoint = endpoint
        self.subject = subject[:80]


class _Arguments(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
    path: dict[str, str]
    query: dict[str, JsonValue]
    fields: list[str] | None = Field(max_length=_MOST_FIELDS)
    cursor: str | None = None


@dataclass(frozen=True)
class Read:
    """A checked read. `asked` is the digest of all that decides its answer; `subject` what stands in its path."""

    endpoint: Endpoint
    by_page: bool
    cursor: str | None
    path: str
    params: Mapping[str, str | int]
    fields: Fields | None
    asked: str
    subject: str


def read_from(name: str, arguments: str, endpoints: Mapping[str, Endpoint], now: datetime) -> Read:
    """The read that a program asks for.

    Raises ProgramFailed for what no program that passed its checks asks, UnreadableThing for an id that cannot be one.
    """
    endpoint, by_page = _endpoint(name, endpoints)
    try:
        given = _Arguments.model_validate_json(arguments)
    except ValidationError as error:
        raise ProgramFailed(
            f"{name} was called with arguments that it does not take: {complaints_of(error)}."
        ) from None
    if given.cursor is not None and not by_page:
        raise ProgramFailed(f"{name} takes no cursor; it reads the whole list.")
    params = _params(endpoint, given.query, now)
    return Read(
        endpoint=endpoint,
        by_page=by_page,
        cursor=given.cursor,
        path=_path(endpoint, given.path),
        params=params,
        fields=None if given.fields is None else fields_from(given.fields),
        asked=digest(name, given.model_dump()),
        subject=", ".join(given.path.values()),
    )


def digest(name: str, arguments: Mapping[str, Any]) -> str:
    """The name under which answers to this are kept."""
    return blake2b(orjson.dumps([name, arguments], option=orjson.OPT_SORT_KEYS), digest_size=16).hexdigest()


def _endpoint(name: str, endpoints: Mapping[str, Endpoint]) -> tuple[Endpoint, bool]:
    if (endpoint := endpoints.get(name)) is not None:
        return endpoint, False
    endpoint = endpoints.get(name.removesuffix("_page"))
    if endpoint is None or not endpoint.is_paged:
        raise ProgramFailed(f"{name!r} is not among what this step may read: {', '.join(sorted(endpoints))}.")
    return endpoint, True


def _path(endpoint: Endpoint, given: Mapping[str, str]) -> str:
    names = [parameter.name for parameter in endpoint.path_parameters]
    if sorted(given) != sorted(names):
        raise ProgramFailed(f"{endpoint.name} needs {', '.join(names) or 'no ids'}, and was given {sorted(given)}.")
    path = endpoint.path
    for name in names:
        value = given[name]
        if not value or len(value) > _LONGEST_PLACE or not value.isprintable():
            raise UnreadableThing(endpoint, value)
        path = path.replace(f"{{{name}}}", quote(value, safe="@"))
    try:
        # Dots are never quoted, and two of them are another folder; some servers unquote more than once.
        return checked_path(path)
    except OktaRefused:
        raise UnreadableThing(endpoint, ", ".join(given.values())) from None


def _params(endpoint: Endpoint, given: Mapping[str, JsonValue], now: datetime) -> Mapping[str, str | int]:
    known = {parameter.name: parameter for parameter in endpoint.query_parameters}
    params: dict[str, str | int] = {}
    for name, value in given.items():
        parameter = known.get(name)
        if parameter is None or parameter.is_of_host:
            raise ProgramFailed(f"{endpoint.name} has no parameter {name!r} that a program may set.")
        params[name] = _param(endpoint, parameter, value)
    for parameter in endpoint.query_parameters:
        if parameter.required and not parameter.is_of_host and parameter.name not in params:
            raise ProgramFailed(f"{endpoint.name} needs {parameter.argument!r}.")
    return params | _of_host(endpoint, known, params, now)


def _of_host(
    endpoint: Endpoint, known: Mapping[str, QueryParameter], params: Mapping[str, str | int], now: datetime
) -> dict[str, str | int]:
    """The largest page, and an end in time: a log without one never comes to its last page."""
    added: dict[str, str | int] = {}
    if "limit" in known and known["limit"].is_of_host and endpoint.page_sizes.maximum is not None:
        added["limit"] = endpoint.page_sizes.maximum
    if {"since", "until"} <= known.keys() and "until" not in params:
        added["until"] = now.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return added


def _param(endpoint: Endpoint, parameter: QueryParameter, value: JsonValue) -> str | int:
    parts = value if isinstance(value, list) and parameter.type == "text_list" else [value]
    texts = [_text(parameter, part) for part in parts]
    if not texts or any(text is None or len(text) > _LONGEST_VALUE for text in texts):
        raise ProgramFailed(f"{endpoint.name}: {value!r:.200} cannot be its parameter {parameter.argument!r}.")
    if parameter.values and (wrong := sorted({str(text) for text in texts} - set(parameter.values))):
        raise ProgramFailed(
            f"{endpoint.name}: {parameter.argument!r} may be {', '.join(parameter.values)}, not {', '.join(wrong)}."
        )
    return ",".join(text for text in texts if text is not None)


def _text(parameter: QueryParameter, value: JsonValue) -> str | None:
    """As it stands in an address; None where it has the wrong type."""
    match parameter.type, value:
        case "flag", bool():
            return "true" if value else "false"
        case _, bool():
            return None
        case (("text" | "text_list"), str()):
            return value
        case "whole", int():
            return None if parameter.maximum is not None and value > parameter.maximum else str(value)
        case "number", int() | float():
            return repr(value)
        case _:
            return None
