from __future__ import annotations

import asyncio
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import Result

from holdfast.settings import load_settings
from starter.access.audit import Wanted
from starter.access.callers import Action, Caller, Role
from starter.access.refusals import NotAuthenticated
from starter.access.stored import local_caller, open_access
from tests.unit.cli.runner import run
from tests.unit.fake_temporal import FakeClient


def made(*more: str) -> str:
    """The text of a new key."""
    result = run("keys", "create", "--name", "report", "--role", "asker", *more)
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def caller_of(key: str) -> Caller:
    async def look() -> Caller:
        access = open_access(load_settings())
        try:
            return await access.keys.caller_of(key)
        finally:
            access.close()

    return asyncio.run(look())


EVERYTHING = Wanted()


def entries(wanted: Wanted = EVERYTHING) -> list[tuple[str, str]]:
    async def look() -> list[tuple[str, str]]:
        access = open_access(load_settings())
        try:
            return [(entry.action, entry.target) for entry in await access.audit.page(wanted, 100)]
        finally:
            access.close()

    return asyncio.run(look())


def test_a_key_is_printed_once_and_alone(data_dir: Path) -> None:
    key = made("--subject", "ada", "--scope", "ask", "--scope", "see", "--expires", "90d")
    caller = caller_of(key)
    assert (caller.subject, caller.roles) == ("ada", frozenset({Role.ASKER}))
    assert caller.scopes == frozenset({Action.ASK, Action.SEE})
    listed = run("keys", "list")
    assert key.split("_")[1] in listed.stdout
    assert key.split("_", 2)[2] not in listed.stdout + "".join(map(str, entries()))


def test_a_revoked_key_is_refused(data_dir: Path) -> None:
    key = made()
    assert run("keys", "revoke", key.split("_")[1]).exit_code == 0
    with pytest.raises(NotAuthenticated):
        caller_of(key)
    assert run("keys", "revoke", "nothing").exit_code == 2


@pytest.mark.parametrize("expires", ["soon", "2020-01-01", "0d", "-3d"])
def test_a_key_ends_in_the_future(data_dir: Path, expires: str) -> None:
    assert run("keys", "create", "--name", "x", "--role", "asker", "--expires", expires).exit_code == 2


@pytest.mark.parametrize("text", ["", "   ", "two\nlines", "x" * 201])
def test_a_key_has_a_purpose_and_stands_for_somebody(data_dir: Path, text: str) -> None:
    assert run("keys", "create", "--role", "asker", "--name", text).exit_code == 2
    assert run("keys", "create", "--role", "asker", "--name", "report", "--subject", text).exit_code == 2
    assert run("share", "q-20260724-k3v9x2ta", text).exit_code == 2
    assert entries() == []


def test_a_folder_that_cannot_be_used_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("HOLDFAST_DATA_DIR", str(tmp_path / "file"))
    for command in (["keys", "list"], ["audit"], ["audit", "--verify"]):
        shown = run(*command)
        assert shown.exit_code == 2
        assert "cannot be written" in shown.stderr


def test_the_record_is_shown_by_who_did_what_and_harms_no_terminal(data_dir: Path) -> None:
    async def record() -> None:
        access = open_access(load_settings())
        await access.record(local_caller("eve"), "ask", "q-1", text="\x1b[2J\nroot export q-2")
        access.close()

    asyncio.run(record())
    made()
    shown = run("audit", "--subject", "eve")
    assert "q-1" in shown.stdout
    assert "create-key" not in shown.stdout
    assert "\x1b" not in shown.stdout
    assert len([line for line in shown.stdout.splitlines() if "q-2" in line and "eve" in line]) == 1
    lines = [json.loads(line) for line in run("audit", "--json", "--since", "1h").stdout.splitlines()]
    assert [line["action"] for line in lines] == ["read-audit", "read-audit", "create-key", "ask"]
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%d")
    assert run("audit", "--json", "--since", tomorrow).stdout == ""


def test_a_whole_record_is_told_from_a_changed_one(data_dir: Path) -> None:
    made()
    made()
    assert "All 2 entries" in run("audit", "--verify").stdout
    file = sqlite3.connect(data_dir / "access.db")
    file.execute("DROP TRIGGER access_audit_no_update")
    file.execute("UPDATE access_audit SET subject = 'nobody' WHERE id = 1")
    file.commit()
    file.close()
    broken: Result = run("audit", "--verify")
    assert broken.exit_code == 4
    assert "entry 1" in broken.stderr


def test_what_the_command_line_does_is_recorded_and_what_it_failed_with(data_dir: Path, client: FakeClient) -> None:
    asked = run("ask", "Who is locked out?", "--no-wait")
    assert asked.exit_code == 0, asked.output
    question_id = asked.stdout.strip()
    assert entries(Wanted(action="ask")) == [("ask", question_id)]
    assert run("resume", question_id).exit_code != 0
    assert entries(Wanted(target=question_id))[:2] == [("resume-failed", question_id), ("resume", question_id)]


def test_what_cannot_be_recorded_is_not_done(
    data_dir: Path, client: FakeClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLDFAST_ACCESS__STORE", "postgresql+psycopg://holdfast:hush@127.0.0.1:1/holdfast")
    refused = run("ask", "Who is locked out?", "--no-wait")
    assert refused.exit_code == 5
    assert "hush" not in refused.output
    monkeypatch.delenv("HOLDFAST_ACCESS__STORE")
    assert run("list").stdout == ""
