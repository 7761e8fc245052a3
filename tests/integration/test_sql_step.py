"""SQL steps end to end: rules compile what is asked, the rows of earlier steps answer it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from pydantic import JsonValue

from holdfast.answer import Generated, SnapshotRef, StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import EarlierStep, StepRequest
from holdfast.cypher_writer import RefusedQuery
from holdfast.disposable.owner import QueryLimits
from holdfast.errors import ArtifactMissing, PlanRejected, QueryFailed, QueryRefused
from holdfast.offline.sql import OfflineSqlWriter
from holdfast.plan import ApiStep, SqlStep
from holdfast.settings import ModelSettings
from holdfast.spending import Ledger
from holdfast.sql.engine import SqlEngine
from holdfast.sql_step import SqlStepRunner
from tests.sql_tables import MOMENT

PEOPLE = pl.DataFrame(
    {
        "user_id": ["u1", "u2", "u3", "u4"],
        "login": ["ann", "bob", "cid", "dan"],
        "department": ["Finance", "Sales", "Finance", None],
        "factors": [["push", "sms"], ["push"], [], None],
        "last_login": [MOMENT, MOMENT - timedelta(days=9), None, MOMENT],
        "unread": [None, None, None, "403: not allowed"],
    }
)
EVENTS = pl.DataFrame(
    {
        "event": ["e1", "e2", "e3", "e4"],
        "user_id": ["u1", "u1", "u2", None],
        "application": ["Payroll", "Wiki", "Payroll", "Wiki"],
        "published": ["2026-11-20T10:00:00.000Z", "2026-11-19T10:00:00.000Z", None, "not a moment"],
        "outcome": ["FAILURE", "SUCCESS", "failure", "SUCCESS"],
        "risk": [3, 1, 2, None],
    }
)


class Desk:
    """A question whose earlier steps `people` and `live-events` found the rows above."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.artifacts = ArtifactStore(root)
        self.engine = SqlEngine(QueryLimits(timedelta(seconds=60), 1 << 30, 1_000), 2)
        self.earlier = tuple(self._step(*each) for each in (("people", PEOPLE), ("live-events", EVENTS)))

    def _step(self, name: str, frame: pl.DataFrame) -> EarlierStep:
        return EarlierStep(
            step=ApiStep(id=name, entity="user", operation="list", query_context="Rows."),
            generated=Generated(language="python", text="result = []", author="offline"),
            rows=self.artifacts.write(f"q/{name}", frame),
            samples=(),
        )

    def request(self, parameters: dict[str, JsonValue], depends_on: tuple[str, ...] | None = None) -> StepRequest:
        return StepRequest(
            correlation_id="q",
            question="Who?",
            snapshot=SnapshotRef(id="s", synced_at=MOMENT),
            step=SqlStep(
                id="sql",
                entity="user",
                operation="count",
                query_context="What is asked.",
                parameters=parameters,
                depends_on=("people", "live-events") if depends_on is None else depends_on,
            ),
            earlier=self.earlier,
        )

    async def run(self, meaning: dict[str, JsonValue]) -> StepResult:
        runner = SqlStepRunner(OfflineSqlWriter(), self.engine, self.artifacts)
        return await runner.run(self.request({"meaning": meaning, "columns": []}), ledger())

    async def rows(self, **meaning: Any) -> list[dict[str, Any]]:
        result = await self.run({"step": "people", **meaning})
        return self.artifacts.scan(result.rows).collect().to_dicts()


def ledger() -> Ledger:
    return Ledger.under(ModelSettings())


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


LOGIN: dict[str, Any] = {"columns": ["login"]}
COUNT: dict[str, Any] = {"measures": [{"name": "n", "figure": "count"}]}


def match(way: str, *take: str) -> dict[str, Any]:
    taken = [{"column": column, "name": column} for column in take]
    return {"step": "live-events", "ours": "user_id", "theirs": "user_id", "way": way, "take": taken}


def logins(rows: list[dict[str, Any]]) -> list[str]:
    return [row["login"] for row in rows]


async def test_rows_that_have_none_in_another_step(desk: Desk) -> None:
    assert logins(await desk.rows(**LOGIN, matches=[match("without")])) == ["cid", "dan"]
    assert logins(await desk.rows(**LOGIN, matches=[match("with")])) == ["ann", "bob"]


async def test_a_row_that_names_nobody_is_not_told_to_have_none(desk: Desk) -> None:
    back = {"step": "people", "ours": "user_id", "theirs": "user_id", "way": "without"}
    assert await desk.rows(step="live-events", columns=["event"], matches=[back]) == []


async def test_columns_of_another_step_beside_each_row(desk: Desk) -> None:
    rows = await desk.rows(columns=["login", "application"], matches=[match("beside", "application")])
    assert [(row["login"], row["application"]) for row in rows] == [
        ("ann", "Payroll"), ("ann", "Wiki"), ("bob", "Payroll"), ("cid", None), ("dan", None),
    ]  # fmt: skip
    only = await desk.rows(columns=["login", "application"], matches=[match("only", "application")])
    assert len(only) == 3


async def test_rows_whose_live_part_is_unknown_are_kept_and_marked(desk: Desk) -> None:
    rows = await desk.rows(**LOGIN, unsure=["unread"], filters=[{"column": "factors", "test": "empty"}])
    assert rows == [{"login": "cid", "fits": "yes"}, {"login": "dan", "fits": "unknown"}]
    counted = await desk.rows(**COUNT, unsure=["unread"], filters=[{"column": "factors", "test": "empty"}])
    assert counted == [{"n": 1, "unknown_count": 1}]


async def test_who_is_named_and_not_there_is_unknown_and_not_without_a_value(desk: Desk) -> None:
    beside = match("beside", "application") | {"doubted": True}
    rows = await desk.rows(**COUNT, by=["application"], matches=[beside], unsure=["unread"])
    assert {row["application"]: (row["n"], row["unknown_count"]) for row in rows} == {
        "Payroll": (2, 0), "Wiki": (1, 0), None: (0, 2),
    }  # fmt: skip


async def test_a_share_is_of_those_of_whom_it_is_known(desk: Desk) -> None:
    wiki = {"column": "application", "value": "Wiki"}
    measures = [
        {"name": "part", "figure": "count_of", **wiki},
        {"name": "share", "figure": "share_of", "unknown": "none of these", **wiki},
        {"name": "of_success", "figure": "share_of", "column": "outcome", "value": "SUCCESS", "unknown": "FAILURE"},
    ]
    (row,) = await desk.rows(step="live-events", measures=measures)
    assert (row["part"], row["share"], row["of_success"]) == (2, 50.0, pytest.approx(200 / 3))
    (none,) = await desk.rows(
        step="live-events",
        measures=[{"name": "share", "figure": "share_of", "unknown": "Wiki", "column": "application", "value": "x"}],
        filters=[{"column": "application", "test": "is", "values": ["Wiki"]}],
    )
    assert none == {"share": None}


async def test_what_is_known_also_of_unsure_rows_must_hold_of_them(desk: Desk) -> None:
    tests = [
        {"column": "factors", "test": "empty"},
        {"column": "department", "test": "is", "values": ["finance"], "known": True},
    ]
    assert await desk.rows(**LOGIN, unsure=["unread"], filters=tests) == [{"login": "cid", "fits": "yes"}]


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ({"column": "department", "test": "is", "values": ["FINANCE", "x"]}, ["ann", "cid"]),
        ({"column": "department", "test": "is_not", "values": ["finance"]}, ["bob", "dan"]),
        ({"column": "department", "test": "contains", "values": ["AL"]}, ["bob"]),
        ({"column": "department", "test": "empty"}, ["dan"]),
        ({"column": "department", "test": "filled"}, ["ann", "bob", "cid"]),
        ({"column": "factors", "test": "is", "values": ["SMS"]}, ["ann"]),
        ({"column": "factors", "test": "is_not", "values": ["sms"]}, ["bob", "cid", "dan"]),
        ({"column": "factors", "test": "filled"}, ["ann", "bob"]),
        ({"column": "last_login", "test": "since", "moment": "2026-11-20T15:30:01.25Z"}, ["ann", "dan"]),
        ({"column": "last_login", "test": "until", "moment": "2026-11-20T15:30:01.25Z"}, ["bob"]),
        ({"column": "login", "test": "is", "values": ["x' OR 'a' = 'a"]}, []),
    ],
)
async def test_rows_are_filtered(desk: Desk, test: dict[str, Any], found: list[str]) -> None:
    assert logins(await desk.rows(**LOGIN, filters=[test])) == found


@pytest.mark.parametrize(
    ("test", "found"),
    [
        ({"column": "published", "test": "since", "moment": "2026-11-20T00:00:00Z"}, ["e1"]),
        ({"column": "risk", "test": "at_least", "values": [2]}, ["e1", "e3"]),
        ({"column": "risk", "test": "at_most", "values": [1]}, ["e2"]),
    ],
)
async def test_live_rows_tell_moments_as_text(desk: Desk, test: dict[str, Any], found: list[str]) -> None:
    rows = await desk.rows(step="live-events", columns=["event"], filters=[test])
    assert [row["event"] for row in rows] == found


async def test_rows_are_counted_by_a_column_with_parts_of_all(desk: Desk) -> None:
    measures = [{"name": "n", "figure": "count"}, {"name": "part", "figure": "percent"}]
    order = [{"column": "n", "descending": True}]
    rows = await desk.rows(by=["department"], measures=measures, order=order)
    assert rows == [
        {"department": "Finance", "n": 2, "part": 50.0},
        {"department": "Sales", "n": 1, "part": 25.0},
        {"department": None, "n": 1, "part": 25.0},
    ]


async def test_a_row_counts_for_each_item_of_a_list(desk: Desk) -> None:
    assert await desk.rows(by=["factors"], **COUNT) == [
        {"factors": "push", "n": 2}, {"factors": "sms", "n": 1}, {"factors": None, "n": 2},
    ]  # fmt: skip


async def test_figures_of_each_group_and_a_limit_on_them(desk: Desk) -> None:
    measures = [
        {"name": "people", "figure": "count_distinct", "column": "user_id"},
        {"name": "most", "figure": "most", "column": "risk"},
        {"name": "least", "figure": "least", "column": "risk"},
        {"name": "all", "figure": "sum", "column": "risk"},
        {"name": "mean", "figure": "average", "column": "risk"},
        {"name": "outcomes", "figure": "list", "column": "outcome"},
    ]
    having = [{"column": "people", "test": "at_least", "values": [2]}]
    rows = await desk.rows(step="live-events", by=["application"], measures=measures, having=having)
    assert rows == [
        {
            "application": "Payroll", "people": 2, "most": 3, "least": 2, "all": 5, "mean": 2.5,
            "outcomes": ["FAILURE", "failure"],
        }
    ]  # fmt: skip


async def test_the_first_rows_of_an_order_are_always_the_same(desk: Desk) -> None:
    rows = await desk.rows(
        step="live-events",
        columns=["application", "event"],
        order=[{"column": "application", "descending": True}],
        limit=3,
    )
    assert [row["event"] for row in rows] == ["e2", "e4", "e1"]
    once = await desk.rows(step="live-events", columns=["application"], each_once=True)
    assert [row["application"] for row in once] == ["Payroll", "Wiki"]


@pytest.mark.parametrize(
    ("meaning", "said"),
    [
        ({"step": "people"}, "it either lists columns or has measures"),
        ({"step": "people", "columns": ["login"], "sql": "DROP TABLE x"}, "Extra inputs are not permitted"),
        ({"step": "nobody", "columns": ["login"]}, "asks the rows of nobody, which it does not depend on"),
        ({"step": "people", "columns": ["nothing"]}, "no column nothing; they have department, factors"),
        ({"step": "people", "columns": ["login"], "order": [{"column": "user_id"}]}, "orders by user_id"),
        ({"step": "people", "columns": ["login"], "matches": [match("beside", "user_id")]}, "are called user_id"),
        ({"step": "people", "columns": ["login"], "filters": [{"column": "login", "test": "is"}]}, "needs values"),
        ({"step": "people", "by": ["login"], "measures": [{"name": "n", "figure": "sum"}]}, "needs a column"),
    ],
)
async def test_what_rules_do_not_understand_is_refused(desk: Desk, meaning: dict[str, JsonValue], said: str) -> None:
    with pytest.raises(PlanRejected, match=said):
        await desk.run(meaning)


async def test_a_step_that_depends_on_none_has_no_tables(desk: Desk) -> None:
    runner = SqlStepRunner(OfflineSqlWriter(), desk.engine, desk.artifacts)
    with pytest.raises(PlanRejected, match="depends on no step that found any"):
        await runner.run(desk.request({"meaning": {"step": "people", **LOGIN}}, ()), ledger())


class Scripted:
    """Writes one text after the other, and keeps why each was refused."""

    def __init__(self, *texts: str) -> None:
        self._texts = list(texts)
        self.told: list[str] = []

    async def write(self, request: StepRequest, ledger: Ledger, refused: Any = ()) -> Generated:
        self.told = [each.reason for each in refused]
        return Generated(language="sql", text=self._texts.pop(0), author="test")


async def test_a_writer_may_mend_its_query_once(desk: Desk) -> None:
    writer = Scripted("SELECT 1; DROP TABLE people", "SELECT login FROM people ORDER BY login")
    result = await SqlStepRunner(writer, desk.engine, desk.artifacts).run(desk.request({}), ledger())
    assert writer.told == ["Line 1, column 9: only one statement is allowed."]
    assert (result.rows.key, result.rows.row_count, result.generated.language) == ("q/sql", 4, "sql")
    assert result.samples[0] == {"login": "ann"}
    with pytest.raises(QueryRefused):
        await SqlStepRunner(Scripted("x", "y"), desk.engine, desk.artifacts).run(desk.request({}), ledger())
    twice = Scripted(*["SELECT CAST(login AS BIGINT) AS n FROM people"] * 2)
    with pytest.raises(QueryFailed, match="Conversion Error"):
        await SqlStepRunner(twice, desk.engine, desk.artifacts).run(desk.request({}), ledger())


async def test_rules_do_not_write_the_same_query_again(desk: Desk) -> None:
    refused = (RefusedQuery("SELECT 1", "It cannot run."),)
    with pytest.raises(PlanRejected, match="rules write no other: It cannot run"):
        await OfflineSqlWriter().write(desk.request({"meaning": {"step": "people", **LOGIN}}), ledger(), refused)


async def test_a_step_sees_only_the_steps_it_depends_on(desk: Desk) -> None:
    runner = SqlStepRunner(Scripted(*["SELECT 1 AS n FROM people"] * 2), desk.engine, desk.artifacts)
    with pytest.raises(QueryRefused, match="no table is called people; there are live-events"):
        await runner.run(desk.request({}, ("live-events",)), ledger())


async def test_rows_that_were_removed_are_told(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "q" / "people.parquet").unlink()
    with pytest.raises(ArtifactMissing):
        await desk.rows(**LOGIN)
