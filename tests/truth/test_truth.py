"""Wrong must be 0: what is answered is compared with what the export says, on two companies."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from random import Random

import polars as pl
import pytest

from evaluation.answering import planned, query_pool, rows_of
from evaluation.cases import AnswerCase, AskBackCase, RefusalCase, bank
from evaluation.compositions import composition
from evaluation.records import Records
from evaluation.tenant import NOW, DemoTenant, demo_tenant
from evaluation.truths import TRUTHS
from holdfast.answer import NeedsClarification, Refused
from holdfast.plan import Plan
from holdfast.query_worker.pool import QueryPool

ANSWERS = [case for case in bank() if isinstance(case, AnswerCase)]
REFUSALS = [(case, question) for case in bank() if isinstance(case, RefusalCase) for question in case.questions]
ASK_BACKS = [(case, question) for case in bank() if isinstance(case, AskBackCase) for question in case.questions]


@pytest.fixture(scope="module", params=[(7, 400), (11, 250)], ids=["seed 7", "seed 11"])
def tenant(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> DemoTenant:
    seed, users = request.param
    return demo_tenant(seed, users, tmp_path_factory.mktemp(f"seed-{seed}"))


@pytest.fixture(scope="module")
async def pool() -> AsyncIterator[QueryPool]:
    queries = query_pool()
    yield queries
    await queries.close()


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case.kind}-{case.truth}")
async def test_every_wording_gives_what_the_export_says(case: AnswerCase, tenant: DemoTenant, pool: QueryPool) -> None:
    records = Records(tenant.records, NOW)
    true = Counter(tuple(row) for row in TRUTHS[case.truth](records))
    for question in case.questions:
        plan = await planned(question, tenant.snapshot)
        assert isinstance(plan, Plan) or not case.answerable, f"{question}: {plan}"
        if isinstance(plan, Plan):
            frame = (await rows_of(plan, tenant.snapshot, pool))[0]
            given = Counter(frame.select(case.columns).iter_rows())
            assert given == true, f"{question}: {plan.understood_as}"


@pytest.mark.parametrize("case", ANSWERS, ids=lambda case: f"{case.kind}-{case.truth}")
async def test_what_was_understood_means_the_same_when_it_is_asked(case: AnswerCase, tenant: DemoTenant) -> None:
    for question in case.questions:
        plan = await planned(question, tenant.snapshot)
        if isinstance(plan, Plan):
            again = await planned(plan.steps[0].query_context, tenant.snapshot)
            assert isinstance(again, Plan), f"{plan.steps[0].query_context}: {again}"
            assert again.steps[0].parameters["meaning"] == plan.steps[0].parameters["meaning"]


@pytest.mark.parametrize(("case", "question"), REFUSALS, ids=[question for _, question in REFUSALS])
async def test_what_must_not_be_answered_is_refused_with_the_reason(
    case: RefusalCase, question: str, tenant: DemoTenant
) -> None:
    refused = await planned(question, tenant.snapshot)
    assert isinstance(refused, Refused)
    assert ("only reads" in refused.reason) is (case.refuse == "change")
    for word in case.words:
        assert word in refused.not_understood
        assert word in refused.reason


@pytest.mark.parametrize(("case", "question"), ASK_BACKS, ids=[question for _, question in ASK_BACKS])
async def test_a_question_of_two_meanings_comes_back_with_choices_that_work(
    case: AskBackCase, question: str, tenant: DemoTenant
) -> None:
    asked = await planned(question, tenant.snapshot)
    assert isinstance(asked, NeedsClarification)
    assert len(asked.choices) == case.asks
    for choice in asked.choices:
        assert isinstance(await planned(choice, tenant.snapshot), Plan), choice


@pytest.mark.parametrize(
    ("question", "is_said"),
    [
        ("who logged in yesterday?", True),
        ("who did not log in in October?", True),
        ("who logged in today?", False),
        ("who logged in since October?", False),
    ],
)
async def test_a_window_that_closed_says_that_only_last_sign_ins_are_known(
    question: str, is_said: bool, tenant: DemoTenant
) -> None:
    plan = await planned(question, tenant.snapshot)
    assert isinstance(plan, Plan)
    assert ("Only the last sign-in of each person is known" in plan.understood_as) is is_said


async def test_applications_and_groups_of_the_same_people_are_joined_by_their_id(
    tenant: DemoTenant, pool: QueryPool
) -> None:
    plan = await planned(
        "Find users logged in the last 7 days and fetch me their applications and groups", tenant.snapshot
    )
    assert isinstance(plan, Plan)
    people, applications, groups = await rows_of(plan, tenant.snapshot, pool)
    assert [step.depends_on for step in plan.steps] == [(), ("main",), ("main",)]
    assert plan.steps[1].parameters["join"] == {"on": "user_id", "as": "list"}
    records = Records(tenant.records, NOW)
    shown = set(people["user_id"])
    opened = {(user, app) for user in shown for app in records.opens[user]}
    assert Counter(applications.select("user_id", "application_id").iter_rows()) == Counter(opened)
    belonging = {(user, group) for user in shown for group in records.groups_of[user]}
    assert Counter(groups.select("user_id", "group_id").iter_rows()) == Counter(belonging)


async def test_a_name_full_of_signs_reaches_the_engine_as_it_is(tenant: DemoTenant, pool: QueryPool) -> None:
    records = Records(tenant.records, NOW)
    for user in records.users.values():
        if '"' in user["profile"]["firstName"] or "'" in user["profile"]["lastName"]:
            plan = await planned(f"show {user['profile']['login']}", tenant.snapshot)
            assert isinstance(plan, Plan)
            rows = (await rows_of(plan, tenant.snapshot, pool))[0]
            assert rows["user_id"].to_list() == [user["id"]]
    plan = await planned('users whose last name contains "\'); --"', tenant.snapshot)
    assert isinstance(plan, Plan)
    assert len((await rows_of(plan, tenant.snapshot, pool))[0]) == 1


async def test_things_can_be_named_by_their_ids(tenant: DemoTenant, pool: QueryPool) -> None:
    records = Records(tenant.records, NOW)
    dana = records.person("Dana", "Whitfield")
    groups = await _shown(f"which groups is {dana} in?", tenant, pool)
    assert set(groups["group_id"]) == records.groups_of[dana]
    group = records.group("Eng-Platform")
    assert set((await _shown(f"members of {group}", tenant, pool))["user_id"]) == records.members_of[group]
    app = records.app("Salesforce")
    assert set((await _shown(f"who can open {app}", tenant, pool))["application_id"]) == {app}


# Enough to meet every pair of phrases; more are run by changing this number, not the test.
_COMPOSITIONS = 120


async def test_questions_put_together_at_random_are_answered_as_the_export_says(
    tenant: DemoTenant, pool: QueryPool
) -> None:
    random, records = Random(20261120), Records(tenant.records, NOW)
    for _ in range(_COMPOSITIONS):
        made = composition(random, records)
        plan = await planned(made.question, tenant.snapshot)
        assert isinstance(plan, Plan), f"{made.question}: {plan}"
        frame = (await rows_of(plan, tenant.snapshot, pool))[0]
        if "fits" in frame.columns:
            # Those of whom it is unknown are listed too; the compositions know the others.
            frame = frame.filter(pl.col("fits") == "yes")
        if made.counts:
            assert frame["person_count"].to_list() == [len(made.logins)], f"{made.question}: {plan.understood_as}"
        else:
            assert set(frame["login"]) == made.logins, f"{made.question}: {plan.understood_as}"


@pytest.fixture(scope="module")
def partly_read(tmp_path_factory: pytest.TempPathFactory) -> DemoTenant:
    hidden = {
        "group_members": frozenset({"Legacy VPN", "Finance"}),
        "app_users": frozenset({"Whiteboard", "Box"}),
    }
    return demo_tenant(7, 100, tmp_path_factory.mktemp("partly-read"), hidden)


async def _shown(question: str, tenant: DemoTenant, pool: QueryPool) -> pl.DataFrame:
    plan = await planned(question, tenant.snapshot)
    assert isinstance(plan, Plan), plan
    return (await rows_of(plan, tenant.snapshot, pool))[0]


async def test_a_group_whose_members_are_unknown_is_not_empty(partly_read: DemoTenant, pool: QueryPool) -> None:
    assert "Legacy VPN" not in (await _shown("empty groups", partly_read, pool))["group_name"].to_list()
    small = await _shown("groups with fewer than 5 members", partly_read, pool)
    assert not {"Legacy VPN", "Finance"} & set(small["group_name"])
    sizes = await _shown("members per group", partly_read, pool)
    unknown = sizes.filter(pl.col("person_count").is_null())["group_name"]
    assert set(unknown) == {"Legacy VPN", "Finance"}
    assert set(sizes.tail(2)["group_name"]) == {"Legacy VPN", "Finance"}


async def test_an_application_whose_users_are_unknown_is_not_unassigned(
    partly_read: DemoTenant, pool: QueryPool
) -> None:
    unassigned = await _shown("apps with nobody assigned", partly_read, pool)
    assert "Whiteboard" not in unassigned["application"].to_list()
    assert "Legacy VPN Client" in unassigned["application"].to_list()


async def test_nobody_is_surely_outside_a_group_that_could_not_be_read(
    partly_read: DemoTenant, pool: QueryPool
) -> None:
    assert len(await _shown("people not in the Finance group", partly_read, pool)) == 0
    assert len(await _shown("people who cannot open Box and are active", partly_read, pool)) == 0
    assert len(await _shown("people not in the Sales group", partly_read, pool)) > 0
    # Those who left can open nothing, whatever could not be read.
    surely = await _shown("people who cannot open Box", partly_read, pool)
    assert set(surely["status"]) == {"DEPROVISIONED"}


async def test_access_through_a_group_that_could_not_be_read_is_shown_as_such(
    partly_read: DemoTenant, pool: QueryPool
) -> None:
    opened = await _shown("who can open NetSuite", partly_read, pool)
    records = Records(partly_read.records, NOW)
    assert set(opened["login"]) == {login for login, _, _ in records.app_paths("NetSuite")}
    assert "through a group that could not be read" in opened["path"].to_list()
