"""The formatter that needs no model: it reads from the plan how the answer should look."""

from __future__ import annotations

from holdfast.contracts import FormatRequest
from holdfast.presentation import Presentation


class OfflineFormatter:
    """Chooses headings, joins and words by the plan's parameters and the columns' names and types."""

    @property
    def author(self) -> str:
        """`offline`."""
        return "offline"

    async def present(self, request: FormatRequest) -> Presentation:
        """A recipe that names no value and no number: code fills both in."""
        raise NotImplementedError
