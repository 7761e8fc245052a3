"""Writing the program of an API step: endpoints are chosen, a writer writes, and the checks say what to mend."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import blake2b

import structlog

from holdfast.answer import Generated
from holdfast.catalogue.endpoints import Catalogue, Endpoint
from holdfast.catalogue.filter import EndpointFilter
from holdfast.catalogue.stubs import interface_of
from holdfast.contracts import ProgramRequest, RefusedProgram, StepRequest, WrittenProgram
from holdfast.effort import Stopwatch
from holdfast.errors import ProgramRefused
from holdfast.plan import Step
from holdfast.program_writer import ProgramDraft, ProgramWriter
from holdfast.sandbox.estimate import estimated_calls
from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.pool import Sandbox
from holdfast.spending import Ledger

log = structlog.get_logger()

# A writer is told what the checks found, so often at most; after that the step fails with the last diagnostics whole.
MOST_REPAIRS = 3


def endpoints_of(step: Step, question: str, filter: EndpointFilter) -> tuple[Endpoint, ...]:
    """The only endpoints that a program of this step can name. Raises NoEndpoint."""
    return filter.choose(step.entity, step.operation, f"{step.query_context} {question}")


class ProgramAuthor:
    """Has programs written, and lets none pass that the checks refuse; not one call is made of the tenant."""

    def __init__(self, writer: ProgramWriter, sandbox: Sandbox, catalogue: Catalogue) -> None:
        self._writer = writer
        self._sandbox = sandbox
        self._catalogue = catalogue
        self._filter = EndpointFilter(catalogue)

    async def write(self, request: ProgramRequest, ledger: Ledger) -> WrittenProgram:
        """A checked program. Raises NoEndpoint, ProgramRefused, SandboxDied, and what the writer raises."""
        watch, step = Stopwatch(), request.step.step
        endpoints = endpoints_of(step, request.step.question, self._filter)
        interface = interface_of(endpoints, self._catalogue)
        draft = await self._checked(request, interface, ledger)
        written = WrittenProgram(
            generated=Generated(language="python", text=draft.text, author=draft.author),
            endpoints=tuple(endpoint.name for endpoint in endpoints),
            columns=draft.columns,
            explanation=draft.explanation,
            estimated_calls=_estimate(draft, interface, request.step),
            rate_limit_note=draft.rate_limit_note,
            now=datetime.now(UTC),
            seed=_seed(request.step),
            effort=watch.effort(ledger.usage),
        )
        log.info(
            "program",
            correlation_id=request.step.correlation_id,
            step=step.id,
            program=written.model_dump(mode="json"),
        )
        return written

    async def _checked(self, request: ProgramRequest, interface: ProgramInterface, ledger: Ledger) -> ProgramDraft:
        if (edited := request.step.edited) is not None:
            await self._sandbox.check(edited.text, interface)
            return ProgramDraft(edited.text, edited.columns, "", None, "", edited.author)
        refused = list(request.refused)
        for repairs_left in range(MOST_REPAIRS, -1, -1):
            draft = await self._writer.write(request.step, interface, ledger, refused)
            try:
                await self._sandbox.check(draft.text, interface)
            except ProgramRefused as refusal:
                log.info(
                    "program_refused",
                    correlation_id=request.step.correlation_id,
                    step=request.step.step.id,
                    text=draft.text,
                    diagnostics=str(refusal),
                )
                refused.append(RefusedProgram(text=draft.text, diagnostics=str(refusal)))
                # Rules write the same again.
                if not repairs_left or draft.author == "offline":
                    raise
            else:
                return draft
        raise AssertionError("the last refusal is raised")


def _estimate(draft: ProgramDraft, interface: ProgramInterface, request: StepRequest) -> int | None:
    """What the program's text tells; where only a run would, its writer's word, as far as the text allows it."""
    rows = {one.step.id: one.rows.row_count for one in request.earlier}
    counted = estimated_calls(draft.text, interface, rows)
    if counted.likely is not None:
        return counted.likely
    return None if draft.estimated_calls is None else max(draft.estimated_calls, counted.least)


def _seed(request: StepRequest) -> int:
    """Another one for each step, the same whenever its program is written."""
    digest = blake2b(f"{request.correlation_id}/{request.step.id}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big")
