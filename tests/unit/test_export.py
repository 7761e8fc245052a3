from __future__ import annotations

import csv
import json
import os
import re
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast import atomic_files, xlsx
from holdfast.answer import Header
from holdfast.errors import ExportRefused, StorageFull
from holdfast.export import FORMATS, content, export

HEADERS = (
    Header(text="Login", value="login"),
    Header(text="=Logins", value="logins"),
    Header(text="Last login (UTC)", value="last_login"),
    Header(text="Groups", value="groups"),
    Header(text="Active", value="active"),
)
ROWS = pl.DataFrame(
    {
        "user_id": ["u1", "u2", "u3"],
        "login": ['zoë "z", 🙂', "two\r\nlines", None],
        "logins": [-5, 2**60, None],
        "last_login": [datetime(2026, 1, 2, 3, 4, 5), datetime(1850, 1, 1), None],  # noqa: DTZ001
        "groups": [["b", "a"], [], None],
        "active": [True, False, None],
    }
)


def headers_of(rows: pl.DataFrame) -> tuple[Header, ...]:
    return tuple(Header(text=name, value=name) for name in rows.columns)


def read_csv(file: Path) -> list[list[str]]:
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.reader(text))


def read_xlsx(file: Path) -> list[dict[str, str]]:
    """Cells by column letter, row by row; a formula would be told apart."""
    space = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    with zipfile.ZipFile(file) as parts:
        sheet = ElementTree.fromstring(parts.read("xl/worksheets/sheet1.xml"))
    rows = []
    for row in sheet.iter(f"{space}row"):
        cells: dict[str, str] = {}
        for cell in row.iter(f"{space}c"):
            assert cell.find(f"{space}f") is None
            text = "".join(t.text or "" for t in cell.iter(f"{space}t"))
            value = cell.find(f"{space}v")
            kind = {"b": "bool:", None: "number:"}.get(cell.get("t"), "")
            cells[re.sub(r"\d", "", cell.attrib["r"])] = f"{kind}{value.text}" if value is not None else text
        rows.append(cells)
    return rows


def test_csv_has_headings_and_keeps_text_numbers_and_times(tmp_path: Path) -> None:
    export(ROWS, HEADERS, "csv", tmp_path / "answer.csv")
    assert read_csv(tmp_path / "answer.csv") == [
        ["Login", "'=Logins", "Last login (UTC)", "Groups", "Active"],
        ['zoë "z", 🙂', "-5", "2026-01-02T03:04:05Z", "b, a", "true"],
        ["two\r\nlines", str(2**60), "1850-01-01T00:00:00Z", "", "false"],
        ["", "", "", "", ""],
    ]


def test_xlsx_has_typed_cells_and_text_where_excel_would_lose_something(tmp_path: Path) -> None:
    export(ROWS, HEADERS, "xlsx", tmp_path / "answer.xlsx")
    headings, first, second, *rest = read_xlsx(tmp_path / "answer.xlsx")
    assert headings == {"A": "Login", "B": "'=Logins", "C": "Last login (UTC)", "D": "Groups", "E": "Active"}
    assert first["B"] == "number:-5"
    assert float(first["C"].removeprefix("number:")) == pytest.approx(46024.12783564815)
    assert (first["A"], first["D"], first["E"]) == ('zoë "z", 🙂', "b, a", "bool:1")
    assert second["B"] == str(2**60)
    assert second["C"] == "1850-01-01T00:00:00"
    assert second["A"].replace("_x000D_", "\r").replace("\n\n", "\n") in {"two\r\nlines", "two\nlines"}
    assert all(not row for row in rest)


def test_json_is_an_array_of_records_as_content_gives_them(tmp_path: Path) -> None:
    export(ROWS, HEADERS, "json", tmp_path / "answer.json")
    records = json.loads((tmp_path / "answer.json").read_text(encoding="utf-8"))
    assert records == content(ROWS, HEADERS)
    assert records[0] == {
        "login": 'zoë "z", 🙂',
        "logins": -5,
        "last_login": "2026-01-02T03:04:05Z",
        "groups": ["b", "a"],
        "active": True,
    }


def test_parquet_keeps_types_and_only_what_is_shown(tmp_path: Path) -> None:
    export(ROWS.lazy(), HEADERS, "parquet", tmp_path / "answer.parquet")
    assert pl.read_parquet(tmp_path / "answer.parquet").equals(ROWS.drop("user_id"))


@pytest.mark.parametrize("file_format", FORMATS)
def test_no_rows_make_a_readable_file(tmp_path: Path, file_format: str) -> None:
    file = tmp_path / f"answer.{file_format}"
    export(ROWS.head(0), HEADERS, file_format, file)
    match file_format:
        case "csv":
            assert len(read_csv(file)) == 1
        case "xlsx":
            assert len(read_xlsx(file)) == 1
        case "json":
            assert json.loads(file.read_text()) == []
        case _:
            assert pl.read_parquet(file).height == 0


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝"])
def test_text_that_a_spreadsheet_would_run_is_made_harmless(tmp_path: Path, file_format: str, sign: str) -> None:
    hostile = f"{sign}cmd|' /C calc'!A0"
    rows = pl.DataFrame({"text": [hostile, f"a{sign}b"], "list": [[hostile], ["a"]], "number": [-1, 1]})
    file = tmp_path / "answer"
    export(rows, headers_of(rows), file_format, file)
    if file_format == "csv":
        assert read_csv(file)[1:] == [[f"'{hostile}", f"'{hostile}", "-1"], [f"a{sign}b", "a", "1"]]
    else:
        first, _ = read_xlsx(file)[1:]
        assert first["A"].startswith("'")
        assert first["B"].startswith("'")
        assert first["C"] == "number:-1"


@settings(deadline=None, max_examples=60)
@given(cells=st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=5))
def test_any_text_survives_csv_and_json(tmp_path_factory: pytest.TempPathFactory, cells: list[str | None]) -> None:
    folder = tmp_path_factory.mktemp("any")
    rows = pl.DataFrame({"n": range(len(cells)), "text": cells}, schema={"n": pl.Int64, "text": pl.String})
    for file_format in ("csv", "json", "xlsx"):
        export(rows, headers_of(rows), file_format, folder / f"a.{file_format}")
    assert json.loads((folder / "a.json").read_text()) == [{"n": n, "text": cell} for n, cell in enumerate(cells)]
    harmless = [f"'{c}" if c and c[0] in "=+-@\t\r\n＝＋－＠" else c or "" for c in cells]
    assert [line[1] for line in read_csv(folder / "a.csv")[1:]] == harmless
    assert len(read_xlsx(folder / "a.xlsx")) == len(cells) + 1


def test_an_unknown_format_names_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(ExportRefused, match=r"no export to 'pdf'\. Choose one of csv, parquet, xlsx, json"):
        export(ROWS, HEADERS, "pdf", tmp_path / "answer.pdf")


def test_a_folder_that_is_not_there_or_a_file_that_is_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ExportRefused, match=r"There is no folder .*nowhere\. Make it, or choose another"):
        export(ROWS, HEADERS, "csv", tmp_path / "nowhere" / "answer.csv")
    with pytest.raises(ExportRefused, match="is a folder. Name a file in it"):  # noqa: RUF043
        export(ROWS, HEADERS, "csv", tmp_path)


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_full_disk_leaves_the_file_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file_format: str
) -> None:
    file = tmp_path / "answer"
    file.write_text("as it was")

    class Name:
        hex = "full"

    monkeypatch.setattr(atomic_files, "uuid4", Name)
    (tmp_path / ".answer.full.part").symlink_to("/dev/full")
    # Small writes may stay in a buffer until the file is closed; that must be told too.
    with pytest.raises(StorageFull, match="no space left for answer in"):
        export(pl.concat([ROWS] * 100), HEADERS, file_format, file)
    assert file.read_text() == "as it was"
    assert [p.name for p in tmp_path.iterdir()] == ["answer"]


def test_limits_of_a_sheet_are_named_before_a_file_is_written(tmp_path: Path) -> None:
    file = tmp_path / "answer.xlsx"
    many = pl.DataFrame({"n": pl.int_range(xlsx.MAX_ROWS, eager=True)})
    with pytest.raises(ExportRefused, match=r"holds 1,048,575 rows below its headings, the answer has 1,048,576"):
        export(many, headers_of(many), "xlsx", file)
    wide = pl.DataFrame({f"c{n}": [n] for n in range(xlsx.MAX_COLUMNS + 1)})
    with pytest.raises(ExportRefused, match=r"holds 16,384 columns, the answer has 16,385"):
        export(wide, headers_of(wide), "xlsx", file)
    long = pl.DataFrame({"text": ["a", "🙂" * 16_383, "🙂" * 16_384]})
    with pytest.raises(ExportRefused, match=r"holds 32,767 characters; 'text' in row 3 has 32,768"):
        export(long, headers_of(long), "xlsx", file)
    assert list(tmp_path.iterdir()) == []


def test_a_cell_of_just_the_limit_is_written_whole(tmp_path: Path) -> None:
    rows = pl.DataFrame({"text": ["🙂" * 16_383, "é" * 32_767]})
    export(rows, headers_of(rows), "xlsx", tmp_path / "answer.xlsx")
    assert [row["A"] for row in read_xlsx(tmp_path / "answer.xlsx")[1:]] == rows["text"].to_list()


@pytest.mark.parametrize("file_format", FORMATS)
def test_hostile_column_names_are_exported_as_names(tmp_path: Path, file_format: str) -> None:
    rows = pl.DataFrame({"^.*$": [1], "*": [2], "": [3], "a": ["x"], "b": ["y"]})
    headers = (*headers_of(rows)[:3], Header(text="b", value="a"), Header(text="a", value="b"))
    export(rows, headers, file_format, tmp_path / "answer")
    if file_format == "csv":
        assert read_csv(tmp_path / "answer") == [["^.*$", "*", "", "b", "a"], ["1", "2", "3", "x", "y"]]
    assert content(rows, headers) == [{"^.*$": 1, "*": 2, "": 3, "a": "x", "b": "y"}]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ([1, 2], "1, 2"),
        ([datetime(2026, 1, 2, tzinfo=UTC)], "2026-01-02 00:00"),
        ([True, False], "yes, no"),
        ({"a": 1, "b": None}, '{"a":1,"b":null}'),
        ([{"a": 1}, {"a": 2}], '[{"a":1},{"a":2}]'),
        ([["x"], []], '[["x"],[]]'),
        (float("nan"), ""),
        (0.5, "0.5"),
    ],
)
def test_every_kind_of_cell_can_be_exported(tmp_path: Path, cell: Any, text: str) -> None:
    rows = pl.DataFrame({"n": [1, 2], "cell": [cell, None]})
    for file_format in FORMATS:
        export(rows, headers_of(rows), file_format, tmp_path / file_format)
    assert read_csv(tmp_path / "csv")[1:] == [["1", text], ["2", ""]]


def test_a_link_keeps_leading_to_the_file_and_a_pipe_stays_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    link, file, pipe = tmp_path / "link.csv", tmp_path / "there" / "answer.csv", tmp_path / "pipe"
    link.symlink_to(file)
    export(ROWS, HEADERS, "csv", link)
    assert link.is_symlink()
    os.mkfifo(pipe)
    with ThreadPoolExecutor() as reader:
        read = reader.submit(pipe.read_bytes)
        export(ROWS, HEADERS, "csv", pipe)
        assert read.result(timeout=5) == file.read_bytes()
    assert pipe.is_fifo()


def test_a_full_device_is_told_and_not_replaced(tmp_path: Path) -> None:
    device = tmp_path / "full.csv"
    device.symlink_to("/dev/full")
    with pytest.raises(StorageFull, match=r"no space left in .*full\.csv"):
        export(ROWS, HEADERS, "csv", device)
    assert device.is_char_device()
