"""What a retry or a rerun says of the question that it goes on from."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Edited = Literal["plan", "query", "program", "presentation"]


class Origin(BaseModel):
    """The question that another one goes on from, and what is done otherwise this time.

    A retry runs what failed or never began; a rerun runs `from_step`, what depends on it, and what `edited` changes.
    """

    model_config = ConfigDict(frozen=True)
    kind: Literal["retry", "rerun"]
    question_id: str
    from_step: str | None = None
    edited: Edited | None = None

    @property
    def words(self) -> str:
        """For people: "rerun of q-20260724-k3v9x2ta from step apps, with an edited query"."""
        from_step = f" from step {self.from_step}" if self.from_step else ""
        edited = f", with an edited {self.edited}" if self.edited else ""
        return f"{self.kind} of {self.question_id}{from_step}{edited}"
