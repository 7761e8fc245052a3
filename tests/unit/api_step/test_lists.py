"""Lists in pages: no row twice where the tenant's list moves, no end that never comes, no cursor that was made up."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.api_step.lists import Chain, Cursors, Position, joined, kept_page, kept_record
from holdfast.catalogue.endpoints import Catalogue
from holdfast.errors import OktaServerError, ProgramFailed
from holdfast.okta import Reading

USERS, USER, ASSIGNEES, METADATA = (
    Catalogue.load().endpoint(name)
    for name in ("list_users", "get_user", "list_role_assigned_users", "get_application_saml_metadata")
)
MORE = "https://acme.okta.com/api/v1/users?after=1"


def reading(body: Any, following: str | None = None) -> Reading:
    content = body if isinstance(body, bytes) else orjson.dumps(body)
    return Reading(content, following, "https://acme.okta.com/api/v1/users", "application/json")


def ids_of(text: bytes) -> list[str]:
    return [row["id"] for row in orjson.loads(text)]


@given(pages=st.lists(st.lists(st.integers(0, 20), max_size=6), min_size=1, max_size=5))
def test_a_row_that_moved_to_a_later_page_is_not_there_twice_and_none_is_lost(pages: list[list[int]]) -> None:
    chain, texts = Chain(), []
    for number, page in enumerate(pages):
        following = MORE if number + 1 < len(pages) else None
        rows = [{"id": str(one)} for one in dict.fromkeys(page)]
        texts.append(kept_page(reading(rows, following), USERS, None, chain, number).text)
    found = ids_of(joined(texts))
    assert len(found) == len(set(found))
    assert set(found) == {str(one) for page in pages for one in page}


def test_rows_of_one_page_and_rows_without_an_id_are_all_kept() -> None:
    chain = Chain()
    rows = [{"id": "1", "n": 1}, {"id": "1", "n": 2}, {"uuid": "x"}, {"uuid": "x"}, "text"]
    assert orjson.loads(kept_page(reading(rows, MORE), USERS, None, chain, 0).text) == rows
    assert orjson.loads(kept_page(reading(rows), USERS, None, chain, 1).text) == rows[2:]


def test_a_page_that_is_read_again_has_its_rows_again() -> None:
    chain = Chain()
    first = kept_page(reading([{"id": "1"}], MORE), USERS, None, chain, 0)
    kept_page(reading([{"id": "2"}]), USERS, None, chain, 1)
    assert kept_page(reading([{"id": "1"}], MORE), USERS, None, chain, 0) == first


def test_what_a_kept_page_held_is_known_to_the_pages_after_it_also_without_its_ids_in_the_rows() -> None:
    kept = kept_page(reading([{"id": "1", "status": "ACTIVE"}], MORE), USERS, {"status": None}, Chain(), 0)
    assert kept.text == b'[{"status":"ACTIVE"}]'
    resumed = Chain()
    resumed.note(0, kept.ids)
    assert kept_page(reading([{"id": "1"}, {"id": "2"}]), USERS, None, resumed, 1).text == b'[{"id":"2"}]'


def test_a_list_inside_an_object_stands_where_the_catalogue_says() -> None:
    body = {"value": [{"id": "1"}], "others": [1], "_links": {"next": {"href": MORE}}}
    kept = kept_page(reading(body), ASSIGNEES, None, Chain(), 0)
    assert (ids_of(kept.text), kept.following) == (["1"], MORE)


@pytest.mark.parametrize("body", [{"id": "1"}, {"value": None}, "text", 7, None, b"<html>", b"[", b""])
def test_what_is_no_list_is_trouble_and_never_an_empty_list(body: Any) -> None:
    for endpoint in (USERS, ASSIGNEES):
        with pytest.raises(OktaServerError):
            kept_page(reading(body), endpoint, None, Chain(), 0)


def test_a_record_is_given_as_it_came_and_what_is_none_is_trouble() -> None:
    assert kept_record(reading(b'{"id": "1",  "x": 1.50}'), USER, None).text == b'{"id": "1",  "x": 1.50}'
    assert kept_record(reading({"id": "1", "x": 1}), USER, {"id": None}).text == b'{"id":"1"}'
    assert kept_record(reading(b"<md:EntityDescriptor/>"), METADATA, None).text == b'"<md:EntityDescriptor/>"'
    with pytest.raises(OktaServerError):
        kept_record(reading(b"<html>"), USER, None)


def test_a_list_that_leads_back_to_itself_has_no_end() -> None:
    chain = Chain()
    assert not chain.comes_back(0, "a")
    assert not chain.comes_back(1, "b")
    assert not chain.comes_back(0, "a")
    assert chain.comes_back(2, "a")


def test_cursors_are_the_same_when_a_program_runs_again_and_belong_to_their_list() -> None:
    position = Position("list_group_users", "/groups/a/users", Chain(), 1, MORE)
    one, other = Cursors(), Cursors()
    cursor = one.made("asked", position)
    assert cursor == other.made("asked", position)
    assert cursor != other.made("asked something else", position)
    assert one.position("list_group_users", "/groups/a/users", cursor) is position
    for endpoint, path, text in (
        ("list_groups", "/groups/a/users", cursor),
        ("list_group_users", "/groups/b/users", cursor),
        ("list_group_users", "/groups/a/users", "x"),
        ("list_group_users", "/groups/a/users", MORE),
        ("list_group_users", "/groups/a/users", ""),
    ):
        with pytest.raises(ProgramFailed, match="is no cursor of"):
            one.position(endpoint, path, text)


@given(st.lists(st.lists(st.dictionaries(st.text(max_size=3), st.booleans()), max_size=4), max_size=4))
def test_pages_are_joined_as_one_list(pages: list[list[dict[str, bool]]]) -> None:
    assert orjson.loads(joined([orjson.dumps(page) for page in pages])) == [row for page in pages for row in page]
