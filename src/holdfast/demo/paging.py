"""Okta's paging: sizes, opaque cursors and the two `Link` headers.

Lists are in the order of their ids and a cursor is the last id that was given. So a list that changes while it is
read neither repeats nor skips what did not change. Whoever wants that put to the test lets ends of pages shift.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from holdfast.demo.records import Record
from holdfast.demo.replies import ApiError, Call, Reply


@dataclass(frozen=True)
class PageSizes:
    """How many records a page has without `limit`, and the most that `limit` may ask for."""

    usual: int
    most: int


@dataclass(frozen=True)
class Listing:
    """Ids in their order, how to show one, and which to leave out."""

    ids: Sequence[str]
    show: Callable[[str], Record]
    keep: Callable[[str], bool] | None = None
    # False for lists that are sorted by something else than their ids.
    in_id_order: bool = True


def page(call: Call, sizes: PageSizes, listing: Listing) -> Reply:
    """The page of `listing` that the request's `after` and `limit` ask for. ApiError for a bad limit or cursor."""
    ids, cursor = cut(call, sizes, listing)
    next_page = None if cursor is None else str(call.url.update_query(after=cursor))
    return Reply([listing.show(item) for item in ids], paged=True, next_page=next_page)


def cut(call: Call, sizes: PageSizes, listing: Listing) -> tuple[list[str], str | None]:
    """The ids of the page, and the cursor of the next one if there is one."""
    limit = _limit(call.query.get("limit"), sizes)
    after = call.query.get("after")
    start = _start(after, listing)
    rest: Iterable[str] = islice(listing.ids, start, None)
    if listing.keep:
        rest = filter(listing.keep, rest)
    found = list(islice(rest, limit + 1))
    # A page of one could hold nothing but what moved to it, for ever.
    may_shift = limit > 1
    path = call.url.path
    if after is not None and may_shift and call.shifts.moves(path, after) and _still_there(after, start, listing):
        found = [after, *found][: limit + 1]
    if len(found) <= limit:
        return found, None
    last = found[limit - 1]
    moved = may_shift and call.shifts.moves(path, last) and call.shifts.holds_back(str(call.url))
    return found[: limit - moved], last


def _still_there(after: str, start: int, listing: Listing) -> bool:
    return start > 0 and listing.ids[start - 1] == after and (listing.keep is None or listing.keep(after))


def _limit(text: str | None, sizes: PageSizes) -> int:
    if text is None:
        return sizes.usual
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= sizes.most:
        cause = f"limit: must be between 1 and {sizes.most}"
        raise ApiError("E0000001", "limit", cause=cause)
    return int(text)


def _start(after: str | None, listing: Listing) -> int:
    if after is None:
        return 0
    if not (after.isascii() and after.isalnum()):
        raise ApiError("E0000001", "after", cause="after: is not a cursor of this list")
    if listing.in_id_order:
        return bisect_right(listing.ids, after)
    if after not in listing.ids:
        raise ApiError("E0000001", "after", cause="after: is not a cursor of this list")
    return listing.ids.index(after) + 1
