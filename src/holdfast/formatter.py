"""How the steps' rows become one answer: a formatter writes a recipe, code applies it to every row."""

from __future__ import annotations

from typing import Protocol

from holdfast.answer import FormattedAnswer
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import FormatRequest
from holdfast.presentation import Presentation


class Formatter(Protocol):
    """Writes the recipe of an answer; it never writes a value. Implementations: offline, model-backed."""

    @property
    def author(self) -> str:
        """Who writes: `offline`, or a model's name and the prompt it was given."""
        ...

    async def present(self, request: FormatRequest) -> Presentation:
        """A recipe for what the steps found. Raises PresentationRejected when there is nothing to show."""
        ...


def format_rows(request: FormatRequest, presentation: Presentation, store: ArtifactStore) -> FormattedAnswer:
    """The answer, with its table kept as artifact `<correlation_id>/answer`.

    Blocking: call it in a thread. Raises PresentationRejected with every reason when the recipe does not fit the
    columns, ArtifactMissing, StorageFull.
    """
    raise NotImplementedError
