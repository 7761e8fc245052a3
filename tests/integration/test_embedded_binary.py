"""Where the `temporal` program is looked for, and how it is got once for all clones. Small scripts stand in for it."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from holdfast.errors import SettingsError, TemporalUnavailable
from starter import temporal_binary
from starter.temporal_binary import TEMPORAL_CLI_VERSION, find_temporal

GOOD = "temporal version 1.5.1 (Server 1.29.1, UI 2.42.1)"


def program(path: Path, says: str = GOOD, code: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


class Places:
    """Every place of the search, empty, and apart from those of this machine."""

    def __init__(self, root: Path) -> None:
        self.path, self.project, self.cache = root / "path", root / "project", root / "cache"
        self.configured = root / "configured" / "temporal"
        self.cached = self.cache / f"temporal-{TEMPORAL_CLI_VERSION}"
        self.told: list[str] = []

    def find(self, configured: Path | None = None, *, fetch: bool = True) -> Path:
        return find_temporal(configured, project=self.project, cache=self.cache, fetch=fetch, tell=self.told.append)


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Places:
    found = Places(tmp_path)
    monkeypatch.setenv("PATH", f"{found.path}:/usr/bin:/bin")
    # No test downloads anything: the SDK's part is a program that fails at once.
    monkeypatch.setattr(temporal_binary, "_DOWNLOADER", "raise SystemExit('no network')")
    return found


def go(places: Places, script: str) -> None:
    """A Go tool-chain that runs `script` instead of building."""
    program(places.path / "go").write_text(f'#!/bin/sh\necho "$@" >> {places.path}/go.calls\n{script}\n')


BUILDS = f"printf '#!/bin/sh\\necho \"{GOOD}\"\\n' > $GOBIN/temporal; chmod +x $GOBIN/temporal"


def test_the_order_is_setting_path_project_cache(places: Places) -> None:
    program(places.cached)
    assert places.find() == places.cached
    in_project = program(places.project / ".tools" / "temporal")
    assert places.find() == in_project
    on_path = program(places.path / "temporal")
    assert places.find() == on_path
    configured = program(places.configured)
    assert places.find(configured) == configured
    assert places.told == []


@pytest.mark.parametrize(
    ("says", "code", "why"),
    [
        ("temporal version 1.1.0 (Server 1.25.0, UI 2.31.2)", 0, "too old (server 1.25, needed is 1.29)"),
        ("something else", 0, "is not Temporal's CLI"),
        (GOOD, 2, "ended with 2"),
    ],
)
def test_a_program_that_cannot_be_used_is_passed_over_and_said_to_be(
    says: str, code: int, why: str, places: Places
) -> None:
    broken = program(places.path / "temporal", says, code)
    program(places.cached)
    assert places.find() == places.cached
    assert str(broken) in places.told[0]
    assert why in places.told[0]


def test_a_configured_program_that_cannot_be_used_is_an_error_and_not_passed_over(places: Places) -> None:
    program(places.cached)
    with pytest.raises(SettingsError, match=r"HOLDFAST_TEMPORAL__BINARY cannot be used: .*does not exist"):
        places.find(places.configured)
    places.configured.parent.mkdir()
    places.configured.write_text("not a program")
    with pytest.raises(SettingsError, match=r"HOLDFAST_TEMPORAL__BINARY.*does not run"):
        places.find(places.configured)


def test_without_a_program_the_ways_to_get_one_are_named(places: Places) -> None:
    with pytest.raises(TemporalUnavailable) as caught:
        places.find(fetch=False)
    for way in ("docs.temporal.io/cli", "HOLDFAST_TEMPORAL__BINARY", "install Go", "HOLDFAST_TEMPORAL__ADDRESS"):
        assert way in str(caught.value)
    assert places.told == []
    assert not places.cache.exists()


def test_go_builds_it_once_and_a_second_clone_builds_nothing(places: Places, tmp_path: Path) -> None:
    go(places, BUILDS)
    assert places.find() == places.cached
    assert "1–4 minutes" in places.told[-1]
    places.told.clear()
    places.project = tmp_path / "second clone"
    assert places.find() == places.cached
    assert places.told == []
    calls = (places.path / "go.calls").read_text().splitlines()
    assert calls == ["install -trimpath -ldflags=-s -w github.com/temporalio/cli/cmd/temporal@v1.5.1"]


def test_two_clones_that_start_together_build_once(places: Places) -> None:
    go(places, f"sleep 0.3; {BUILDS}")
    found: list[Path] = []
    threads = [threading.Thread(target=lambda: found.append(places.find())) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [places.cached] * 3
    assert len((places.path / "go.calls").read_text().splitlines()) == 1
    assert sorted(path.name for path in places.cache.iterdir()) == [places.cached.name, f"{places.cached.name}.lock"]


def test_a_build_that_fails_shows_gos_words_and_leaves_nothing(places: Places) -> None:
    go(places, "echo 'no such module' >&2; exit 1")
    with pytest.raises(TemporalUnavailable):
        places.find()
    assert "no such module" in places.told[-1]
    assert [path.name for path in places.cache.iterdir()] == [f"{places.cached.name}.lock"]


def test_a_half_written_program_in_the_cache_is_made_again(places: Places) -> None:
    program(places.cached).write_text("#!/bin/sh\nexit 1\n")
    go(places, BUILDS)
    assert places.find() == places.cached
    assert (
        subprocess.run([places.cached, "--version"], check=True, capture_output=True, text=True).stdout == GOOD + "\n"
    )


def test_the_sdks_download_is_used_before_a_build(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    go(places, "exit 1")
    downloads = (
        "import os, pathlib, sys\n"
        "file = pathlib.Path(sys.argv[1]) / 'temporal-sdk'\n"
        f"file.write_text('#!/bin/sh\\necho \"{GOOD}\"\\n'); file.chmod(0o755)\n"
    )
    monkeypatch.setattr(temporal_binary, "_DOWNLOADER", downloads)
    assert places.find() == places.cached
    assert not (places.path / "go.calls").exists()


def test_a_download_that_gets_nothing_is_given_up(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(temporal_binary, "_DOWNLOADER", "import time; time.sleep(60)")
    monkeypatch.setattr(temporal_binary, "_DOWNLOAD_STALLED_S", 0.2)
    go(places, BUILDS)
    assert places.find() == places.cached


def test_the_real_downloader_fails_quietly_without_a_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    # A proxy that is not there: nothing leaves this machine.
    for name in ("HTTPS_PROXY", "HTTP_PROXY", "https_proxy", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    run = subprocess.run(
        [sys.executable, "-c", temporal_binary._DOWNLOADER, tmp_path, "v1.5.1"], capture_output=True, timeout=60
    )
    assert run.returncode != 0
    assert b"start_local" in run.stderr
