from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from holdfast.errors import FolderInUse, SettingsError
from starter.stack_record import (
    ProcessRecord,
    StackRecord,
    end_survivors,
    lock_holder,
    owned_folder,
    prepared,
    record_file,
    running_stack,
    write_record,
)


def record(**children: ProcessRecord) -> StackRecord:
    return StackRecord(
        supervisor=ProcessRecord.of(os.getpid()),
        children=children,
        temporal_address="127.0.0.1:1",
        namespace="default",
        ui_url=None,
        gateway_url="http://127.0.0.1:8080",
        tenant="http://127.0.0.1:2",
        tenant_is_demo=True,
        started=datetime(2026, 7, 24, tzinfo=UTC),
    )


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def test_a_record_is_believed_only_while_its_supervisor_lives(tmp_path: Path) -> None:
    with owned_folder(tmp_path):
        write_record(tmp_path, record())
        assert running_stack(tmp_path) == record()
    assert record_file(tmp_path).exists()
    assert running_stack(tmp_path) is None


def test_the_second_owner_is_refused_and_told_who_the_first_is(tmp_path: Path) -> None:
    with owned_folder(tmp_path):
        with pytest.raises(FolderInUse, match=rf"process {os.getpid()}\) runs on {tmp_path}.*holdfast down"):
            owned_folder(tmp_path).__enter__()
        assert lock_holder(tmp_path) == os.getpid()
    assert lock_holder(tmp_path) is None
    with owned_folder(tmp_path):
        pass


def test_two_folders_have_two_owners(tmp_path: Path) -> None:
    with owned_folder(tmp_path / "a"), owned_folder(tmp_path / "b"):
        assert lock_holder(tmp_path / "a") == lock_holder(tmp_path / "b") == os.getpid()


def test_an_unreadable_record_is_no_record(tmp_path: Path) -> None:
    with owned_folder(tmp_path):
        record_file(tmp_path).write_text('{"supervisor": ')
        assert running_stack(tmp_path) is None


def test_a_folder_that_does_not_exist_has_no_stack(tmp_path: Path) -> None:
    assert running_stack(tmp_path / "nowhere") is None
    assert lock_holder(tmp_path / "nowhere") is None


def test_what_a_killed_supervisor_left_is_ended(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    write_record(tmp_path, record(worker=ProcessRecord.of(sleeper.pid)))
    assert end_survivors(tmp_path) == ["worker"]
    assert sleeper.poll() is not None
    assert not record_file(tmp_path).exists()


def test_another_process_with_a_recorded_id_is_left_alone(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    before_the_reboot = ProcessRecord(pid=sleeper.pid, created=1.0)
    write_record(tmp_path, record(worker=before_the_reboot))
    assert end_survivors(tmp_path) == []
    assert sleeper.poll() is None


def test_a_folder_that_cannot_be_written_is_named_with_the_way_out(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(SettingsError, match=rf"{file}/data cannot be written.*HOLDFAST_DATA_DIR"):
        prepared(file / "data")


def test_a_new_data_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    prepared(tmp_path / "data")
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
