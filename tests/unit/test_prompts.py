"""Prompts are found by their newest version and never change once they are locked."""

from __future__ import annotations

from pathlib import Path

import pytest

from holdfast.errors import SettingsError
from holdfast.prompts import PROMPTS, PromptLibrary, lock, locked, written


def prompt_files(root: Path, **texts: str) -> Path:
    for name, text in texts.items():
        agent, _, version = name.rpartition("_")
        (root / agent).mkdir(exist_ok=True)
        (root / agent / f"{version}.md").write_text(text, encoding="utf-8")
    return root


def test_every_prompt_of_the_checkout_stands_in_the_lock_as_it_is() -> None:
    assert locked(PROMPTS) == written(PROMPTS), "new: python -m holdfast.prompts; an edit is a new version"


def test_the_newest_version_is_the_one_with_the_greatest_number(tmp_path: Path) -> None:
    root = prompt_files(tmp_path, planner_v2="second", planner_v10="tenth", planner_v9="ninth", other_v11="x")
    prompt = PromptLibrary(root).prompt("planner")
    assert (prompt.name, prompt.version, prompt.text) == ("planner/v10", 10, "tenth")


def test_what_is_not_named_like_a_version_is_no_prompt(tmp_path: Path) -> None:
    root = prompt_files(tmp_path, planner_v1="first", planner_v2draft="no")
    assert PromptLibrary(root).prompt("planner").name == "planner/v1"


def test_a_prompt_that_is_not_there_is_named_with_where_it_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"planner/v1\.md.*checkout"):
        PromptLibrary(tmp_path).prompt("planner")


def test_locking_adds_what_is_new_and_keeps_what_was_there(tmp_path: Path) -> None:
    root = prompt_files(tmp_path, planner_v1="first")
    assert lock(root) == ["planner/v1.md"]
    before = locked(root)
    prompt_files(root, planner_v2="second")
    assert lock(root) == ["planner/v2.md"]
    assert locked(root).items() > before.items()
    assert lock(root) == []


@pytest.mark.parametrize("edit", ["change", "removal"])
def test_a_locked_prompt_can_neither_be_changed_nor_removed(tmp_path: Path, edit: str) -> None:
    root = prompt_files(tmp_path, planner_v1="first")
    lock(root)
    before = (root / "LOCK").read_bytes()
    file = root / "planner" / "v1.md"
    if edit == "change":
        file.write_text("first, but better", encoding="utf-8")
    else:
        file.unlink()
    with pytest.raises(SettingsError, match=r"planner/v1\.md.*new version"):
        lock(root)
    assert (root / "LOCK").read_bytes() == before
