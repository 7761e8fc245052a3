"""`GET /api/v1/logs`: bounded reads that end, polling that never does, filters and keywords.

A read is bounded where `until` is given or the newest come first; every other one is polling, and its `next` address
is given even on an empty page. Windows hold events with `since <= published < until`.
"""

from __future__ import annotations

import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from bisect import bisect_left
from dataclasses import dataclass
from datetime import datetime

from holdfast.demo.log.happenings import DAY
from holdfast.demo.log.system_log import SystemLog
from holdfast.demo.log.writing import system_log
from holdfast.demo.replies import ApiError, Call, Reply, Route

_USUAL, _MOST = 100, 1_000
_KEYWORDS, _KEYWORD_LENGTH = 10, 40
_ORDERS = ("ASCENDING", "DESCENDING")


@dataclass(frozen=True)
class _Cursor:
    """The last event given, by moment and number, and where a read of the newest first ends."""

    when: int
    number: int
    since: int

    def text(self) -> str:
        return urlsafe_b64encode(f"{self.when}.{self.number}.{self.since}".encode()).decode().rstrip("=")


@dataclass(frozen=True)
class _Asked:
    """What one request asks for. `until` is None for no upper bound; moments are milliseconds since 1970."""

    since: int
    until: int | None
    after: _Cursor | None
    limit: int
    newest_first: bool

    @property
    def polling(self) -> bool:
        return self.until is None and not self.newest_first


def _list_events(call: Call) -> Reply:
    asked = _asked(call)
    log = system_log(call.company)
    chosen = log.chosen(call.query.get("filter", ""), _keywords(call.query.get("q", "")))
    first, last = _window(log, asked)
    rows, more = _rows(chosen, (first, last), asked)
    return Reply([log.event(row) for row in rows], paged=True, next_page=_next(call, log, asked, (rows, more, last)))


def _asked(call: Call) -> _Asked:
    query = call.query
    until = _moment("until", query["until"]) if query.get("until") else None
    cursor = _cursor(query["after"]) if query.get("after") else None
    if cursor and query.get("since"):
        raise ApiError("E0000001", "since", cause="since: cannot be given together with after")
    if cursor:
        since = cursor.since
    elif query.get("since"):
        since = _moment("since", query["since"])
    else:
        since = (int(time.time() * 1_000) if until is None else until) - 7 * DAY
    if until is not None and since > until:
        raise ApiError("E0000001", "until", cause="until: must not lie before since")
    order = query.get("sortOrder", "ASCENDING").upper()
    if order not in _ORDERS:
        raise ApiError("E0000001", "sortOrder", cause="sortOrder: must be ASCENDING or DESCENDING")
    return _Asked(since, until, cursor, _limit(query.get("limit")), order == "DESCENDING")


def _limit(text: str | None) -> int:
    if text is None:
        return _USUAL
    if not text.isascii() or not text.isdigit() or int(text) > _MOST:
        raise ApiError("E0000001", "limit", cause=f"limit: must be between 0 and {_MOST}")
    return int(text)


def _moment(name: str, text: str) -> int:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ApiError("E0000001", name, cause=f"{name}: must be a date and time in ISO 8601 with its time zone")
    return round(found.timestamp() * 1_000)


def _cursor(text: str) -> _Cursor:
    try:
        when, number, since = urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode("ascii").split(".")
        return _Cursor(int(when), int(number), int(since))
    except ValueError as error:
        raise ApiError("E0000001", "after", cause="after: is not a cursor of this list") from error


def _keywords(text: str) -> tuple[str, ...]:
    words = tuple(text.split())
    if len(words) > _KEYWORDS or any(len(word) > _KEYWORD_LENGTH for word in words):
        cause = f"q: takes up to {_KEYWORDS} keywords of up to {_KEYWORD_LENGTH} characters each"
        raise ApiError("E0000001", "q", cause=cause)
    return words


def _window(log: SystemLog, asked: _Asked) -> tuple[int, int]:
    """The rows to look at, from the first up to, but without, the last."""
    whens = log.columns.whens
    first = bisect_left(whens, asked.since)
    last = len(whens) if asked.until is None else bisect_left(whens, asked.until)
    if asked.after and asked.newest_first:
        last = min(last, log.row_after(asked.after.when, asked.after.number - 1))
    elif asked.after:
        first = max(first, log.row_after(asked.after.when, asked.after.number))
    return first, max(first, last)


def _rows(chosen: bytes | None, window: tuple[int, int], asked: _Asked) -> tuple[list[int], bool]:
    """The rows of the page, and whether there are more."""
    first, last = window
    if chosen is None:
        rows = range(last - 1, first - 1, -1) if asked.newest_first else range(first, last)
        return list(rows[: asked.limit]), len(rows) > asked.limit
    found: list[int] = []
    while len(found) <= asked.limit:
        row = chosen.rfind(b"\1", first, last) if asked.newest_first else chosen.find(b"\1", first, last)
        if row < 0:
            return found, False
        found.append(row)
        first, last = (first, row) if asked.newest_first else (row + 1, last)
    return found[:-1], True


def _next(call: Call, log: SystemLog, asked: _Asked, page: tuple[list[int], bool, int]) -> str | None:
    rows, more, last = page
    columns = log.columns
    if not more and asked.polling and last:
        # Everything there was has been looked at: the next poll begins after the newest event, chosen or not.
        row = last - 1
        cursor = _Cursor(columns.whens[row], columns.numbers[row], asked.since)
    elif rows and more:
        cursor = _Cursor(columns.whens[rows[-1]], columns.numbers[rows[-1]], asked.since)
    elif asked.polling:
        cursor = asked.after or _Cursor(asked.since - 1, 0, asked.since)
    else:
        return None
    return str(call.url.without_query_params("since").update_query(after=cursor.text()))


ROUTES = (Route("/api/v1/logs", _list_events, "okta.logs.read"),)
