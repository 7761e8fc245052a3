"""Wrong must be 0: what is answered is compared with what the export says, on three companies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest
from pydantic import JsonValue

from evaluation.cases import AnswerCase, AskBackCase, Case, RefusalCase, bank
from evaluation.judging import Mark
from holdfast.answer import Outcome
from holdfast.offline.meaning import StepMeaning
from holdfast.plan import Plan, SpecialStep, Step
from tests.truth.conftest import SEEDS_AND_SIZES, Company

BANK = bank()
ANSWERS = [case for case in BANK if isinstance(case, AnswerCase)]
REFUSALS = [case for case in BANK if isinstance(case, RefusalCase)]
ASK_BACKS = [case for case in BANK if isinstance(case, AskBackCase)]
_PLACES = {question: place for place, question in enumerate(q for case in BANK for q in case.questions)}
_SEEDS = [seed for seed, _ in SEEDS_AND_SIZES]


def _part(seed: int, case: Case) -> list[str]:
    """All questions of the case for the first company, a sixth of all questions for each other one."""
    place = _SEEDS.index(seed)
    return [question for question in case.questions if place == 0 or _PLACES[question] % 6 == place]


def _asked(cases: Sequence[Case]) -> pytest.MarkDecorator:
    """Run a test with each company and each of the cases of which that company is asked something."""
    pairs = [(company, case) for company in SEEDS_AND_SIZES for case in cases if _part(company[0], case)]
    ids = [f"seed {seed}-{case.kind}-{case.questions[0]}" for (seed, _), case in pairs]
    return pytest.mark.parametrize(("company", "case"), pairs, ids=ids, indirect=["company"])


@_asked(BANK)
async def test_every_wording_ends_as_the_bank_says(case: Case, company: Company) -> None:
    for question, asked in await company.ask_all(_part(company.seed, case)):
        verdict = company.judge.verdict(case, asked)
        need_not = isinstance(case, AnswerCase) and not case.answerable
        right = verdict.mark is Mark.RIGHT or (need_not and verdict.mark is not Mark.WRONG)
        assert right, f"{question}\n{asked.understood_as}\n{verdict.mark}: {verdict.why}"


@_asked(ANSWERS)
async def test_what_was_understood_means_the_same_when_it_is_asked(case: AnswerCase, company: Company) -> None:
    for _, asked in await company.ask_all(_part(company.seed, case)):
        if asked.plan is not None:
            step = asked.plan.steps[0]
            again = await company.plan(step.query_context)
            assert isinstance(again, Plan), f"{step.query_context}: {again}"
            assert _meaning(again.steps[0]) == _meaning(step)


def _meaning(step: Step) -> JsonValue:
    """What the step asks; a special tool is called with nothing else."""
    return {step.name: step.parameters} if isinstance(step, SpecialStep) else step.parameters["meaning"]


async def test_the_columns_that_were_meant_are_what_was_found(company: Company) -> None:
    for question, asked in await company.ask_all([case.questions[0] for case in ANSWERS]):
        for step, result in zip(asked.plan.steps if asked.plan else (), asked.steps, strict=True):
            found = {column.name for column in result.rows.columns}
            if isinstance(step, SpecialStep):
                continue
            meant = StepMeaning.model_validate(step.parameters).columns
            assert {column.name for column in meant} <= found, question


@_asked(REFUSALS)
async def test_a_change_and_only_a_change_is_refused_as_one(case: RefusalCase, company: Company) -> None:
    for question in _part(company.seed, case):
        refused = await company.ask(question)
        assert ("only reads" in refused.message) is (case.refuse == "change")
        assert set(case.words) <= set(refused.not_understood)


@_asked(ASK_BACKS)
async def test_a_question_back_has_choices_that_work(case: AskBackCase, company: Company) -> None:
    for question in _part(company.seed, case):
        asked = await company.ask(question)
        assert len(asked.choices) == case.asks
        for choice, chosen in await company.ask_all(asked.choices):
            assert chosen.outcome is Outcome.ANSWERED, choice


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
    question: str, is_said: bool, company: Company
) -> None:
    asked = await company.ask(question)
    assert ("Only the last sign-in of each person is known" in asked.understood_as) is is_said


async def test_applications_and_groups_of_the_same_people_are_joined_by_their_id(company: Company) -> None:
    question = "Find users logged in the last 7 days and fetch me their applications and groups"
    people, applications, groups = await company.rows(question)
    plan = (await company.ask(question)).plan
    assert plan is not None
    assert [step.depends_on for step in plan.steps] == [(), ("main",), ("main",)]
    assert plan.steps[1].parameters["join"] == {"on": "user_id", "as": "list"}
    records, shown = company.records, set(people["user_id"])
    opened = {(user, app) for user in shown for app in records.opens[user]}
    assert Counter(applications.select("user_id", "application_id").iter_rows()) == Counter(opened)
    belonging = {(user, group) for user in shown for group in records.groups_of[user]}
    assert Counter(groups.select("user_id", "group_id").iter_rows()) == Counter(belonging)


async def test_a_name_full_of_signs_reaches_the_engine_as_it_is(company: Company) -> None:
    for user in company.records.users.values():
        if '"' in user["profile"]["firstName"] or "'" in user["profile"]["lastName"]:
            (rows,) = await company.rows(f"show {user['profile']['login']}")
            assert rows["user_id"].to_list() == [user["id"]]
    (rows,) = await company.rows('users whose last name contains "\'); --"')
    assert len(rows) == 1


async def test_things_can_be_named_by_their_ids(company: Company) -> None:
    records = company.records
    dana, group, app = records.person("Dana", "Whitfield"), records.group("Eng-Platform"), records.app("Salesforce")
    assert set(await _ids(company, f"which groups is {dana} in?", "group_id")) == records.groups_of[dana]
    assert set(await _ids(company, f"members of {group}", "user_id")) == records.members_of[group]
    assert set(await _ids(company, f"who can open {app}", "application_id")) == {app}


async def _ids(company: Company, question: str, column: str) -> Sequence[str]:
    (rows,) = await company.rows(question)
    found: list[str] = rows[column].to_list()
    return found
