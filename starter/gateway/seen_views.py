"""Which views were recorded as seen, so that the audit has one line for a view and not one for each of its pages."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from hashlib import blake2b

_MOST_KEPT = 10_000


class SeenViews:
    """The latest views, each a caller, a question and what they wished of its rows."""

    def __init__(self) -> None:
        self._views: OrderedDict[bytes, None] = OrderedDict()

    def __contains__(self, view: Hashable) -> bool:
        return _digest(view) in self._views

    def add(self, view: Hashable) -> None:
        """Remember a view, and forget one of long ago."""
        digest = _digest(view)
        self._views[digest] = None
        self._views.move_to_end(digest)
        if len(self._views) > _MOST_KEPT:
            self._views.popitem(last=False)


def _digest(view: Hashable) -> bytes:
    # What somebody wishes may be long; ten thousand of them are kept.
    return blake2b(repr(view).encode(errors="surrogatepass"), digest_size=16).digest()
