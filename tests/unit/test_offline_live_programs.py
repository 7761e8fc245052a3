"""Programs of live steps against a tenant that does not tell everything: unknown is never none."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from holdfast.answer import Refused
from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.filter import EndpointFilter
from holdfast.catalogue.stubs import interface_of
from holdfast.contracts import RefusedProgram
from holdfast.errors import ProgramRefused
from holdfast.graph.vocabulary import Vocabulary
from holdfast.model_settings import ModelSettings
from holdfast.offline.live.marking import unmarked
from holdfast.offline.live.writer import OfflineProgramWriter
from holdfast.offline.reading.lexicon import lexicon
from holdfast.offline.reading.parse import Parse
from holdfast.offline.reading.tokens import tokenise
from holdfast.plan import ApiStep, Plan
from holdfast.sandbox.limits import SandboxLimits
from holdfast.sandbox.pool import Program, Sandbox
from holdfast.spending import Ledger
from tests.unit.live_steps import request_of
from tests.unit.offline_tenant import NOW, SCHEMA, read, words

FORBIDDEN = {"refused": "forbidden", "reason": "403 E0000006"}
GONE = {"refused": "not_found", "reason": "404 E0000007"}
Row = dict[str, Any]
WRITER = OfflineProgramWriter()
FILTER = EndpointFilter(Catalogue.load())


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return words(tmp_path_factory.mktemp("program-words"))


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(processes=1) as opened:
        yield opened


class Tenant:
    """Answers reads by the coroutine's name and the things in its path; notes how often each was asked."""

    def __init__(self, answers: Mapping[str, Any], rows: list[Row] | None = None) -> None:
        self.answers = answers
        self.rows = rows or []
        self.asked: list[str] = []

    async def __call__(self, name: str, arguments: str) -> str:
        told = json.loads(arguments)
        if name == "load":
            return json.dumps({"value": self.rows})
        if name == "progress":
            return json.dumps({"value": None})
        key = "/".join([name, *told["path"].values()])
        self.asked.append(key)
        answer = self.answers[key]
        return json.dumps(answer if isinstance(answer, dict) and "refused" in answer else {"value": answer})


async def _ran(question: str, tenant: Tenant, sandbox: Sandbox, vocabulary: Vocabulary) -> list[Row]:
    """The rows of the plan's last step."""
    plan = read(question, vocabulary)
    assert isinstance(plan, Plan), plan
    step = plan.steps[-1]
    assert isinstance(step, ApiStep)
    columns = tuple(tenant.rows[0]) if tenant.rows else ()
    before = [(one, columns) for one in plan.steps if one.id in step.depends_on]
    interface = interface_of(FILTER.choose(step.entity, step.operation, step.query_context))
    draft = await WRITER.write(request_of(step, *before), interface, Ledger.under(ModelSettings()))
    await sandbox.check(draft.text, interface)
    ran = await sandbox.run(Program(draft.text, interface, NOW, 1), tenant, SandboxLimits())
    rows: list[Row] = json.loads(ran.result_json)
    assert all(list(row) == [column.name for column in draft.columns] for row in rows)
    return rows


def _people(*ids: str) -> list[Row]:
    return [
        {"user_id": i, "login": f"{i}@acme.example", "name": i, "status": "ACTIVE", "department": None, "title": None}
        for i in ids
    ]


def _factor(kind: str) -> Row:
    return {"id": f"f-{kind}", "factorType": kind, "status": "ACTIVE"}


async def test_whose_factors_cannot_be_read_may_fit_and_says_why(sandbox: Sandbox, vocabulary: Vocabulary) -> None:
    answers = {
        "list_user_factors/u1": [_factor("sms")],
        "list_user_factors/u2": FORBIDDEN,
        "list_user_factors/u3": [_factor("webauthn"), _factor("sms")],
        "list_user_factors/u4": [],
        "list_user_factors/u5": GONE,
    }
    tenant = Tenant(answers, _people("u1", "u2", "u3", "u4", "u5"))
    rows = await _ran("people with no phishing-resistant factor right now", tenant, sandbox, vocabulary)
    told = {row["user_id"]: (row["fits"], row["factors"], row["unread"]) for row in rows}
    assert told == {
        "u1": ("yes", ["sms"], None),
        "u2": ("unknown", ["unknown"], "403 E0000006"),
        "u4": ("yes", [], None),
        "u5": ("unknown", ["unknown"], "404 E0000007"),
    }


async def test_a_count_says_of_how_many_it_is_unknown(sandbox: Sandbox, vocabulary: Vocabulary) -> None:
    answers = {"list_user_factors/u1": [], "list_user_factors/u2": FORBIDDEN, "list_user_factors/u3": [_factor("sms")]}
    tenant = Tenant(answers, _people("u1", "u2", "u3"))
    rows = await _ran("how many people have no factor right now", tenant, sandbox, vocabulary)
    assert rows == [{"person_count": 1, "unknown_count": 1}]


async def test_somebody_with_several_rows_is_asked_once(sandbox: Sandbox, vocabulary: Vocabulary) -> None:
    tenant = Tenant({"list_user_factors/u1": []}, _people("u1") * 3)
    await _ran("people with no factor right now", tenant, sandbox, vocabulary)
    assert tenant.asked == ["list_user_factors/u1"]


async def test_a_group_whose_members_cannot_be_read_is_named_in_the_answer(
    sandbox: Sandbox, vocabulary: Vocabulary
) -> None:
    groups: list[Row] = [
        {"group_id": "g1", "group_name": "Finance", "group_type": "OKTA_GROUP", "group_description": ""}
    ]
    rows = await _ran(
        "who is in the group Finance right now?",
        Tenant({"list_group_users/g1": FORBIDDEN}, groups),
        sandbox,
        vocabulary,
    )
    assert [(row["login"], row["unread"]) for row in rows] == [(None, "Finance: 403 E0000006")]


async def test_what_could_not_be_read_stands_beside_as_unknown(sandbox: Sandbox, vocabulary: Vocabulary) -> None:
    answers = {
        "list_user_groups/u1": [{"id": "g1", "profile": {"name": "Finance"}}],
        "list_user_groups/u2": FORBIDDEN,
        "list_user_groups/u3": [],
    }
    tenant = Tenant(answers, _people("u1", "u2", "u3"))
    rows = await _ran("contractors with their groups right now", tenant, sandbox, vocabulary)
    assert [(row["user_id"], row["groups"]) for row in rows] == [("u1", "Finance"), ("u2", "unknown")]


async def test_a_token_whose_owner_is_gone_may_be_of_somebody_who_left(
    sandbox: Sandbox, vocabulary: Vocabulary
) -> None:
    tokens = [{"id": f"t{n}", "name": f"token {n}", "userId": f"u{n}"} for n in (1, 2, 3)]
    answers = {
        "list_api_tokens": tokens,
        "get_user/u1": {"status": "DEPROVISIONED", "profile": {"login": "a"}},
        "get_user/u2": GONE,
        "get_user/u3": {"status": "ACTIVE", "profile": {"login": "c"}},
    }
    rows = await _ran("API tokens of people who left", Tenant(answers), sandbox, vocabulary)
    assert [(row["name"], row["owner"], row["fits"], row["unread"]) for row in rows] == [
        ("token 1", "a", "yes", None),
        ("token 2", None, "unknown", "404 E0000007"),
    ]


async def test_an_application_whose_grants_cannot_be_read_is_not_without_grants(
    sandbox: Sandbox, vocabulary: Vocabulary
) -> None:
    apps = [{"id": i, "label": i, "signOnMode": "OPENID_CONNECT"} for i in ("a1", "a2")]
    answers = {
        "list_applications": [*apps, {"id": "a3", "label": "a3", "signOnMode": "SAML_2_0"}],
        "list_application_grants/a1": [{"id": "x", "scopeId": "okta.users.read", "createdBy": {"id": "u1"}}],
        "list_application_grants/a2": FORBIDDEN,
        "get_user/u1": {"status": "ACTIVE", "profile": {"login": "a"}},
    }
    rows = await _ran("which OAuth scopes has each app been granted?", Tenant(answers), sandbox, vocabulary)
    told = [(row["application"], row["scope"], row["unread"]) for row in rows]
    assert told == [("a1", "okta.users.read", None), ("a2", None, "403 E0000006")]
    counts = await _ran("how many scope grants of applications", Tenant(answers), sandbox, vocabulary)
    assert [next(iter(row.values())) for row in counts] == [1]


async def test_a_program_names_the_endpoint_that_it_lacks(vocabulary: Vocabulary) -> None:
    plan = read("list API tokens", vocabulary)
    assert isinstance(plan, Plan)
    interface = interface_of(FILTER.choose("LogStream", "list", ""))
    with pytest.raises(ProgramRefused, match="get_user, list_api_tokens"):
        await WRITER.write(request_of(plan.steps[0]), interface, Ledger.under(ModelSettings()))


async def test_rules_write_no_second_program(vocabulary: Vocabulary) -> None:
    plan = read("list API tokens", vocabulary)
    assert isinstance(plan, Plan)
    refused = RefusedProgram(text="x", diagnostics="line 1: no")
    interface = interface_of(FILTER.choose("ApiToken and User", "get", ""))
    with pytest.raises(ProgramRefused, match="line 1: no"):
        await WRITER.write(request_of(plan.steps[0]), interface, Ledger.under(ModelSettings()), [refused])


@pytest.mark.parametrize(
    "parameters",
    [{}, {"meaning": {"shape": "things"}}, {"meaning": {"shape": "inventory", "family": "passwords"}}],
)
async def test_what_is_no_meaning_is_refused(parameters: Row, vocabulary: Vocabulary) -> None:
    step = ApiStep(id="main", entity="ApiToken", operation="list", query_context="?", parameters=parameters)
    interface = interface_of(FILTER.choose("ApiToken and User", "get", ""))
    with pytest.raises(ProgramRefused):
        await WRITER.write(request_of(step), interface, Ledger.under(ModelSettings()))


@pytest.mark.parametrize("question", ["who is locked out now", "now who is locked out?", "Dana's factors now"])
def test_now_asks_the_live_tenant_where_it_can_tell(question: str, vocabulary: Vocabulary) -> None:
    plan = read(question, vocabulary)
    assert isinstance(plan, Plan), plan
    assert isinstance(plan.steps[-1], ApiStep)


@pytest.mark.parametrize("question", ["who can open AWS Identity Center now", "top 10 groups by members now"])
def test_what_only_the_snapshot_tells_of_now_says_so(question: str, vocabulary: Vocabulary) -> None:
    plan = read(question, vocabulary)
    assert isinstance(plan, Plan), plan
    assert [step.tool for step in plan.steps] == ["cypher"]
    assert "at the last synchronisation" in plan.understood_as


@pytest.mark.parametrize(
    ("question", "rest"),
    [
        ("a live list of locked out people", "locked out people"),
        ("who is locked out right now?", "who is locked out"),
        ("which users are currently active", "which users are active"),
        ("members of Finance, from the live API", "members of Finance"),
        ("active people, live", "active people"),
        ("at the moment, who is locked out?", "who is locked out"),
        ("live accounts", None),
        ("people who live in Berlin", None),
        ('members of "right now"', None),
        ("who is locked out now", None),
    ],
)
def test_words_that_ask_for_the_live_tenant_are_taken_out(
    question: str, rest: str | None, vocabulary: Vocabulary
) -> None:
    parse = Parse(tokenise(question), lexicon(), vocabulary, SCHEMA, NOW)
    without = unmarked(parse)
    said = None if without is None else " ".join(token.text for token in without.tokens)
    assert said == rest


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ("who can open AWS Identity Center right now", "from the snapshot only"),
        ("top 10 groups by members right now", "figures and rankings"),
        ("who is logged in right now", "who has a session open"),
        ("people hired this year right now", "from the snapshot only"),
        ("privileged users right now", "from the snapshot only"),
        ("the 5 newest people without any factor right now", "must be asked apart"),
    ],
)
def test_what_cannot_be_read_live_is_refused_with_that_reason(question: str, why: str, vocabulary: Vocabulary) -> None:
    refused = read(question, vocabulary)
    assert isinstance(refused, Refused), refused
    assert why in refused.reason
    assert "Ask without" in refused.reason


def test_a_choice_of_meanings_keeps_asking_for_the_live_tenant(vocabulary: Vocabulary) -> None:
    back = read("people in Finance right now", vocabulary)
    assert not isinstance(back, Plan | Refused)
    assert back.choices
    for choice in back.choices:
        plan = read(choice, vocabulary)
        assert isinstance(plan, Plan)
        assert any(isinstance(step, ApiStep) for step in plan.steps)
