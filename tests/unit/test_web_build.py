"""What the browser loads was built from the sources that are committed beside it."""

from __future__ import annotations

import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

WEB = Path(__file__).parents[2] / "starter" / "web"
SOURCE, STATIC = WEB / "source", WEB / "static"
# As in build.mjs: what the built files do not depend on.
APART = {"node_modules", "tests", "README.md"}


def sources() -> dict[str, str]:
    """Every source by its path, with its hash."""
    paths = (p for p in SOURCE.rglob("*") if p.is_file() and p.relative_to(SOURCE).parts[0] not in APART)
    return {p.relative_to(SOURCE).as_posix(): sha256(p.read_bytes()).hexdigest() for p in paths}


def test_the_built_page_is_that_of_the_sources() -> None:
    built = json.loads((STATIC / "built-from.json").read_text("utf-8"))["sources"]
    now = sources()
    changed = sorted(name for name in built.keys() | now.keys() if built.get(name) != now.get(name))
    assert not changed, f"run `make web` and commit starter/web/static: {', '.join(changed)}"


def test_the_page_loads_nothing_but_files_that_were_built() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    loaded = re.findall(r'(?:src|href)="([^"]*)"', page)
    assert loaded
    for address in loaded:
        assert address.startswith("/assets/")
        assert (STATIC / address.removeprefix("/")).is_file()


def test_the_page_has_no_script_and_no_style_in_its_markup() -> None:
    page = (STATIC / "index.html").read_text("utf-8")
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=", page) == []


@pytest.mark.parametrize("way", ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("])
def test_no_source_makes_markup_of_text(way: str) -> None:
    using = [p.name for p in (SOURCE / "src").rglob("*.ts*") if way in p.read_text("utf-8")]
    assert using == []


def test_the_lock_names_no_registry() -> None:
    assert "resolved" not in (SOURCE / "package-lock.json").read_text("utf-8")
