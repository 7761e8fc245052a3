"""What a cluster is made of before anything runs: passwords, ports, programs."""

from __future__ import annotations

import json
import socket
import stat
import threading
from pathlib import Path

import pytest

from holdfast.errors import StackNotRunning, TemporalUnavailable
from holdfast.settings import load_settings
from starter.cluster.cluster import access_store
from starter.cluster.passwords import ROLES, ensure_passwords, password_of
from starter.cluster.postgres import find_postgres
from starter.cluster.server_programs import TEMPORAL_SERVER_VERSION, server_programs
from starter.ports import LOOPBACK, remembered_ports


def test_each_role_has_a_password_of_its_own_that_is_made_once(tmp_path: Path) -> None:
    ensure_passwords(tmp_path)
    made = {role: password_of(tmp_path, role) for role in ROLES}
    assert len(set(made.values())) == len(ROLES)
    assert all(len(password) >= 40 for password in made.values())
    ensure_passwords(tmp_path)
    assert {role: password_of(tmp_path, role) for role in ROLES} == made


def test_libpq_reads_the_file_of_a_role_because_nobody_else_may(tmp_path: Path) -> None:
    ensure_passwords(tmp_path)
    file = tmp_path / "holdfast" / "pgpass"
    assert file.read_text() == f"*:*:*:holdfast:{password_of(tmp_path, 'holdfast')}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_the_address_of_the_access_store_holds_no_password_and_is_a_setting(tmp_path: Path) -> None:
    ensure_passwords(tmp_path)
    address = access_store(tmp_path, 5432)
    assert not any(password_of(tmp_path, role) in address for role in ROLES)
    store = load_settings(data_dir=tmp_path, access={"store": address}).access.store
    assert store is not None
    assert store.get_secret_value() == address


def test_ports_are_chosen_once_and_chosen_anew_when_another_program_took_one(tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    first = remembered_ports(memory, ["one", "two", "three"])
    assert len(set(first.values())) == 3
    assert remembered_ports(memory, ["one", "two", "three"]) == first
    with socket.create_server((LOOPBACK, first["two"])):
        second = remembered_ports(memory, ["one", "two", "three"])
    assert second["two"] != first["two"]
    assert {**second, "two": 0} == {**first, "two": 0}


@pytest.mark.parametrize("text", ["", "[]", "{", '{"one": "text", "two": null}'])
def test_a_memory_of_ports_that_is_spoiled_is_made_anew(text: str, tmp_path: Path) -> None:
    memory = tmp_path / "ports.json"
    memory.write_text(text)
    assert remembered_ports(memory, ["one", "two"]) == json.loads(memory.read_text())


def test_the_newest_postgres_that_is_whole_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for version in ("9.6", "11", "13", "15"):
        (tmp_path / version / "bin").mkdir(parents=True)
        (tmp_path / version / "bin" / "initdb").touch()
    # Only the client is installed.
    (tmp_path / "17" / "bin").mkdir(parents=True)
    assert find_postgres(tmp_path) == tmp_path / "15" / "bin"


def test_without_postgres_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StackNotRunning, match="apt install postgresql") as caught:
        find_postgres(tmp_path)
    assert "docker compose up" in str(caught.value)


def _go(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Go tool-chain that runs `script` instead of building; the file that counts its calls."""
    folder.mkdir()
    (folder / "go").write_text(f'#!/bin/sh\necho "$@" >> {folder}/calls\n{script}\n')
    (folder / "go").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder / "calls"


def test_the_server_is_built_once_however_many_start_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = _go(tmp_path / "path", "sleep 0.2; touch $GOBIN/server $GOBIN/sql", monkeypatch)
    found: list[Path] = []
    tell: list[str] = []
    threads = [
        threading.Thread(target=lambda: found.append(server_programs(cache=tmp_path / "cache", tell=tell.append)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [tmp_path / "cache" / f"temporal-server-{TEMPORAL_SERVER_VERSION}"] * 3
    assert {file.name for file in found[0].iterdir()} == {"temporal-server", "temporal-sql-tool"}
    assert len(calls.read_text().splitlines()) == 1
    assert f"go.temporal.io/server/cmd/tools/sql@v{TEMPORAL_SERVER_VERSION}" in calls.read_text()
    assert any("2–4 minutes" in line for line in tell)


def test_without_go_or_after_a_build_that_fails_the_ways_out_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _go(tmp_path / "path", "echo no such module >&2; exit 1", monkeypatch)
    tell: list[str] = []
    with pytest.raises(TemporalUnavailable, match=r"Install Go .* docker compose up"):
        server_programs(cache=tmp_path / "cache", tell=tell.append)
    assert "no such module" in tell[-1]
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(TemporalUnavailable):
        server_programs(cache=tmp_path / "cache", tell=tell.append)
