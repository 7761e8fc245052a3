"""The program writer that needs no model: it composes the program of what the planner put into a step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from pydantic import ValidationError

from holdfast.complaints import complaints_of
from holdfast.contracts import RefusedProgram, StepRequest
from holdfast.errors import ProgramRefused
from holdfast.offline.live.composing import Composed, Step
from holdfast.offline.live.each_program import of_each_program
from holdfast.offline.live.inventory_program import inventory_program
from holdfast.offline.live.log import programs as log_programs
from holdfast.offline.live.shapes import Inventory, OfEach, Tested
from holdfast.offline.live.tested_program import tested_program
from holdfast.offline.meaning import StepMeaning
from holdfast.program_writer import ProgramDraft
from holdfast.sandbox.interface import ProgramInterface
from holdfast.spending import Ledger

_COMPILERS: Final[Mapping[type[Any], Callable[[Any, Step], Composed]]] = MappingProxyType(
    {Inventory: inventory_program, OfEach: of_each_program, Tested: tested_program, **log_programs.COMPILERS}
)
_ONE_CALL_A_THING: Final = "One call for each thing that is read by itself; the host keeps to the tenant's limits."
_FEW_CALLS: Final = "A list costs a call a page; the host keeps to the tenant's limits."


class OfflineProgramWriter:
    """Implements `holdfast.program_writer.ProgramWriter`. The same meaning always gives the same program."""

    async def write(
        self, request: StepRequest, interface: ProgramInterface, ledger: Ledger, refused: Sequence[RefusedProgram] = ()
    ) -> ProgramDraft:
        """The program of a step. Raises ProgramRefused where its parameters are no meaning that rules can compose."""
        if refused:
            raise ProgramRefused([f"Rules write no other program than this one: {refused[-1].diagnostics}"])
        composed = compiled(request)
        if missing := composed.calls - interface.functions.keys():
            names = ", ".join(sorted(missing))
            raise ProgramRefused([f"The program needs {names}, which no chosen endpoint of this step gives."])
        each = any(interface.functions[name] == "one_call_each" for name in composed.calls)
        return ProgramDraft(
            text=composed.text,
            columns=composed.columns,
            explanation=composed.explanation,
            estimated_calls=composed.estimated_calls,
            rate_limit_note=_ONE_CALL_A_THING if each else _FEW_CALLS,
            author="offline",
        )


def compiled(request: StepRequest) -> Composed:
    """The program of a step's meaning. Raises ProgramRefused."""
    try:
        shown = StepMeaning.model_validate(request.step.parameters)
    except ValidationError as error:
        raise ProgramRefused(
            [
                f"The parameters of step {request.step.id} are not what the offline writer reads: "
                f"{complaints_of(error)}. Leave them as the planner wrote them, or ask the question in other words."
            ]
        ) from error
    compiler = _COMPILERS.get(type(shown.meaning))
    if compiler is None:
        raise ProgramRefused([f"Step {request.step.id} asks nothing of the live tenant."])
    return compiler(shown.meaning, Step(shown, request))
