"""Companies to ask, made once for the whole session, and each question asked once of each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

import polars as pl
import pytest

from evaluation.asking import Asked, Asker
from evaluation.judging import Judge
from evaluation.records import Records
from evaluation.tenant import NOW, DemoTenant, demo_tenant
from holdfast.answer import NeedsClarification, Outcome, Refused
from holdfast.engines import engines_from
from holdfast.plan import Plan
from holdfast.planner import Planner
from holdfast.settings import ModelSettings, load_settings
from holdfast.spending import Ledger

# The first company is asked every question of the bank, the others a part of them.
SEEDS_AND_SIZES = ((7, 400), (11, 250), (23, 300))


@dataclass(repr=False)
class Company:
    """A tenant whose planner, writer and formatter are the offline ones."""

    seed: int
    tenant: DemoTenant
    planner: Planner
    asker: Asker
    judge: Judge
    asked: dict[str, Asked] = field(default_factory=dict)
    plans: dict[str, Plan | Refused | NeedsClarification] = field(default_factory=dict)

    @staticmethod
    def of(seed: int, tenant: DemoTenant) -> Company:
        settings = load_settings(data_dir=tenant.directory)
        engines = engines_from(settings, lambda: NOW)
        return Company(seed, tenant, engines.planner, Asker(settings, engines, tenant.company), Judge(tenant.records))

    @property
    def records(self) -> Records:
        return self.tenant.records

    async def ask(self, question: str) -> Asked:
        """How the question ended."""
        if question not in self.asked:
            self.asked[question] = await self.asker.ask(question)
        return self.asked[question]

    async def plan(self, question: str) -> Plan | Refused | NeedsClarification:
        """What a question means, without its answer."""
        if question not in self.plans:
            ledger = Ledger.under(ModelSettings())
            self.plans[question] = (await self.planner.plan(question, self.tenant.snapshot, ledger)).outcome
        return self.plans[question]

    async def ask_all(self, questions: Sequence[str]) -> list[tuple[str, Asked]]:
        """Each with how it ended; some at the same time, because planner and engine are two processes."""
        return list(zip(questions, await asyncio.gather(*(self.ask(question) for question in questions)), strict=True))

    async def rows(self, question: str) -> list[pl.DataFrame]:
        """What each step found, ids and all."""
        asked = await self.ask(question)
        assert asked.outcome is Outcome.ANSWERED, f"{question}: {asked.message}"
        return [self.asker.rows_of(step) for step in asked.steps]


class _Companies:
    """Each company is made when it is first asked for, and kept."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self.made: dict[int, Company] = {}

    def of(self, seed: int, users: int) -> Company:
        if seed not in self.made:
            self.made[seed] = Company.of(seed, demo_tenant(seed, users, self._folders.mktemp(f"seed-{seed}")))
        return self.made[seed]


@pytest.fixture(scope="session")
async def companies(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[_Companies]:
    """The companies of the session. A parametrised session fixture would be made anew for every pair of parameters."""
    companies = _Companies(tmp_path_factory)
    yield companies
    for made in companies.made.values():
        await made.asker.close()


@pytest.fixture(params=SEEDS_AND_SIZES, ids=lambda param: f"seed {param[0]}")
async def company(request: pytest.FixtureRequest, companies: _Companies) -> Company:
    """Each of the companies."""
    return companies.of(*request.param)


@pytest.fixture(scope="session")
async def partly_read(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    """A company of whose groups and applications two each could not be read."""
    hidden = {
        "group_members": frozenset({"Legacy VPN", "Finance"}),
        "app_users": frozenset({"Whiteboard", "Box"}),
    }
    made = Company.of(7, demo_tenant(7, 100, tmp_path_factory.mktemp("partly-read"), hidden))
    yield made
    await made.asker.close()
