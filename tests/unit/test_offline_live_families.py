"""Questions about what only the live tenant lists: which are read, as what, and by which program."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.answer import NeedsClarification, Refused
from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.filter import EndpointFilter
from holdfast.catalogue.stubs import interface_of
from holdfast.contracts import StepRequest
from holdfast.graph.vocabulary import Vocabulary
from holdfast.offline.live.families import Family, families
from holdfast.offline.live.inventory_wording import inventory_sentence
from holdfast.offline.live.reading import inventory_questions
from holdfast.offline.live.shapes import Inventory
from holdfast.offline.live.writer import compiled
from holdfast.offline.meaning import Compare, Condition, Missing, Not, Operator, StepMeaning, Within
from holdfast.offline.planner import understood
from holdfast.offline.reading.lexicon import lexicon
from holdfast.offline.reading.parse import Parse
from holdfast.offline.reading.tokens import tokenise
from holdfast.plan import ApiStep, Plan
from holdfast.sandbox.checks import checked
from tests.unit.live_steps import request_of
from tests.unit.offline_tenant import NOW, SCHEMA, read, words

NAMES = sorted(name for name, family in families().items() if family.words)
FILTER = EndpointFilter(Catalogue.load())


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return words(tmp_path_factory.mktemp("live-words"))


def _meaning(question: str, vocabulary: Vocabulary) -> Inventory:
    plan = read(question, vocabulary)
    assert isinstance(plan, Plan), f"{question}: {plan}"
    meaning = StepMeaning.model_validate(plan.steps[0].parameters).meaning
    assert isinstance(meaning, Inventory), f"{question}: {meaning}"
    return meaning


def _request(question: str, vocabulary: Vocabulary) -> StepRequest:
    plan = read(question, vocabulary)
    assert isinstance(plan, Plan), f"{question}: {plan}"
    return request_of(plan.steps[0])


@pytest.mark.parametrize("name", NAMES)
def test_each_family_is_listed_under_each_of_its_names(name: str, vocabulary: Vocabulary) -> None:
    for word in families()[name].words:
        parse = Parse(tokenise(f"show {word}"), lexicon(), vocabulary, SCHEMA, NOW)
        readings = inventory_questions(parse)
        assert Inventory(family=name) in [r.value for r in readings], word


@pytest.mark.parametrize("name", NAMES)
def test_the_program_of_each_family_calls_only_what_is_chosen_for_it_and_passes_the_checks(
    name: str, vocabulary: Vocabulary
) -> None:
    for question in (f"show {families()[name].many}", f"how many {families()[name].many}"):
        step = _request(question, vocabulary)
        assert isinstance(step.step, ApiStep)
        interface = interface_of(FILTER.choose(step.step.entity, step.step.operation, step.step.query_context))
        composed = compiled(step)
        assert composed.calls <= interface.functions.keys()
        checked(composed.text, interface)


_MOMENTS = st.integers(1_900_000_000, 1_950_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def _since(column: str, moment: datetime) -> Condition:
    return Within(column=column, start=moment)


def _until(column: str, moment: datetime) -> Condition:
    return Within(column=column, end=moment)


def _compared(column: str, operator: Operator, text: str) -> Condition:
    return Compare(column=column, operator=operator, values=(text,))


def _conditions(family: Family) -> st.SearchStrategy[Condition]:
    kinds: list[st.SearchStrategy[Condition]] = []
    for column in family.columns:
        if not column.words:
            continue
        if column.kind == "time":
            kinds += [_MOMENTS.map(partial(_since, column.name)), _MOMENTS.map(partial(_until, column.name))]
        elif column.kind in ("text", "list"):
            texts = st.text("abcdefgh .-", min_size=1, max_size=12).filter(lambda t: t.strip() == t)
            operators = st.sampled_from([o for o in Operator if o is not Operator.IS])
            kinds.append(st.builds(partial(_compared, column.name), operators, texts))
        kinds.append(st.just(Missing(column=column.name)))
        for value in family.values.get(column.name, {}):
            wanted = (value == "yes",) if column.kind == "flag" else tuple(value.split("|"))
            kinds.append(st.just(Compare(column=column.name, values=wanted)))
    one = st.one_of(kinds)
    return st.one_of(one, one.map(lambda c: Not(condition=c)))


@settings(max_examples=150, deadline=None)
@given(data=st.data(), name=st.sampled_from([n for n in NAMES if not families()[n].single]))
def test_what_was_understood_means_the_same_when_it_is_asked(
    data: st.DataObject, name: str, vocabulary: Vocabulary
) -> None:
    family = families()[name]
    meaning = Inventory(family=name, where=data.draw(_conditions(family)), counted=data.draw(st.booleans()))
    parse = Parse(tokenise(inventory_sentence(meaning)), lexicon(), vocabulary, SCHEMA, NOW)
    readings = inventory_questions(parse)
    least = min((r.cost for r in readings), default=0)
    assert {r.value for r in readings if r.cost == least} == {meaning}, inventory_sentence(meaning)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        (
            "Which API tokens have not been used for 90 days and who owns them?",
            "API tokens whose last use is not on or after 2026-08-22 15:30:00 UTC",
        ),
        ("API tokens idle for 3 months", "API tokens whose last use is not on or after 2026-08-20 15:30:00 UTC"),
        (
            "which API tokens expire in the next 2 weeks?",
            "API tokens whose expiry is on or after 2026-11-20 15:30:00 UTC and before 2026-12-04 15:30:00 UTC",
        ),
        ("expired API tokens", "API tokens whose expiry is before 2026-11-20 15:30:00 UTC"),
        ("API tokens that were never used", "API tokens whose last use is missing"),
        ("dana@acme.example's API tokens", 'API tokens owned by "dana@acme.example"'),
        ("which log streams are active or inactive?", "log streams that are active or inactive"),
        ("event hooks that are not active but verified", "event hooks that are not active and that are verified"),
        ("the log stream Splunk Europe", 'log streams whose name starts with "Splunk Europe"'),
        ('log stream "Old SIEM"', 'log streams whose name is "Old SIEM"'),
        ("scopes of AWS Identity Center", 'oauth scopes of the app "AWS Identity Center"'),
        ("who owns the group Finance? owners of the group Finance", None),
        ("owners of the group Finance", 'owners of the group "Finance"'),
        ("how many refresh tokens per app", "number of refresh tokens by application"),
        ("trusted origins per status", "number of trusted origins by status"),
        ("the 2 newest brands", None),
        ("2 newest identity providers", "first 2 identity providers sorted by creation date descending"),
        ("top 3 API tokens by last use", "first 3 API tokens sorted by last use descending"),
        ("event hooks except inactive ones", "event hooks that are not inactive"),
        ("active and inactive event hooks", "event hooks that are active or inactive"),
        ("SAML and OIDC identity providers", "identity providers that are saml or oidc"),
        ("trusted origins for cors and for redirects", "trusted origins that are for cors and that are for redirects"),
        ("who is the technical contact?", "contacts of the tenant that are technical"),
        ("custom user types", "user types of the tenant that are custom"),
        ("custom domains that are not verified", "custom domains that are not verified"),
        (
            "how many scopes does each authorization server have",
            "number of scopes of authorization servers by authorization server",
        ),
        ("how many API tokens does each person have", None),
        ("what API tokens does dana@acme.example have", 'API tokens owned by "dana@acme.example"'),
        ("how many API tokens does dana@acme.example own", 'number of API tokens owned by "dana@acme.example"'),
        (
            "which trusted origins did dana@acme.example create",
            'trusted origins created by "dana@acme.example"',
        ),
        ("event hooks whose creator is dana@acme.example", 'event hooks created by "dana@acme.example"'),
        ("API tokens with a network restriction", "API tokens that are bound to a network zone"),
        (
            "API tokens expiring in December",
            "API tokens whose expiry is on or after 2026-12-01 and before 2027-01-01",
        ),
        (
            "API tokens expiring in December 2025",
            "API tokens whose expiry is on or after 2025-12-01 and before 2026-01-01",
        ),
    ],
)
def test_the_words_mean_what_they_say(question: str, sentence: str | None, vocabulary: Vocabulary) -> None:
    if sentence is None:
        assert not isinstance(read(question, vocabulary), Plan)
    else:
        assert inventory_sentence(_meaning(question, vocabulary)) == sentence


@pytest.mark.parametrize(
    "question",
    [
        "API tokens that smell of cheese",
        "which API tokens expire this month",
        "API tokens not used recently",
        "which log streams are purple?",
        "API token expiring",
        "log streams and cheese",
        "trusted origins in Berlin",
        "log stream definitions",
        "API tokens of contractors",
        "are all log streams active?",
        # What is said of people is not said of their tokens.
        "active API tokens",
        "suspended API tokens",
        "show the SSWS token secret",
        "the API token value",
        # The other ones, or these?
        "all identity providers but SAML",
        # What can be is not what is.
        "which features can be turned on",
        # The first of what is in no order.
        "first 3 inline hooks",
        "top 2 identity providers",
        "top 2 identity providers by status",
        "newest event hooks by status",
        # Nothing is both.
        "event hooks that are active and inactive",
        # Whose the other ones are is not said.
        "API tokens owned by dana@acme.example or not used for 90 days",
        "expired API tokens or of people who left and not used for 90 days",
    ],
)
def test_a_question_with_a_word_that_was_not_understood_is_not_answered(question: str, vocabulary: Vocabulary) -> None:
    assert isinstance(read(question, vocabulary), Refused | NeedsClarification)


@pytest.mark.parametrize("verb", ["delete", "revoke", "deactivate", "create", "rotate"])
@pytest.mark.parametrize("things", ["API tokens not used for 90 days", "the log stream Splunk", "event hooks"])
def test_an_order_about_them_is_refused_as_one(verb: str, things: str, vocabulary: Vocabulary) -> None:
    for question in (f"{verb} {things}", f"please {verb} {things}", f"list {things} and {verb} them"):
        assert isinstance(understood(question, vocabulary, SCHEMA, NOW), Refused), question


def test_owners_are_read_only_of_the_things_that_fit(vocabulary: Vocabulary) -> None:
    text = compiled(_request("API tokens usable from anywhere", vocabulary)).text
    assert text.index('rows = [row for row in rows if row["network"] == "ANYWHERE"]') < text.index(
        "read_person(user_id)"
    )


def test_a_name_of_the_tenant_cannot_leave_its_place_in_a_program(tmp_path: Path, vocabulary: Vocabulary) -> None:
    for name in ('x"); import os #', "a\\", "line\nbreak", "{evil}", "🚀'''"):
        quoted = f"«{name}»" if '"' in name else f'"{name}"'
        parse = Parse(tokenise(f"log stream {quoted}"), lexicon(), vocabulary, SCHEMA, NOW)
        for read_one in inventory_questions(parse):
            assert isinstance(read_one.value.where, Compare)
        step = _request('log stream "Splunk"', vocabulary)
        data = StepMeaning.model_validate(step.step.parameters)
        meaning = Inventory(family="log_stream", where=Compare(column="name", values=(name,)))
        changed = step.step.model_copy(
            update={"parameters": data.model_copy(update={"meaning": meaning}).model_dump(mode="json", by_alias=True)}
        )
        text = compiled(request_of(changed)).text
        interface = interface_of(FILTER.choose("LogStream", "list", ""))
        checked(text, interface)
        assert "import os" not in text.replace(name.replace('"', '\\"'), "")
