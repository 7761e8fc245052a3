"""`filter` and `q` over the columns of a log: one verdict for each different value, then one lookup an event."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from types import MappingProxyType
from typing import Any

from holdfast.demo.filters import Clause, Comparison, invalid, moment, parsed, value_test
from holdfast.demo.log.columns import Columns
from holdfast.demo.log.events import (
    actor_part,
    client_part,
    detail_part,
    kind_part,
    session_id,
    targets_part,
    transaction_id,
    uuid,
)
from holdfast.demo.records import Record

# One bit an event would be smaller; one byte lets `bytes.find` go from one match to the next.
Mask = int
_THING = frozenset({"id", "type", "alternateId", "displayName"})
_PLACE = frozenset({"city", "state", "country", "postalCode"})
_ATTRIBUTES = MappingProxyType(
    {
        "kinds": frozenset(
            {"eventType", "version", "displayMessage", "severity", "legacyEventType", "outcome.result"}
            | {"outcome.reason"}
        ),
        "actors": frozenset(f"actor.{name}" for name in _THING),
        "targets": frozenset(f"target.{name}" for name in _THING),
        "clients": frozenset(
            {"client.ipAddress", "client.zone", "client.device", "client.id", "request.ipChain.ip"}
            | {f"client.geographicalContext.{name}" for name in _PLACE}
            | {f"client.userAgent.{name}" for name in ("rawUserAgent", "os", "browser")}
            | {f"securityContext.{name}" for name in ("asNumber", "asOrg", "isp", "domain", "isProxy")}
        ),
        "details": frozenset(
            f"authenticationContext.{name}"
            for name in ("authenticationProvider", "credentialProvider", "credentialType")
        ),
    }
)
_DEBUG = "debugContext.debugData."
_OPERATORS = frozenset({"eq", "ne", "gt", "ge", "lt", "le", "co", "sw", "ew", "pr"})
_STRING_OR_PATH = re.compile(r'"(?:\\.|[^"\\])*"|[A-Za-z][\w.]*')
# The parser knows paths of two parts only; further ones are hidden in this, which no attribute has.
_DEEPER = "__"


def filtered(columns: Columns, seed: int, expression: str) -> Mask:
    """Which events the expression chooses. ApiError E0000031 for one that the log does not know."""
    return _Filter(columns, seed).mask(parsed(_STRING_OR_PATH.sub(_shallow, expression)))


def mentioning(columns: Columns, words: Iterable[str]) -> Mask:
    """Events that have each of these words, without case, as a value or as a word of one."""
    wanted = [word.casefold() for word in words]
    masks = [0] * len(wanted)
    said = _Said(wanted)
    for name, part in _PARTS.items() if wanted else ():
        found = [said.by(part(item)) for item in getattr(columns.tables, name).items]
        for place in range(len(wanted)):
            masks[place] |= _spread([bool(bits >> place & 1) for bits in found], getattr(columns, name))
    result = _everything(len(columns))
    for mask in masks:
        result &= mask
    return result


class _Said:
    """Which of some words are said, as one bit a word. Texts repeat from part to part: each is read once."""

    def __init__(self, words: Sequence[str]) -> None:
        self._words = words
        self._known: dict[str, int] = {}

    def by(self, part: object) -> int:
        """The words in any text of the part."""
        if isinstance(part, str):
            if part not in self._known:
                self._known[part] = self._read(part.casefold())
            return self._known[part]
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else ()
        bits = 0
        for item in inner:
            bits |= self.by(item)
        return bits

    def _read(self, text: str) -> int:
        words = {text, *(word.strip("()[]{},;:'\"") for word in text.split())}
        return sum(1 << place for place, word in enumerate(self._words) if word in words)


_PARTS: MappingProxyType[str, Callable[[Any], Record]] = MappingProxyType(
    {
        "kinds": kind_part,
        "actors": actor_part,
        "targets": targets_part,
        "clients": client_part,
        "details": detail_part,
    }
)


def _shallow(match: re.Match[str]) -> str:
    text = match[0]
    if text.startswith('"'):
        return text
    outer, dot, inner = text.partition(".")
    return outer + dot + inner.replace(".", _DEEPER)


def _everything(count: int) -> Mask:
    return int.from_bytes(b"\1" * count, "little")


def _between(first: int, last: int, count: int) -> Mask:
    """Rows from `first` up to, but without, `last`."""
    return int.from_bytes(b"\0" * first + b"\1" * (last - first) + b"\0" * (count - last), "little")


def _spread(verdicts: Sequence[bool], numbers: Iterable[int]) -> Mask:
    return int.from_bytes(bytes([verdicts[number] for number in numbers]), "little")


class _Filter:
    def __init__(self, columns: Columns, seed: int) -> None:
        self._columns = columns
        self._seed = seed

    def mask(self, clause: Clause | Comparison) -> Mask:
        if isinstance(clause, Comparison):
            return self._compared(clause)
        everything = _everything(len(self._columns))
        found = 0
        for terms in clause.alternatives:
            every = everything
            for term in terms:
                every &= self.mask(term)
            found |= every
        return found ^ everything if clause.negated else found

    def _compared(self, comparison: Comparison) -> Mask:
        path, word = comparison.path.replace(_DEEPER, "."), comparison.operator
        if word not in _OPERATORS:
            raise invalid(f"operator {word} cannot be used here")
        if path == "published":
            return self._published(word, comparison.wanted)
        test = _scalar_test(word, comparison.wanted)
        if path in _ROWS:
            return self._row_by_row(path, test)
        for name, attributes in _ATTRIBUTES.items():
            if path in attributes or (name == "details" and path.startswith(_DEBUG)):
                items, part = getattr(self._columns.tables, name).items, _PARTS[name]
                verdicts = [_holds(word, test, list(_values(part(item), path.split(".")))) for item in items]
                return _spread(verdicts, getattr(self._columns, name))
        raise invalid(f"attribute {path} cannot be used here")

    def _published(self, word: str, wanted: str) -> Mask:
        whens, count = self._columns.whens, len(self._columns)
        if word == "pr":
            return _everything(count)
        if word in {"co", "sw", "ew"}:
            raise invalid(f"operator {word} cannot compare dates")
        limit = moment(wanted).timestamp() * 1_000
        before, upto = bisect_left(whens, limit), bisect_right(whens, limit)
        ranges = {"lt": (0, before), "le": (0, upto), "gt": (upto, count), "ge": (before, count), "eq": (before, upto)}
        if word == "ne":
            return _between(before, upto, count) ^ _everything(count)
        return _between(*ranges[word], count)

    def _row_by_row(self, path: str, test: Callable[[Any], bool]) -> Mask:
        """For what each event has of its own."""
        name, value = _ROWS[path]
        numbers = getattr(self._columns, name)
        return int.from_bytes(bytes([test(value(self._seed, number)) for number in numbers]), "little")


_ROWS: MappingProxyType[str, tuple[str, Callable[[int, int], str]]] = MappingProxyType(
    {
        "uuid": ("numbers", uuid),
        "transaction.id": ("numbers", transaction_id),
        "transaction.type": ("numbers", lambda _, __: "WEB"),
        "authenticationContext.externalSessionId": ("sessions", session_id),
    }
)


def _scalar_test(word: str, wanted: str) -> Callable[[Any], bool]:
    if word == "pr":
        return lambda value: value not in (None, "")
    return value_test(word, lambda value: value, wanted)


def _holds(word: str, test: Callable[[Any], bool], values: list[Any]) -> bool:
    """Of several targets one is enough, but `ne` wants none of them to be equal."""
    if word == "ne":
        return all(test(value) for value in values)
    return any(test(value) for value in values)


def _values(part: Any, path: Sequence[str]) -> Iterable[Any]:
    if isinstance(part, list):
        for item in part:
            yield from _values(item, path)
    elif not path:
        yield part
    else:
        yield from _values((part or {}).get(path[0]), path[1:])
