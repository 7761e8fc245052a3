"""What can be wrong with a wish for rows."""

from __future__ import annotations

from holdfast.errors import PermanentError


class RowsRefused(PermanentError):
    """The sort, the filter or the page does not fit the rows; the message names the column and what it may be."""


class Abandoned(Exception):
    """Nobody waits for the result any more."""
