"""How special tools are found, and how their rows become columns."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from types import ModuleType
from typing import Literal

import polars as pl
import pytest

from holdfast.errors import ToolRefused
from holdfast.special.registry import tool_called, tools_in
from holdfast.special.rows import frame_of
from holdfast.special.tool import Row, cypher_text

NOW = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)

TOOL = """
from holdfast.special.tool import Parameters, Row, SpecialTool
async def run(parameters, context): return []
TOOL = SpecialTool("{name}", "Nothing.", Parameters, Row, run)
"""


class Colour(StrEnum):
    RED = "red"


class EveryKind(Row):
    text: str
    choice: Literal["a", "b"]
    colour: Colour
    whole: int | None
    number: float | None
    flag: bool
    moment: datetime | None
    words: tuple[str, ...] | None


class Mapped(Row):
    record: dict[str, str]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.syspath_prepend(str(tmp_path))
    package = tmp_path / "some_tools"
    package.mkdir()
    (package / "__init__.py").write_text("")
    yield package
    for name in [name for name in sys.modules if name.startswith("some_tools")]:
        del sys.modules[name]


def package_of(folder: Path) -> ModuleType:
    return importlib.import_module(folder.name)


def test_every_module_that_defines_a_tool_is_found_and_no_other(folder: Path) -> None:
    (folder / "first.py").write_text(TOOL.format(name="one"))
    (folder / "second.py").write_text(TOOL.format(name="two"))
    (folder / "words.py").write_text("WORDS = 3")
    assert sorted(tools_in(package_of(folder))) == ["one", "two"]


def test_two_tools_of_one_name_are_a_defect(folder: Path) -> None:
    (folder / "first.py").write_text(TOOL.format(name="one"))
    (folder / "second.py").write_text(TOOL.format(name="one"))
    with pytest.raises(ValueError, match="two special tools are called one"):
        tools_in(package_of(folder))


def test_an_unknown_tool_is_refused_with_those_there_are() -> None:
    with pytest.raises(ToolRefused, match=r"no special tool x; there are .*user_app_access\(user, application\)"):
        tool_called("x")


def test_rows_become_columns_of_their_types_also_where_there_is_none() -> None:
    row = EveryKind(
        text="x", choice="a", colour=Colour.RED, whole=None, number=1.5, flag=True, moment=NOW, words=("a", "b")
    )
    frame = frame_of([row], EveryKind)
    naive = datetime(2026, 11, 20, 15, 30, tzinfo=UTC).replace(tzinfo=None)
    assert frame.rows() == [("x", "a", "red", None, 1.5, True, naive, ["a", "b"])]
    assert frame_of([], EveryKind).schema == frame.schema
    assert frame.schema["whole"] == pl.Int64
    assert frame.schema["moment"] == pl.Datetime("us")
    assert frame.schema["words"] == pl.List(pl.String)


def test_a_field_that_no_column_can_hold_is_a_defect() -> None:
    with pytest.raises(TypeError, match="cannot hold"):
        frame_of([], Mapped)


@pytest.mark.parametrize(("value", "text"), [("a", "'a'"), ("O'Brien", r"'O\'Brien'"), ("\\", r"'\\'")])
def test_a_value_stands_in_a_query_as_a_text_that_nothing_in_it_ends(value: str, text: str) -> None:
    assert cypher_text(value) == text
