"""Whatever a program passes, it asks an endpoint of its step, at that endpoint's place, and nothing else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.api_step.projection import fields_from, projected
from holdfast.api_step.requests import Read, UnreadableThing, read_from
from holdfast.catalogue.endpoints import Catalogue, Endpoint
from holdfast.errors import ProgramFailed
from holdfast.okta.addresses import checked_path

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
NAMES = (
    "list_users",
    "get_user",
    "list_user_factors",
    "list_groups",
    "list_log_events",
    "get_user_factor",
    "list_brands",
)
ENDPOINTS = {name: Catalogue.load().endpoint(name) for name in NAMES}


def read(name: str, path: object = None, query: object = None, **more: object) -> Read:
    arguments = {"path": path or {}, "query": query or {}, "fields": None} | more
    return read_from(name, json.dumps(arguments), ENDPOINTS, NOW)


def test_a_read_is_an_address_with_the_largest_page() -> None:
    found = read("list_users", query={"search": 'status eq "ACTIVE"'})
    assert (found.path, found.params) == ("/api/v1/users", {"search": 'status eq "ACTIVE"', "limit": 200})
    factors = read("list_user_factors", {"userId": "00u1"})
    assert (factors.path, factors.subject) == ("/api/v1/users/00u1/factors", "00u1")


@pytest.mark.parametrize("endpoint", list(Catalogue.load()), ids=lambda endpoint: endpoint.name)
def test_every_endpoint_of_the_catalogue_can_be_asked(endpoint: Endpoint) -> None:
    path = {one.name: "00u1abcDEF" for one in endpoint.path_parameters}
    query = {one.name: SAMPLES[one.type] for one in endpoint.query_parameters if one.required and not one.is_of_host}
    allowed = {one.name: one.values[0] for one in endpoint.query_parameters if one.name in query and one.values}
    arguments = {"path": path, "query": query | allowed, "fields": None}
    found = read_from(endpoint.name, json.dumps(arguments), {endpoint.name: endpoint}, NOW)
    assert found.path.count("00u1abcDEF") == len(path)
    assert "{" not in found.path


SAMPLES = {"text": "x", "whole": 1, "number": 1.5, "flag": True, "text_list": ["x"]}

HOSTILE = [
    "",
    ".",
    "..",
    "../../api/v1/groups",
    "00u1/../../groups",
    "%2e%2e",
    "%252e%252e",
    "%2f",
    "00u1%2Ffactors",
    "00u1%252Ffactors",
    "00u1\r\nHost: evil.example",
    "00u1\x00",
    "a\\b",
    "00u1;jsessionid=1",
    "x" * 600,
]


@pytest.mark.parametrize("value", HOSTILE)
def test_a_value_that_would_be_another_place_is_no_id_of_anything(value: str) -> None:
    with pytest.raises(UnreadableThing, match="cannot be the id of anything"):
        read("list_user_factors", {"userId": value})


@pytest.mark.parametrize(
    "value", ["00u1?limit=1", "00u1#top", "isaac#EXT#@acme.example", "a b", "zoë@example.com", "1+1"]
)
def test_what_means_something_in_an_address_is_quoted(value: str) -> None:
    path = read("get_user", user(value)).path
    assert path.startswith("/api/v1/users/")
    assert not set("?#; ") & set(path)
    assert unquote(path.removeprefix("/api/v1/users/")) == value


def user(value: str) -> dict[str, str]:
    return {ENDPOINTS["get_user"].path_parameters[0].name: value}


@given(value=st.text(max_size=60))
def test_no_text_leaves_the_endpoints_place(value: str) -> None:
    try:
        path = read("list_user_factors", {"userId": value}).path
    except UnreadableThing:
        return
    head, *middle, tail = path.removeprefix("/api/v1/").split("/")
    assert (head, tail, len(middle)) == ("users", "factors", 1)
    assert path == checked_path(path)
    assert unquote(middle[0]) == value


@given(first=st.text(max_size=20), second=st.text(max_size=20))
def test_no_value_takes_the_place_of_another_one(first: str, second: str) -> None:
    try:
        path = read("get_user_factor", {"userId": first, "factorId": second}).path
    except UnreadableThing:
        return
    assert [unquote(part) for part in path.split("/")[4:]] == [first, "factors", second]


@pytest.mark.parametrize(
    ("name", "arguments", "said"),
    [
        ("delete_user", {}, "'delete_user' is not among what this step may read"),
        ("get_user_page", {}, "not among what this step may read"),
        ("list_users_page_page", {}, "not among what this step may read"),
        ("list_users", {"query": {"limit": 1}}, "has no parameter 'limit' that a program may set"),
        ("list_users", {"query": {"after": "x"}}, "has no parameter 'after'"),
        ("list_users", {"query": {"secret": "x"}}, "has no parameter 'secret'"),
        ("list_users", {"query": {"search": 7}}, "cannot be its parameter"),
        ("list_users", {"query": {"search": None}}, "cannot be its parameter"),
        ("list_users", {"query": {"search": ["a"]}}, "cannot be its parameter"),
        ("list_users", {"query": {"search": "x" * 20_000}}, "cannot be its parameter"),
        ("list_brands", {"query": {"expand": ["themes", "secrets"]}}, "'expand' may be themes, .* not secrets"),
        ("list_users", {"path": {"userId": "00u1"}}, "needs no ids"),
        ("list_user_factors", {"path": {}}, "needs userId"),
        ("list_user_factors", {"path": {"userId": 7}}, "arguments that it does not take"),
        ("list_users", {"cursor": "abc"}, "takes no cursor"),
        ("list_users", {"method": "DELETE"}, "arguments that it does not take"),
        ("list_users", {"fields": "id"}, "arguments that it does not take"),
        ("list_users", {"fields": ["id"] * 1_000}, "arguments that it does not take"),
    ],
)
def test_what_no_checked_program_asks_ends_it_and_says_why(name: str, arguments: dict[str, object], said: str) -> None:
    with pytest.raises(ProgramFailed, match=said):
        read(name, **arguments)


@given(text=st.text(max_size=80))
def test_text_that_is_no_call_ends_the_program(text: str) -> None:
    with pytest.raises(ProgramFailed):
        read_from("list_users", text, ENDPOINTS, NOW)


def test_a_log_is_read_to_the_moment_the_step_began() -> None:
    assert read("list_log_events").params["until"] == "2026-11-01T12:00:00.000000Z"
    until = "2026-10-01T00:00:00Z"
    assert read("list_log_events", query={"until": until}).params["until"] == until


def test_the_same_question_has_the_same_name_and_every_other_another() -> None:
    one = read("list_user_factors", {"userId": "00u1"})
    assert one.asked == read("list_user_factors", {"userId": "00u1"}).asked
    others = [
        read("list_user_factors", {"userId": "00u2"}),
        read("list_user_factors", {"userId": "00u1"}, fields=["id"]),
        read("get_user", user("00u1")),
        read("list_users"),
        read("list_users_page"),
        read("list_users_page", cursor="abc"),
        read("list_users", query={"search": "x"}),
    ]
    assert len({one.asked, *(other.asked for other in others)}) == 1 + len(others)


USER = {
    "id": "00u1",
    "profile": {"login": "ada", "city": "Rome"},
    "tags": [{"a": 1, "b": 2}, {"b": 3}],
    "boss": None,
}


@pytest.mark.parametrize(
    ("fields", "kept"),
    [
        (["id"], {"id": "00u1"}),
        (["profile.login"], {"profile": {"login": "ada"}}),
        (["profile", "profile.login"], {"profile": USER["profile"]}),
        (["profile.login", "profile"], {"profile": USER["profile"]}),
        (["tags.a"], {"tags": [{"a": 1}, {}]}),
        (["boss.id", "nothing", "id.too.deep"], {"boss": None, "id": "00u1"}),
        ([], {}),
    ],
)
def test_only_the_named_fields_are_kept_nested_as_they_were(fields: list[str], kept: object) -> None:
    assert projected(USER, fields_from(fields)) == kept
    assert projected([USER], fields_from(fields)) == [kept]
    assert projected(USER, None) == USER
