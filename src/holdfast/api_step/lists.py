"""Lists that come in pages: rows of a body, the same row on two pages, and cursors that only the host makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from holdfast.api_step.journal import Kept
from holdfast.api_step.projection import Fields, projected
from holdfast.catalogue.endpoints import Endpoint
from holdfast.errors import OktaServerError, ProgramFailed
from holdfast.okta import Reading
from holdfast.okta.client import body_link


@dataclass(eq=False)
class Chain:
    """The pages of one reading of a list, by their numbers: on which an id, and a link, was first seen."""

    seen: dict[str, int] = field(default_factory=dict)
    links: dict[str, int] = field(default_factory=dict)

    def note(self, number: int, ids: tuple[str, ...]) -> None:
        """Take over the ids of a page that was read before."""
        for one in ids:
            self.seen.setdefault(one, number)

    def comes_back(self, number: int, link: str) -> bool:
        """Whether this page names one as the next that an earlier page named: then the list has no end."""
        return self.links.setdefault(link, number) < number

    def new_rows(self, number: int, rows: list[Any]) -> list[Any]:
        """The rows without those of earlier pages: where the tenant's list grew meanwhile, some moved here."""
        return [row for row in rows if (one := _id_of(row)) is None or self.seen.setdefault(one, number) >= number]


@dataclass(frozen=True)
class Position:
    """Where a cursor goes on. `path` is that of the list: what is passed on to another one would be its rows."""

    endpoint: str
    path: str
    chain: Chain
    number: int
    link: str


class Cursors:
    """The cursors that a program was given. They are the same when it is run again, and mean nothing elsewhere."""

    def __init__(self) -> None:
        self._positions: dict[str, Position] = {}

    def made(self, asked: str, position: Position) -> str:
        """A cursor for `position`, which the read `asked` has come to."""
        text = blake2b(f"{asked} {position.link}".encode(), digest_size=12).hexdigest()
        # A program may read the same list twice; each reading knows which rows it has had.
        self._positions[text] = position
        return text

    def position(self, endpoint: str, path: str, cursor: str) -> Position:
        """Raises ProgramFailed for one that was not given for this list."""
        position = self._positions.get(cursor)
        if position is None or (position.endpoint, position.path) != (endpoint, path):
            raise ProgramFailed(
                f"{cursor[:40]!r} is no cursor of {endpoint}_page for {path}: begin each list with None, then pass "
                "what its last page gave."
            )
        return position


def kept_page(reading: Reading, endpoint: Endpoint, fields: Fields | None, chain: Chain, number: int) -> Kept:
    """One page of a list. Raises OktaServerError where it is none."""
    body = reading.json()
    rows = _rows_in(body, endpoint)
    following = reading.next or (body_link(body) if isinstance(body, dict) else None)
    rows = chain.new_rows(number, rows)
    # Ids of the last page are of no use: no page comes after it.
    ids = tuple(one for row in rows if (one := _id_of(row)) is not None) if following is not None else ()
    return Kept(orjson.dumps(projected(rows, fields)), following, ids=ids)


def kept_record(reading: Reading, endpoint: Endpoint, fields: Fields | None) -> Kept:
    """One record, or a text. Raises OktaServerError where it is none."""
    if endpoint.response.kind == "text":
        return Kept(orjson.dumps(reading.content.decode(errors="replace")))
    body = reading.json()
    return Kept(reading.content if fields is None else orjson.dumps(projected(body, fields)))


def joined(pages: list[bytes]) -> bytes:
    """The rows of all pages as one JSON list."""
    parts = [page[1:-1] for page in pages if page != b"[]"]
    return b"[" + b",".join(parts) + b"]"


def row_count(page: bytes) -> int:
    """How many rows a page has."""
    return len(orjson.loads(page))


def _rows_in(body: Any, endpoint: Endpoint) -> list[Any]:
    rows_at = endpoint.response.rows_at
    rows = body.get(rows_at) if rows_at is not None and isinstance(body, Mapping) else body
    if not isinstance(rows, list):
        raise OktaServerError(f"{endpoint.path} answered with something that is not a list.")
    return rows


def _id_of(row: Any) -> str | None:
    found = row.get("id") if isinstance(row, dict) else None
    return found if isinstance(found, str) else None
