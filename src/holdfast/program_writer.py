"""How an API step becomes a program, whoever writes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from holdfast.contracts import PromisedColumn, RefusedProgram, StepRequest
from holdfast.sandbox.interface import ProgramInterface
from holdfast.spending import Ledger


@dataclass(frozen=True)
class ProgramDraft:
    """A program before its checks, and what its writer says of it.

    `columns` are what each row of `result` will have, in order; `estimated_calls` is None where the writer cannot tell.
    `author` is `offline`, or a model's name and the prompt it was given.
    """

    text: str
    columns: tuple[PromisedColumn, ...]
    explanation: str
    estimated_calls: int | None
    rate_limit_note: str
    author: str


class ProgramWriter(Protocol):
    """Writes one program; the checks judge it before it runs. Implementations: offline (rules), model-backed."""

    async def write(
        self, request: StepRequest, interface: ProgramInterface, ledger: Ledger, refused: Sequence[RefusedProgram] = ()
    ) -> ProgramDraft:
        """The program of a step. `refused` are the earlier attempts at it, with the whole diagnostics.

        Raises ProgramRefused where the step says too little to write one, ModelOutputRejected, ModelRefused,
        ModelBudgetSpent, ModelUnavailable.
        """
        ...
