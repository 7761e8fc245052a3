"""The host's end of the one door: everything that a running program asks, answered as JSON text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

import orjson

from holdfast.api_step.journal import Kept, Slot
from holdfast.api_step.lists import Chain, Cursors, Position, joined, kept_page, kept_record, row_count
from holdfast.api_step.reader import STOPPED, Reader, Request
from holdfast.api_step.requests import Read, UnreadableThing, read_from
from holdfast.api_step.telling import Untold, plural_of
from holdfast.catalogue.endpoints import Endpoint
from holdfast.errors import HoldfastError, OktaNotFound, OktaRefused, OktaServerError, ProgramFailed, ProgramOverLimit
from holdfast.okta import OktaClient

# Nobody counts further than this, and what stands in an event must stay small.
_MOST_PROGRESS = 10**12
_NOTHING = '{"value":null}'


@dataclass(frozen=True)
class Scope:
    """What one program may reach. `load` gives the rows of an earlier step as JSON, and raises ProgramFailed."""

    endpoints: Mapping[str, Endpoint]
    load: Callable[[str], Awaitable[bytes]]
    now: datetime
    # A longer list does not fit into the sandbox.
    most_list_bytes: int


class Calls:
    """Answers `_call` for one run of one program."""

    def __init__(self, okta: OktaClient, reader: Reader, scope: Scope) -> None:
        self._okta = okta
        self._reader = reader
        self._scope = scope
        self._asked: Counter[str] = Counter()
        self._cursors = Cursors()
        # Why reads were refused, so that a program that dies of one is told from one that is wrong.
        self._refusals: dict[str, tuple[Slot, Kept]] = {}
        self.untold = Untold()
        self.progress: tuple[int, int] | None = None
        # What the tenant told so far, records and rows of lists.
        self.rows = 0
        self.on_progress: Callable[[], None] = lambda: None

    async def answer(self, name: str, arguments: str) -> str:
        """One call. Raises what `Reader.read` raises, and ProgramFailed for what no checked program asks."""
        match name:
            case "load":
                rows = await self._scope.load(_only(arguments, "step_id", str))
                return f'{{"value":{rows.decode()}}}'
            case "progress":
                return self._noted(arguments)
        try:
            read = read_from(name, arguments, self._scope.endpoints, self._scope.now)
        except UnreadableThing as thing:
            refused = Kept(b"", refused="not_found", reason=str(thing))
            self.untold.refused(thing.endpoint, thing.subject, refused)
            return _refused(refused)
        self._asked[read.asked] += 1
        if read.endpoint.response.kind != "list":
            return await self._record(read)
        return await (self._page(read) if read.by_page else self._whole(read))

    def cause_of(self, failure: ProgramFailed) -> tuple[HoldfastError, Slot] | None:
        """The refusal that a program died of, as the error that it is; None where the program itself is wrong.

        A program may leave a refusal to its step: what it cannot be without is not to be had.
        """
        for reason, (slot, kept) in reversed(self._refusals.items()):
            if reason in str(failure):
                return _error_of(kept), slot
        return None

    def _noted(self, arguments: str) -> str:
        done, total = (_only(arguments, name, int, "done", "total") for name in ("done", "total"))
        if not 0 <= done <= total <= _MOST_PROGRESS:
            raise ProgramFailed(f"progress({done}, {total}) says nothing: `done` is from 0 to `total`.")
        self.progress = done, total
        self.on_progress()
        return _NOTHING

    async def _record(self, read: Read) -> str:
        slot = self._slot(read)
        kept = self._reader.known(slot)
        if kept is None:
            request = self._request(read, lambda it: kept_record(it, read.endpoint, read.fields))
            kept = await self._reader.read(slot, request)
        elif kept.refused is None:
            self._reader.was_told(read.endpoint, lambda: self._address(read))
        self.rows += kept.refused is None
        return self._told(read, slot, kept) or _value(kept.text)

    async def _page(self, read: Read) -> str:
        slot, name = self._slot(read), read.endpoint.name
        at = None if read.cursor is None else self._cursors.position(name, read.path, read.cursor)
        chain, number = (at.chain, at.number) if at is not None else (Chain(), 0)
        kept = await self._list_page(read, slot, chain, number, None if at is None else at.link)
        if number and self._is_cut(read, kept):
            return '{"value":{"rows":[],"cursor":null}}'
        if (refusal := self._told(read, slot, kept)) is not None:
            return refusal
        cursor = None
        if kept.following is not None:
            cursor = self._cursors.made(read.asked, Position(name, read.path, chain, number + 1, kept.following))
        self._see_whether_whole(read, kept)
        return f'{{"value":{{"rows":{kept.text.decode()},"cursor":{orjson.dumps(cursor).decode()}}}}}'

    async def _whole(self, read: Read) -> str:
        occurrence, chain = self._asked[read.asked], Chain()
        pages: list[bytes] = []
        link: str | None = None
        size = 0
        for number in count():
            slot = Slot(read.asked, occurrence, number)
            kept = await self._list_page(read, slot, chain, number, link)
            if number and self._is_cut(read, kept):
                break
            if (refusal := self._told(read, slot, kept)) is not None:
                return refusal
            pages.append(kept.text)
            size += len(kept.text)
            self._see_that_it_fits(read, size)
            link = kept.following
            if link is None:
                self._see_whether_whole(read, kept)
                break
        return _value(joined(pages))

    async def _list_page(self, read: Read, slot: Slot, chain: Chain, number: int, link: str | None) -> Kept:
        kept = self._reader.known(slot)
        if kept is None:
            request = self._request(read, lambda it: kept_page(it, read.endpoint, read.fields, chain, number), link)
            kept = await self._reader.read(slot, request)
        elif kept.refused is None:
            self._reader.was_told(read.endpoint, lambda: self._address(read))
        self.rows += row_count(kept.text) if kept.refused is None else 0
        chain.note(number, kept.ids)
        if kept.following is not None and chain.comes_back(number, kept.following):
            return Kept(b"", refused="trouble", reason="its list has no end: a page names an earlier one as the next")
        return kept

    def _request(self, read: Read, keep: Callable[[Any], Kept], link: str | None = None) -> Request:
        url = self._address(read) if link is None else self._okta.link(link)
        return Request(read.endpoint, url, has_parameters=bool(read.params) and link is None, keep=keep)

    def _address(self, read: Read) -> str:
        return self._okta.address(read.path, read.params)

    def _slot(self, read: Read) -> Slot:
        return Slot(read.asked, self._asked[read.asked], 0)

    def _told(self, read: Read, slot: Slot, kept: Kept) -> str | None:
        """The refusal as the program gets it; None for an answer."""
        if kept.refused is None:
            return None
        self.untold.refused(read.endpoint, read.subject, kept)
        self._refusals[kept.reason] = slot, kept
        return _refused(kept)

    def _is_cut(self, read: Read, kept: Kept) -> bool:
        """Whether a reviewer stopped the step in the middle of this list; what was read of it is given."""
        if kept.refused != "forbidden" or kept.reason != STOPPED:
            return False
        self.untold.cut(f"Of the {plural_of(read.endpoint.entity)} only a part was read: {STOPPED}.")
        return True

    def _see_whether_whole(self, read: Read, kept: Kept) -> None:
        """Say where the tenant tells only so many of a list and no more."""
        most = read.endpoint.page_sizes.maximum
        if read.endpoint.paging == "limit_only" and most is not None and row_count(kept.text) >= most:
            of = f" of {read.subject}" if read.subject else ""
            self.untold.cut(f"The tenant tells no more than {most:,} {plural_of(read.endpoint.entity)}{of}.")

    def _see_that_it_fits(self, read: Read, size: int) -> None:
        most = self._scope.most_list_bytes
        if size > most:
            name = read.endpoint.name
            raise ProgramOverLimit(
                f"All of {name} at once is more than {most >> 20:,} MiB: read it a page at a time with {name}_page and "
                "keep what is needed, narrow it by its parameters, or name `fields`."
            )


def _only(arguments: str, name: str, kind: type[Any], *all_names: str) -> Any:
    """One argument of the host's own functions."""
    try:
        given = orjson.loads(arguments)
    except orjson.JSONDecodeError:
        given = None
    names = all_names or (name,)
    if not isinstance(given, dict) or sorted(given) != sorted(names) or type(given[name]) is not kind:
        raise ProgramFailed(f"The host was called with {arguments[:200]!r} and takes {', '.join(names)} only.")
    return given[name]


def _value(text: bytes) -> str:
    return f'{{"value":{text.decode()}}}'


def _refused(kept: Kept) -> str:
    return orjson.dumps({"refused": kept.refused, "reason": kept.reason}).decode()


def _error_of(kept: Kept) -> HoldfastError:
    sentence = f"The step cannot do without a read that was refused: {kept.reason}."
    match kept.refused:
        case "trouble":
            return OktaServerError(sentence)
        case "not_found":
            return OktaNotFound(sentence, status=404)
        case _:
            advice = "Give the token's owner the right to it, or switch its feature on, and ask again."
            return OktaRefused(f"{sentence} {advice}", status=403)
