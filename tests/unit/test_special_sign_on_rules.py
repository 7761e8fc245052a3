"""Which sign-on rule applies to whom, and what it demands: a table of rules, and the words for them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.special.demands import Demand, Means, demands_of, duration_words, reauthentication_words
from holdfast.special.sign_on_rules import Fit, Person, deciding, read_rules

NAMES = {"g1": "Finance", "g2": "Interns", "z1": "Offices"}
ANN = Person("u1", frozenset({"g1"}), frozenset({"g9"}), "t1")


def rule(conditions: Any = None, access: str = "ALLOW", **more: Any) -> dict[str, Any]:
    return {
        "id": "r", "name": "Rule", "priority": 1, "status": "ACTIVE", "conditions": conditions,
        "actions": {"appSignOn": {"access": access, "verificationMethod": {}}}, **more,
    }  # fmt: skip


def people(**conditions: Any) -> dict[str, Any]:
    return {"people": conditions}


@pytest.mark.parametrize(
    ("conditions", "fit", "reason"),
    [
        (None, Fit.YES, ""),
        ({}, Fit.YES, ""),
        ({"people": None}, Fit.YES, ""),
        (people(users={"include": ["u1"]}), Fit.YES, ""),
        (people(users={"include": ["u2"]}), Fit.NO, "it is for other people"),
        (people(users={"exclude": ["u1"]}), Fit.NO, "it leaves this person out by name"),
        (people(users={"exclude": ["u2"]}), Fit.YES, ""),
        (people(groups={"include": ["g1", "g2"]}), Fit.YES, ""),
        (people(groups={"include": ["g2"]}), Fit.NO, "it is for members of Interns"),
        (people(groups={"exclude": ["g1"]}), Fit.NO, "it leaves out members of Finance"),
        (people(groups={"include": ["g1"], "exclude": ["g1"]}), Fit.NO, "it leaves out members of Finance"),
        (people(groups={"include": ["g9"]}), Fit.DEPENDS, "depends on membership of g9, which could not be read"),
        (people(groups={"exclude": ["g9"]}), Fit.DEPENDS, "depends on membership of g9, which could not be read"),
        (people(groups={"include": ["g1", "g9"]}), Fit.YES, ""),
        (people(users={"include": ["u1"]}, groups={"include": ["g1"]}), Fit.YES, ""),
        (people(users={"include": ["u2"]}, groups={"include": ["g2"]}), Fit.NO, "it is for members of Interns"),
        (people(users={"include": ["u1"]}, groups={"include": ["g2"]}), Fit.DEPENDS, "depends on how Okta joins"),
        (people(users={"include": ["u2"]}, groups={"include": ["g1"]}), Fit.DEPENDS, "depends on how Okta joins"),
        ({"userType": {"include": ["t1"]}}, Fit.YES, ""),
        ({"userType": {"include": ["t2"]}}, Fit.NO, "another type of user"),
        ({"userType": {"exclude": ["t1"]}}, Fit.NO, "another type of user"),
        ({"network": {"connection": "ANYWHERE"}}, Fit.YES, ""),
        ({"network": {"connection": "ZONE", "include": ["z1"]}}, Fit.DEPENDS, "depends on the network: inside Offices"),
        (
            {"network": {"connection": "ZONE", "exclude": ["z1"]}},
            Fit.DEPENDS,
            "depends on the network: outside Offices",
        ),
        ({"device": {"registered": True, "managed": True}}, Fit.DEPENDS, "depends on the device: registered, managed"),
        ({"platform": {"include": [{"type": "MOBILE", "os": {"type": "IOS"}}]}}, Fit.DEPENDS, "one of IOS"),
        ({"platform": {"include": [{"type": "ANY", "os": {"type": "ANY"}}]}}, Fit.YES, ""),
        ({"riskScore": {"level": "LOW"}}, Fit.DEPENDS, "must be LOW"),
        ({"riskScore": {"level": "ANY"}}, Fit.YES, ""),
        ({"elCondition": {"condition": "user.isAdmin"}}, Fit.DEPENDS, "depends on the expression user.isAdmin"),
        ({"newThing": {"x": 1}}, Fit.DEPENDS, "not understood here: newThing"),
        ({"newThing": None}, Fit.YES, ""),
        (
            {**people(groups={"include": ["g2"]}), "network": {"connection": "ZONE", "include": ["z1"]}},
            Fit.NO,
            "it is for members of Interns",
        ),
    ],
)
def test_a_rule_fits_a_person_or_not_or_depends_on_what_no_list_tells(conditions: Any, fit: Fit, reason: str) -> None:
    (read,) = read_rules([rule(conditions)], ANN, NAMES)
    assert read.fit is fit
    assert reason in "; ".join(read.reasons)
    assert bool(read.reasons) == (fit is not Fit.YES)


def test_a_person_whose_type_is_unknown_may_or_may_not_be_meant() -> None:
    (read,) = read_rules([rule({"userType": {"include": ["t1"]}})], Person("u1", frozenset()), NAMES)
    assert read.fit is Fit.DEPENDS


def test_the_first_rule_that_surely_fits_decides_unless_one_before_it_does() -> None:
    network = {"network": {"connection": "ZONE", "include": ["z1"]}}
    records = [
        rule(name="last", priority=9),
        rule(name="sure", priority=4),
        rule(network, "DENY", name="maybe", priority=3),
        rule(people(groups={"include": ["g2"]}), name="others", priority=2),
        rule(name="off", priority=1, status="INACTIVE"),
    ]
    rules = read_rules(records, ANN, NAMES)
    assert [each.name for each in rules] == ["off", "others", "maybe", "sure", "last"]
    assert [each.name for each in deciding(rules)] == ["maybe", "sure"]


_ANY_RULE = st.builds(
    rule,
    st.one_of(
        st.none(),
        st.builds(
            lambda i, e: people(groups={"include": i, "exclude": e}),
            st.lists(st.sampled_from(["g1", "g2", "g9"]), max_size=2),
            st.lists(st.sampled_from(["g1", "g2", "g9"]), max_size=2),
        ),
        st.just({"network": {"connection": "ZONE", "include": ["z1"]}}),
    ),
    status=st.sampled_from(["ACTIVE", "INACTIVE"]),
    priority=st.integers(0, 5),
)


@given(records=st.lists(_ANY_RULE, max_size=6))
def test_what_may_decide_ends_with_the_first_sure_one_and_skips_none_before(records: list[dict[str, Any]]) -> None:
    rules = read_rules(records, ANN, NAMES)
    which = deciding(rules)
    assert all(each.fit is Fit.DEPENDS and each.is_active for each in which[:-1])
    sure = [each for each in rules if each.is_active and each.fit is Fit.YES]
    if sure:
        assert which[-1] is sure[0]
    skipped = rules[: rules.index(which[-1])] if which else rules
    assert all(not each.is_active or each.fit is Fit.NO or each in which for each in skipped)


PUSH, KEY, PASSWORD = "push", "webauthn", {"types": ["password"]}


def method(mode: str = "2FA", **constraint: Any) -> dict[str, Any]:
    return {"type": "ASSURANCE", "factorMode": mode, "reauthenticateIn": "PT2H", "constraints": [constraint]}


def means(*kinds: str, password: bool | None = True) -> Means:
    return Means(frozenset(kinds), password)


@pytest.mark.parametrize(
    ("demanded", "has", "enrolled", "by"),
    [
        (method(possession={}), means("sms"), "yes", "password and text message"),
        (method(possession={}), means(), "no", ""),
        (method(possession={}), means("question"), "no", ""),
        (method(possession={}), means("sms", password=None), "unknown", "text message"),
        (method(possession={}), means("sms", "question", password=False), "yes", "security question and text message"),
        (method(possession={"phishingResistant": "REQUIRED"}), means("sms", PUSH), "no", ""),
        (method(possession={"phishingResistant": "REQUIRED"}), means(KEY, PUSH), "yes", "password and WebAuthn"),
        (method(possession={"phishingResistant": "OPTIONAL"}), means("sms"), "yes", "password and text message"),
        (method(possession={"deviceBound": "REQUIRED"}), means("sms"), "unknown", "password and text message"),
        (method(possession={"deviceBound": "REQUIRED"}), means("sms", PUSH), "yes", "password and Okta Verify push"),
        (method(possession={"hardwareProtection": "REQUIRED"}), means(KEY), "unknown", "password and WebAuthn"),
        (method("1FA", knowledge=PASSWORD), means(), "yes", "password"),
        (method("1FA", knowledge=PASSWORD), means(KEY, password=False), "no", ""),
        (method("1FA", knowledge=PASSWORD), Means(None, True), "yes", "password"),
        (method("1FA", possession={}), means("email"), "yes", "email"),
        (method("1FA", possession={}), Means(None, True), "unknown", ""),
        (method("2FA"), means("sms"), "yes", "password and text message"),
        (method("2FA", knowledge=PASSWORD, possession={}), means("sms", password=False), "unknown", "text message"),
    ],
)
def test_a_demand_is_met_by_what_is_enrolled_or_not_or_unknown(
    demanded: dict[str, Any], has: Means, enrolled: str, by: str
) -> None:
    (demand,) = demands_of(demanded, has)
    assert (demand.enrolled, demand.by) == (enrolled, by)


def test_one_of_several_constraints_is_enough_and_each_is_told() -> None:
    two = {**method(), "constraints": [{"possession": {"phishingResistant": "REQUIRED"}}, {"knowledge": PASSWORD}]}
    first, second = demands_of(two, means("sms"))
    assert first.words == "two factors of different kinds, something held that is phishing-resistant"
    assert second.words == "two factors of different kinds, password"
    assert (first.enrolled, second.enrolled) == ("no", "yes")


def test_a_method_of_another_kind_is_said_to_be_not_understood() -> None:
    assert demands_of({"type": "AUTH_METHOD_CHAIN"}, means("sms")) == (
        Demand("a method that is not understood here (AUTH_METHOD_CHAIN)", "unknown", ""),
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [("PT2H", "2 hours"), ("PT1H30M", "1 hour 30 minutes"), ("P1D", "1 day"), ("PT0S", "no time"), ("soon", "soon")],
)
def test_durations_are_told_in_words(text: str, words: str) -> None:
    assert duration_words(text) == words


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PT2H", "again after 2 hours"),
        ("PT0S", "again at every sign-in"),
        ("P43800D", "again never while"),
        (None, "not said"),
    ],
)
def test_how_often_to_sign_in_again(text: str | None, words: str) -> None:
    assert words in reauthentication_words({"reauthenticateIn": text})
