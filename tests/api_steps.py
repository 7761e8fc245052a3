"""API steps in tests: programs run against a demo tenant or a scripted one, with what left counted by the tenant."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
from pydantic import SecretStr

from holdfast.answer import Effort, Generated, SnapshotRef, StepResult
from holdfast.api_settings import ApiSettings
from holdfast.api_step.progress import LiveProgress
from holdfast.api_step.runner import ApiStepRunner, Stores
from holdfast.approval_settings import ApprovalSettings
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import (
    CallAllowance,
    EarlierStep,
    ProgramOutcome,
    ProgramRows,
    ProgramRun,
    PromisedColumn,
    StepRequest,
    WrittenProgram,
)
from holdfast.demo import DEMO_TOKEN
from holdfast.okta import OktaClient
from holdfast.okta.shared_tenant import SharedTenant
from holdfast.plan import ApiStep
from holdfast.records import json_records
from holdfast.sandbox.pool import Sandbox
from holdfast.settings import OktaSettings, Settings

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)

FACTORS_OF_EVERYONE = """
import asyncio

users = await list_users(fields=("id", "profile.login"))


async def one(user):
    factors, unread = await attempt(list_user_factors(user["id"]))
    kinds = None if factors is None else sorted(factor["factorType"] for factor in factors)
    return {"login": user["profile"]["login"], "kinds": kinds, "unread": unread}


result = list(await asyncio.gather(*[one(user) for user in users]))
"""
FACTOR_ENDPOINTS = ("list_users", "list_user_factors")
FACTOR_COLUMNS = (("login", "text"), ("kinds", "list"), ("unread", "text"))

MEMBERS_OF_EVERY_GROUP = """
import asyncio

groups = await list_groups(fields=("id", "profile.name"))


async def one(group):
    members = await list_group_users(group["id"], fields=("id",))
    roles = await asyncio.gather(*[attempt(list_user_factors(member["id"], fields=("id",))) for member in members])
    factors = sum(len(found) for found, unread in roles if found is not None)
    return {"group": group["id"], "members": [member["id"] for member in members], "factors": factors}


result = list(await asyncio.gather(*[one(group) for group in groups]))
"""
MEMBER_ENDPOINTS = ("list_groups", "list_group_users", "list_user_factors")
MEMBER_COLUMNS = (("group", "text"), ("members", "list"), ("factors", "integer"))


def program_run(
    text: str,
    columns: Sequence[tuple[str, str]],
    endpoints: tuple[str, ...],
    *,
    estimated: int | None = None,
    earlier: tuple[EarlierStep, ...] = (),
    now: datetime = NOW,
) -> ProgramRun:
    step = ApiStep(id="live", entity="User", operation="list", query_context="what the test asks")
    program = WrittenProgram(
        generated=Generated(language="python", text=text, author="test"),
        endpoints=endpoints,
        columns=tuple(PromisedColumn.model_validate({"name": name, "kind": kind}) for name, kind in columns),
        explanation="",
        estimated_calls=estimated,
        now=now,
        seed=1,
        effort=Effort(seconds=0, peak_memory_bytes=0),
    )
    request = StepRequest(
        correlation_id="q-1",
        question="?",
        snapshot=SnapshotRef(id="snap", synced_at=now),
        step=step,
        earlier=earlier,
    )
    return ProgramRun(step=request, program=program)


def factors_of_everyone(**options: Any) -> ProgramRun:
    return program_run(FACTORS_OF_EVERYONE, FACTOR_COLUMNS, FACTOR_ENDPOINTS, **options)


def members_of_every_group() -> ProgramRun:
    return program_run(MEMBERS_OF_EVERY_GROUP, MEMBER_COLUMNS, MEMBER_ENDPOINTS)


@dataclass
class Bench:
    """One data folder and what runs programs in it."""

    sandbox: Sandbox
    url: str
    folder: Path
    policy: ApiSettings = field(default_factory=ApiSettings)
    concurrency: int = 20
    synced: str = ""
    progress: LiveProgress = field(default_factory=LiveProgress)
    approval: ApprovalSettings = field(default_factory=ApprovalSettings)

    @property
    def artifacts(self) -> ArtifactStore:
        return ArtifactStore(self.folder / "artifacts")

    @property
    def journals(self) -> list[Path]:
        return sorted((self.folder / "journals").rglob("*.journal"))

    def runner(self) -> ApiStepRunner:
        okta = OktaSettings(url=self.url, token=SecretStr(DEMO_TOKEN), concurrency=self.concurrency)
        settings = Settings(data_dir=self.folder, okta=okta, api=self.policy, approval=self.approval)
        tenant = SharedTenant(lambda: OktaClient.from_settings(settings.okta))
        stores = Stores(lambda _: self.synced or self.url, self.artifacts, self.folder / "journals")
        return ApiStepRunner(self.sandbox, tenant, stores, settings)

    async def run(self, run: ProgramRun, allowance: CallAllowance | None = None) -> ProgramOutcome:
        return await self.runner().run(run.model_copy(update={"allowance": allowance}), self.progress)

    async def result(self, run: ProgramRun, allowance: CallAllowance | None = None) -> StepResult:
        outcome = await self.run(run, allowance)
        assert isinstance(outcome, ProgramRows), outcome
        return outcome.result

    def rows(self, result: StepResult) -> list[dict[str, Any]]:
        return json_records(self.artifacts.scan(result.rows).collect())


class Asked:
    """What a demo tenant was asked, from its own log."""

    def __init__(self, log: Path) -> None:
        self._log = log

    def lines(self) -> list[dict[str, Any]]:
        return [orjson.loads(line) for line in self._log.read_bytes().splitlines()] if self._log.exists() else []

    @property
    def count(self) -> int:
        return len(self.lines())

    def finished(self) -> Counter[str]:
        """How often each address was answered whole."""
        return Counter(line["path"] for line in self.lines() if line["status"] in (200, 403, 404) and not line["cut"])
