"""The committed page, byte by byte, where Node is at hand; whoever only uses Holdfast has none and needs none."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "starter" / "web"
SOURCE, STATIC = WEB / "source", WEB / "static"
# Generous: the slowest machine that was tried needed 40 s for the packages and 3 s for the build.
PATIENCE_S = 300.0


def run(*command: str) -> str:
    """What it printed, if it succeeded."""
    done = subprocess.run(command, cwd=SOURCE, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module", autouse=True)
def packages() -> None:
    if shutil.which("npm") is None:
        pytest.skip("there is no Node here")
    if not (SOURCE / "node_modules").is_dir():
        if "CI" not in os.environ:
            pytest.skip("the page's packages are not installed: make web")
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file by its path."""
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_the_same_sources_give_the_same_bytes(tmp_path: Path) -> None:
    run("node", "build.mjs", str(tmp_path / "static"))
    built, committed = files_in(tmp_path / "static"), files_in(STATIC)
    different = sorted(name for name in built.keys() | committed.keys() if built.get(name) != committed.get(name))
    assert different == [], "run `make web` and commit starter/web/static"


def test_the_page_passes_its_own_checks_and_tests() -> None:
    run("npm", "run", "--silent", "check")
    assert "# fail 0" in run("npm", "test", "--silent")
