"""Programs are written, checked and mended before a single call; what cannot be mended fails with all that is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime

import pytest

from holdfast.answer import ArtifactRef, Generated, ModelUsage, SnapshotRef
from holdfast.api_step.programs import ProgramAuthor
from holdfast.catalogue.endpoints import Catalogue
from holdfast.contracts import EarlierStep, ProgramRequest, PromisedColumn, RefusedProgram, StepRequest
from holdfast.errors import NoEndpoint, ProgramRefused
from holdfast.plan import ApiStep
from holdfast.program_writer import ProgramDraft
from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.pool import Sandbox
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger

GOOD = "result = [{'id': user['id']} for user in await list_users(fields=('id',))]"
CLOCK = datetime(2026, 11, 1, tzinfo=UTC)


class Writer:
    """Writes what it is given, one after the other, and remembers what it was told."""

    def __init__(self, *texts: str, author: str = "a model") -> None:
        self._texts = list(texts)
        self._author = author
        self.told: list[tuple[RefusedProgram, ...]] = []
        self.interfaces: list[ProgramInterface] = []

    async def write(
        self, request: StepRequest, interface: ProgramInterface, ledger: Ledger, refused: Sequence[RefusedProgram] = ()
    ) -> ProgramDraft:
        self.told.append(tuple(refused))
        self.interfaces.append(interface)
        ledger.add(ModelUsage(calls=1, input_tokens=100, output_tokens=10, cost_usd=0.01))
        text = self._texts[min(len(self.told), len(self._texts)) - 1]
        columns = (PromisedColumn(name="id", kind="text"),)
        return ProgramDraft(text, columns, "lists people", 5, "one page", self._author)


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


def request(entity: str = "User", operation: str = "list", *refused: RefusedProgram) -> ProgramRequest:
    step = ApiStep(id="people", entity=entity, operation=operation, query_context="all people")
    snapshot = SnapshotRef(id="snap", synced_at=CLOCK)
    asked = StepRequest(correlation_id="q-1", question="who?", snapshot=snapshot, step=step, earlier=())
    return ProgramRequest(step=asked, refused=refused)


def ledger() -> Ledger:
    return Ledger.under(ModelSettings())


def author(writer: Writer, sandbox: Sandbox) -> ProgramAuthor:
    return ProgramAuthor(writer, sandbox, Catalogue.load())


async def test_a_program_names_its_endpoints_its_clock_its_seed_and_what_it_cost(sandbox: Sandbox) -> None:
    writer = Writer(GOOD)
    written = await author(writer, sandbox).write(request(), ledger())
    assert written.generated.text == GOOD
    assert "list_users" in written.endpoints
    assert 1 <= len(written.endpoints) <= 5
    assert set(writer.interfaces[0].functions) >= set(written.endpoints)
    assert written.estimated_calls == 5
    assert written.effort.models is not None
    assert written.effort.models.calls == 1
    assert written.seed == (await author(Writer(GOOD), sandbox).write(request(), ledger())).seed


EACH = """
people = PEOPLE
result = []
for person in people:
    factors, unread = await attempt(list_user_factors(person["id"]))
    result.append({"id": person["id"]})
"""


@pytest.mark.parametrize(("people", "estimated"), [("await load('before')", 4_870), ("await list_users()", 5)])
async def test_the_calls_to_come_are_counted_in_the_text_and_else_taken_from_its_writer(
    people: str, estimated: int, sandbox: Sandbox
) -> None:
    asked = request("user factors")
    rows = ArtifactRef(key="q-1/before", row_count=4_870, size_bytes=1, columns=())
    before = ApiStep(id="before", entity="User", operation="list", query_context="people")
    generated = Generated(language="python", text="", author="test")
    earlier = (EarlierStep(step=before, generated=generated, rows=rows, samples=()),)
    asked = asked.model_copy(update={"step": asked.step.model_copy(update={"earlier": earlier})})
    written = await author(Writer(EACH.replace("PEOPLE", people)), sandbox).write(asked, ledger())
    assert written.estimated_calls == estimated


async def test_a_writer_is_told_what_the_checks_found_and_may_mend_it(sandbox: Sandbox) -> None:
    writer = Writer("import os\nresult = []", "result = await list_everything()", GOOD)
    written = await author(writer, sandbox).write(request(), ledger())
    assert written.generated.text == GOOD
    assert [len(told) for told in writer.told] == [0, 1, 2]
    assert "os" in writer.told[1][0].diagnostics
    assert "list_everything" in writer.told[2][1].diagnostics
    assert written.effort.models is not None
    assert written.effort.models.calls == 3


async def test_a_program_that_is_wrong_after_three_repairs_fails_with_the_last_diagnostics_whole(
    sandbox: Sandbox,
) -> None:
    writer = Writer("import os", "import sys", "import socket", "import ctypes\nresult = open('x')")
    with pytest.raises(ProgramRefused) as refusal:
        await author(writer, sandbox).write(request(), ledger())
    assert len(writer.told) == 4
    assert "ctypes" in str(refusal.value)
    assert "open" in str(refusal.value)
    assert "socket" not in str(refusal.value)


async def test_rules_are_not_asked_to_mend_what_they_would_write_again(sandbox: Sandbox) -> None:
    writer = Writer("import os", author="offline")
    with pytest.raises(ProgramRefused):
        await author(writer, sandbox).write(request(), ledger())
    assert len(writer.told) == 1


async def test_a_program_that_failed_as_it_ran_is_told_to_the_writer(sandbox: Sandbox) -> None:
    failed = RefusedProgram(text="result = 1 / 0", diagnostics="ZeroDivisionError")
    writer = Writer(GOOD)
    await author(writer, sandbox).write(request("User", "list", failed), ledger())
    assert writer.told == [(failed,)]


async def test_an_entity_that_no_endpoint_gives_fails_before_anything_is_written(sandbox: Sandbox) -> None:
    writer = Writer(GOOD)
    with pytest.raises(NoEndpoint, match="nearest"):
        await author(writer, sandbox).write(request("users factoring"), ledger())
    assert writer.told == []
