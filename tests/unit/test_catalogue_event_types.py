"""The log's event types by category."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from holdfast.catalogue.event_types import event_categories, event_types
from holdfast.errors import UnknownEventCategory


def test_every_category_has_a_name_a_description_and_types() -> None:
    for category in event_categories():
        assert re.fullmatch(r"[a-z0-9_]+", category.name)
        assert category.description.endswith(".")
        assert category.types
        assert list(category.types) == sorted(set(category.types))
        assert all(re.fullmatch(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)+", one) for one in category.types)


def test_all_documented_types_are_in_some_category() -> None:
    names = [category.name for category in event_categories()]
    assert len(names) == len(set(names))
    assert len(event_types(names)) == 1178


def test_the_documentation_shows_the_categories_there_are() -> None:
    page = (Path(__file__).parents[2] / "docs" / "catalogue.md").read_text(encoding="utf-8")
    shown = re.findall(r"^\| `(\w+)` \| (.*) \|$", page, re.M)
    assert shown == [(category.name, category.description) for category in event_categories()]


@pytest.mark.parametrize(
    ("category", "some"),
    [
        ("sign_in", {"user.session.start", "user.authentication.auth_via_mfa"}),
        ("application_sign_on", {"user.authentication.sso"}),
        ("mfa", {"user.mfa.okta_verify.deny_push"}),
        ("factor_lifecycle", {"user.mfa.factor.activate", "user.mfa.factor.reset_all"}),
        ("user_lifecycle", {"user.lifecycle.suspend", "user.lifecycle.create"}),
        ("group_membership", {"group.user_membership.add"}),
        ("application_access", {"application.user_membership.add", "group.application_assignment.add"}),
        ("policy_changes", {"policy.rule.update", "policy.lifecycle.update"}),
        ("admin_roles", {"user.account.privilege.grant", "group.privilege.grant", "iam.role.create"}),
        ("api_tokens", {"system.api_token.create", "system.api_token.revoke"}),
        ("oauth_consent", {"app.oauth2.as.consent.grant"}),
        ("support_access", {"user.session.impersonation.initiate"}),
        ("rate_limits", {"system.org.rate_limit.violation", "core.concurrency.org.limit.violation"}),
        ("security_threats", {"security.threat.detected", "security.request.blocked"}),
        ("hooks", {"event_hook.created", "inline_hook.executed"}),
        ("network_zones", {"zone.update"}),
        ("devices", {"device.enrollment.create"}),
        ("directory_agents", {"system.agent.ad.start"}),
    ],
)
def test_a_category_holds_what_it_says(category: str, some: set[str]) -> None:
    assert some <= set(event_types([category]))


def test_categories_together_give_each_type_once() -> None:
    both = event_types(["sign_in", "mfa"])
    assert list(both) == sorted(set(event_types(["sign_in"])) | set(event_types(["mfa"])))
    assert event_types([]) == ()


def test_a_category_may_be_written_as_people_write() -> None:
    assert event_types(["Sign-in "]) == event_types(["sign_in"]) == event_types(["sign in"])


@pytest.mark.parametrize(
    ("category", "nearest"), [("admin_role", "admin_roles"), ("group changes", "group_membership")]
)
def test_an_unknown_category_names_the_nearest(category: str, nearest: str) -> None:
    with pytest.raises(UnknownEventCategory, match=f"nearest are: .*{nearest}"):
        event_types([category])


def test_a_category_like_none_is_answered_with_all_there_are() -> None:
    with pytest.raises(UnknownEventCategory, match="There are: sign_in, "):
        event_types(["qqq"])
