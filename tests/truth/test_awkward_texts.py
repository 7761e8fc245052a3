"""Texts as directories really send them: empty ones, days that there are not, names that differ by a mark."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

import evaluation.tenant
from evaluation.tenant import demo_tenant
from holdfast.answer import Outcome
from holdfast.demo.company import Company as DemoCompany
from holdfast.demo.export import export
from tests.truth.conftest import Company

_SEED, _USERS = 31, 60


def _awkward(company: DemoCompany, folder: Path, *, log: bool) -> None:
    export(company, folder, log=log)
    users = _lines(folder / "users.jsonl")
    for user, empty in zip(users, ("", " ", "  "), strict=False):
        user["profile"]["department"] = empty
    for user, day in zip(users[5:], ("2026-09-31", "2026-09-30", "2025-02-29", "2024-02-29", "2026-9-1"), strict=False):
        user["profile"]["hireDate"] = day
    _write(folder / "users.jsonl", users)
    groups, members = _lines(folder / "groups.jsonl"), _lines(folder / "group_members.jsonl")
    for number, name in enumerate(("vpn users", "finance", "Berlin")):
        groups.append(groups[0] | {"id": f"00gAwkward{number}", "profile": {"name": name, "description": ""}})
        members.append({"group_id": f"00gAwkward{number}", "user_id": users[20 + number]["id"]})
    _write(folder / "groups.jsonl", groups)
    _write(folder / "group_members.jsonl", members)


def _lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def _write(file: Path, lines: list[dict[str, Any]]) -> None:
    file.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


@pytest.fixture(scope="session")
async def awkward(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Company]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evaluation.tenant, "export", _awkward)
        company = Company.of(_SEED, demo_tenant(_SEED, _USERS, tmp_path_factory.mktemp("awkward")))
    yield company
    await company.asker.close()


async def _logins(question: str, company: Company) -> set[str]:
    return set((await company.rows(question))[0]["login"])


async def test_an_empty_text_is_nothing(awkward: Company) -> None:
    without = {u["profile"]["login"] for u in awkward.records.users.values() if not _department(u)}
    assert await _logins("people without a department", awkward) == without
    everyone = {u["profile"]["login"] for u in awkward.records.users.values()}
    assert await _logins("people with a department", awkward) == everyone - without
    counts = (await awkward.rows("people by department"))[0]
    assert counts.filter(pl.col("department").is_null())["person_count"].to_list() == [len(without)]
    described = await awkward.rows("groups without a description")
    assert {"vpn users", "finance"} <= set(described[0]["group_name"])


def _department(user: dict[str, Any]) -> str:
    return (user["profile"].get("department") or "").strip()


async def test_a_day_that_there_is_not_lies_in_no_time(awkward: Company) -> None:
    named = {u["profile"].get("hireDate"): u["profile"]["login"] for u in awkward.records.users.values()}
    september = await _logins("people hired in September 2026", awkward)
    assert named["2026-09-30"] in september
    assert named["2026-09-31"] not in september
    february = await _logins("people hired before 2026-01-01", awkward)
    assert named["2024-02-29"] in february
    assert named["2025-02-29"] not in february


async def test_a_name_that_is_typed_exactly_means_no_other(awkward: Company) -> None:
    for name in ("vpn-users", "vpn users", "Finance", "finance"):
        members = {awkward.records.users[i]["profile"]["login"] for i in awkward.records.members_of[_id(name, awkward)]}
        assert await _logins(f"members of {name}", awkward) == members


async def test_a_name_that_fits_two_spellings_is_asked_back(awkward: Company) -> None:
    assert (await awkward.ask("members of FINANCE")).outcome is Outcome.NEEDS_CLARIFICATION
    assert (await awkward.ask("members of VPN users")).outcome is Outcome.NEEDS_CLARIFICATION


async def test_a_name_of_several_is_a_name_and_a_group_may_be_called_like_a_city(awkward: Company) -> None:
    hoffmanns = {
        u["profile"]["login"] for u in awkward.records.users.values() if u["profile"]["lastName"] == "Hoffmann"
    }
    assert len(hoffmanns) > 1
    assert await _logins("people called Hoffmann", awkward) == hoffmanns
    asked = await awkward.ask("who is in Berlin")
    assert asked.outcome is Outcome.NEEDS_CLARIFICATION
    assert len(asked.choices) == 2


def _id(name: str, company: Company) -> str:
    return company.records.group(name)
