"""Rows and exports over HTTP, of questions on the real server whose rows stand in real artifacts."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import httpx
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from temporalio import activity
from temporalio.client import Client
from temporalio.worker import Worker

from holdfast.answer import FormattedAnswer, Header
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import TASK_QUEUE, FormatRequest
from holdfast.export import export as export_file
from holdfast.settings import load_settings
from starter import questions
from starter.connection import Connection
from starter.gateway.routes import exports
from starter.gateway.routes.exports import disposition
from tests.gateways import CALLER, NamedCallers, serving
from tests.workflows.fakes import NO_EFFORT, ScriptedActivities, planned, step
from workflows.query import QueryWorkflow

ROWS = 2_500
FRAME = pl.DataFrame({"number": range(ROWS)}).with_columns(
    name=pl.format("{} {}", pl.Series(["=Zoë", "bob", "Ada"]).gather(pl.int_range(ROWS, eager=True) % 3), "number"),
    seen=pl.lit(datetime(2026, 1, 1)) + pl.duration(minutes="number"),  # noqa: DTZ001
    groups=pl.concat_list(pl.lit("Team"), pl.format("Group {}", pl.col("number") % 7)),
    big=pl.lit(2**60) + pl.col("number"),
)
HEADERS = (
    Header(text="Name", value="name"),
    Header(text="=Seen", value="seen"),
    Header(text="Groups", value="groups"),
    Header(text="Big", value="big"),
    Header(text="Number", value="number"),
)


class KeepingActivities(ScriptedActivities):
    """They write the rows that they tell of."""

    def __init__(self, folder: Path) -> None:
        super().__init__(planned(step("people")))
        self.store = ArtifactStore(folder / "artifacts")

    def all(self) -> list[Callable[..., Any]]:
        return [self.plan_question, self.run_cypher_step, self.format_kept, *self.programs.all()]

    @activity.defn(name="format_answer")
    async def format_kept(self, request: FormatRequest) -> FormattedAnswer:
        in_words = request.question.startswith("In words")
        return FormattedAnswer(
            display_type="markdown" if in_words else "table",
            headers=() if in_words else HEADERS,
            rows=None if in_words else self.store.write(f"{request.correlation_id}/answer", FRAME),
            summary="rows",
            total_items=ROWS,
            processing_method="script",
            effort=NO_EFFORT,
        )


@pytest.fixture(scope="module")
def access() -> NamedCallers:
    return NamedCallers()


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> KeepingActivities:
    return KeepingActivities(tmp_path_factory.mktemp("rows"))


@pytest.fixture(scope="module")
async def connection(
    temporal_client: Client, script: KeepingActivities, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Connection]:
    connection = Connection(temporal_client, load_settings(data_dir=tmp_path_factory.mktemp("data")), None)
    async with Worker(temporal_client, task_queue=TASK_QUEUE, workflows=[QueryWorkflow], activities=script.all()):
        yield connection


@pytest.fixture(scope="module")
async def client(
    connection: Connection, script: KeepingActivities, access: NamedCallers
) -> AsyncIterator[httpx.AsyncClient]:
    async with serving(connection, script.store._root, access) as client:
        yield client


@pytest.fixture(scope="module")
async def asked(connection: Connection) -> str:
    return await answered(connection, "Who is locked out?")


async def answered(connection: Connection, text: str) -> str:
    question, _ = await questions.start(connection, text, asker="ada")
    await questions.answer_of(connection, question.id)
    return question.id


async def page(client: httpx.AsyncClient, question_id: str, **query: Any) -> dict[str, Any]:
    response = await client.get(f"/api/questions/{question_id}/rows", params=query)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


async def test_a_page_has_the_shown_columns_in_their_order(client: httpx.AsyncClient, asked: str) -> None:
    found = await page(client, asked, offset=3, limit=2)
    assert [each["name"] for each in found["columns"]] == ["name", "seen", "groups", "big", "number"]
    assert [each["text"] for each in found["columns"]] == ["Name", "=Seen", "Groups", "Big", "Number"]
    assert [each["kind"] for each in found["columns"]] == ["text", "moment", "list", "big-integer", "integer"]
    assert (found["total"], found["matching"], found["offset"]) == (ROWS, ROWS, 3)
    assert found["rows"][0] == ["=Zoë 3", "2026-01-01T00:03:00Z", ["Team", "Group 3"], str(2**60 + 3), 3]
    assert len(found["rows"]) == 2


async def test_sort_filter_and_search_work_together(client: httpx.AsyncClient, asked: str) -> None:
    found = await page(client, asked, sort="-number", filter=["number:ge:100", "name:starts:ADA"], search="group 5")
    expected = [n for n in range(ROWS) if n >= 100 and n % 3 == 2 and n % 7 == 5][::-1]
    assert found["matching"] == len(expected)
    assert [row[4] for row in found["rows"]] == expected[:100]


async def test_arrow_and_json_carry_the_same_rows(client: httpx.AsyncClient, asked: str) -> None:
    query: dict[str, Any] = {"sort": "name,-big", "search": "bob", "offset": 10, "limit": 500}
    response = await client.get(f"/api/questions/{asked}/rows", params={**query, "format": "arrow"})
    frame = pl.read_ipc_stream(response.content)
    found = await page(client, asked, **query)
    assert response.headers["content-type"] == "application/vnd.apache.arrow.stream"
    assert [int(response.headers[f"X-{name}"]) for name in ("Total-Rows", "Matching-Rows", "Offset")] == [
        found["total"],
        found["matching"],
        10,
    ]
    texts = [[row[0], row[2], int(row[3]), row[4]] for row in found["rows"]]
    assert frame.select("name", "groups", "big", "number").rows() == [tuple(row) for row in texts]
    assert [f"{seen.isoformat()}Z" for seen in frame["seen"]] == [row[1] for row in found["rows"]]


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"limit": 5_001}, 422, "5000"),
        ({"offset": -1}, 422, "offset"),
        ({"sort": "nobody"}, 422, "no column 'nobody'"),
        ({"filter": "number:ge:many"}, 422, "'number'"),
        ({"search": "x" * 201}, 422, "200"),
        ({"limit": 1, "order": "name"}, 422, "order"),
        ({"step": "nothing"}, 404, "Steps with rows: people"),
    ],
)
async def test_a_wrong_wish_is_told_what_is_wrong(
    client: httpx.AsyncClient, asked: str, query: dict[str, Any], status: int, said: str
) -> None:
    response = await client.get(f"/api/questions/{asked}/rows", params=query)
    assert response.status_code == status
    assert said in response.json()["detail"]


@pytest.mark.parametrize(
    "query",
    [
        {"filter": ["number:ge:1"] * 21},
        {"filter": ["number:ge:1"] * 2_000},
        {"filter": "number:in:[" + "[" * 5_000},
        {"filter": "number:eq:" + "9" * 5_000},
        {"filter": "number:eq:" + "9" * 60},
        {"filter": "number:eq:NaN"},
        {"filter": "number:eq:١e١"},
        {"filter": "seen:ge:0001-01-01T00:00:00+23:59"},
        {"filter": "seen:ge:9999-12-31T23:59:59-23:59"},
        {"filter": "big:eq:1e400"},
        {"filter": "nobody:eq:1"},
        {"filter": "name:matches:.*"},
        {"filter": ":eq:1"},
        {"filter": "\0"},
        {"sort": ["name"] * 9},
        {"sort": "," * 900},
        {"sort": "-"},
        {"limit": 10**30},
        {"offset": 10**30},
        {"offset": "NaN"},
        {"limit": "1e3"},
        {"format": "xml"},
        {"step": "../people"},
        {"step": "people\0"},
    ],
)
async def test_a_wish_that_means_harm_is_refused(client: httpx.AsyncClient, asked: str, query: dict[str, Any]) -> None:
    for path in ("rows", "export"):
        told = {"format": "csv", **query} if path == "export" else query
        response = await client.get(f"/api/questions/{asked}/{path}", params=told)
        assert response.status_code in {404, 422}, response.text
        assert len(response.content) < 20_000
        assert str(ROWS) not in response.text


@pytest.mark.parametrize(
    "text", ["(a+)+$", ".*", "\\E.*\\Q", "[", "(?i)", "\\", "%", "_", "{", "$", "^", "'; --", "\0", "a|b", "\ud7ff"]
)
async def test_what_is_looked_for_is_a_text_and_no_pattern(client: httpx.AsyncClient, asked: str, text: str) -> None:
    queries = ({"search": text}, {"filter": f"name:contains:{text}"}, {"filter": f"name:starts:{text}"})
    assert [(await page(client, asked, **query))["matching"] for query in queries] == [0, 0, 0]


async def test_rows_beyond_the_end_are_none(client: httpx.AsyncClient, asked: str) -> None:
    for query in ({}, {"sort": "name"}, {"filter": "number:is-null"}):
        assert (await page(client, asked, offset=10**9, **query))["rows"] == []


async def test_one_view_is_recorded_once_and_every_export_each_time(
    client: httpx.AsyncClient, connection: Connection, access: NamedCallers
) -> None:
    question_id = await answered(connection, "Who is new?")
    for offset in (0, 100, 200):
        await page(client, question_id, search="bob", offset=offset)
    await page(client, question_id, sort="name")
    await client.get(f"/api/questions/{question_id}/export", params={"format": "csv", "search": "bob"})
    assert [each for each in access.recorded if each[2] == question_id] == [
        ("ada", "see-rows", question_id, {"search": "bob"}),
        ("ada", "see-rows", question_id, {"sort": ("name",)}),
        ("ada", "export", question_id, {"format": "csv", "rows": 833, "search": "bob"}),
    ]


async def test_strangers_see_and_export_nothing_and_a_reviewer_exports_nothing(
    client: httpx.AsyncClient, asked: str, access: NamedCallers
) -> None:
    access.shared.add((asked, "rhea"))
    statuses = {
        (who, what): (
            await client.get(f"/api/questions/{asked}/{what}", params={"format": "json"}, headers={CALLER: who})
        ).status_code
        for who in ("bob", "rhea", "nobody", "admin")
        for what in ("rows", "export")
    }
    assert statuses == {
        ("bob", "rows"): 404,
        ("bob", "export"): 404,
        ("rhea", "rows"): 200,
        ("rhea", "export"): 403,
        ("nobody", "rows"): 401,
        ("nobody", "export"): 401,
        ("admin", "rows"): 200,
        ("admin", "export"): 200,
    }


def sheet(file: Path | io.BytesIO) -> bytes:
    with zipfile.ZipFile(file) as parts:
        text: bytes = parts.read("xl/worksheets/sheet1.xml")
        return text


@pytest.mark.parametrize("file_format", ["csv", "json", "parquet", "xlsx"])
@pytest.mark.parametrize("query", [{}, {"sort": "-name"}, {"search": "bob", "sort": "seen"}, {"search": "nowhere"}])
async def test_an_export_is_what_the_command_line_writes(
    client: httpx.AsyncClient, asked: str, tmp_path: Path, file_format: str, query: dict[str, str]
) -> None:
    response = await client.get(f"/api/questions/{asked}/export", params={"format": file_format, **query})
    assert response.status_code == 200, response.text
    rows = FRAME
    if "search" in query:
        rows = rows.filter(pl.col("name").str.contains(query["search"]))
    if query.get("sort") == "-name":
        rows = rows.sort(pl.col("name").str.to_lowercase(), descending=True)
    expected = tmp_path / f"expected.{file_format}"
    export_file(rows, HEADERS, file_format, expected)
    if file_format == "parquet":
        assert pl.read_parquet(response.content).equals(pl.read_parquet(expected))
    elif file_format == "xlsx":
        assert sheet(io.BytesIO(response.content)) == sheet(expected)
    else:
        assert response.content == expected.read_bytes()


async def test_a_csv_export_runs_no_formula_and_names_its_file(client: httpx.AsyncClient, asked: str) -> None:
    response = await client.get(f"/api/questions/{asked}/export", params={"format": "csv"})
    heading, first, *_ = csv.reader(io.StringIO(response.text))
    assert heading[1] == "'=Seen"
    assert first[0] == "'=Zoë 0"
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert f'filename="Who-is-locked-out-{asked.replace(".", "-")}.csv"' in response.headers["content-disposition"]


async def test_an_export_that_breaks_in_the_middle_does_not_look_whole(
    client: httpx.AsyncClient, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pieces = [b"first\n"]
    # The second piece is not there: an error that nobody foresaw.
    monkeypatch.setattr(exports, "csv_lines", lambda _: pieces.pop())
    with pytest.raises(httpx.RemoteProtocolError):
        await client.get(f"/api/questions/{asked}/export", params={"format": "csv"})


async def test_rows_of_a_step_have_all_its_columns(
    client: httpx.AsyncClient, asked: str, script: KeepingActivities
) -> None:
    script.store.write(f"{asked}/people", pl.DataFrame({"id": ["x"]}))
    found = await page(client, asked, step="people")
    assert (found["columns"], found["rows"]) == ([{"name": "id", "text": "id", "kind": "text"}], [["x"]])


async def test_rows_that_were_removed_are_gone(
    client: httpx.AsyncClient, connection: Connection, script: KeepingActivities
) -> None:
    question_id = await answered(connection, "Who left?")
    await page(client, question_id, sort="name")
    (script.store._root / question_id / "answer.parquet").unlink()
    for what in ("rows", "export"):
        response = await client.get(f"/api/questions/{question_id}/{what}", params={"format": "json"})
        assert response.status_code == 410
        assert "Ask the question again" in response.json()["detail"]


async def test_an_answer_in_words_has_no_rows(client: httpx.AsyncClient, connection: Connection) -> None:
    response = await client.get(f"/api/questions/{await answered(connection, 'In words?')}/rows")
    assert response.status_code == 404
    assert "in words" in response.json()["detail"]


async def test_a_sheet_that_excel_cannot_hold_is_refused_before_the_first_byte(
    client: httpx.AsyncClient, asked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("holdfast.xlsx.MAX_ROWS", 1_000)
    response = await client.get(f"/api/questions/{asked}/export", params={"format": "xlsx"})
    assert response.status_code == 422
    assert "Export csv" in response.json()["detail"]


@given(title=st.text())
def test_a_file_name_is_no_path_and_no_header(title: str) -> None:
    header = disposition(title, "csv")
    _, plain, starred = header.split("; ")
    assert header.isascii()
    assert plain.removeprefix('filename="').removesuffix('.csv"').replace("-", "").isalnum()
    assert unquote(starred.removeprefix("filename*=UTF-8''")).removesuffix(".csv").replace("-", "").isalnum()
