"""Pages put together are the list, whatever their size, and even while the list changes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from holdfast.demo import Company, make_company
from holdfast.demo.links import Presenter
from holdfast.demo.paging import Listing, PageSizes, page
from holdfast.demo.replies import ApiError, Call, Reply

SIZES = PageSizes(usual=7, most=50)
COMPANY = make_company(5, 60, now=datetime(2026, 11, 21, tzinfo=UTC))
IDS = tuple(sorted(f"{number:05d}" for number in range(120)))


def call(url: str, company: Company = COMPANY) -> Call:
    address = URL(url)
    return Call(company, Presenter(company, "http://demo"), address.query, {}, address)


def ask(url: str, ids: Sequence[str] = IDS, *, in_id_order: bool = True) -> Reply:
    return page(call(url), SIZES, Listing(ids, lambda item: {"id": item}, in_id_order=in_id_order))


def ids_of(reply: Reply) -> list[str]:
    return [record["id"] for record in reply.body]


@given(st.integers(1, SIZES.most), st.integers(0, 120))
def test_following_next_reads_every_record_once(limit: int, length: int) -> None:
    read: list[str] = []
    url: str | None = f"http://demo/api/v1/things?limit={limit}"
    while url:
        reply = ask(url, IDS[:length])
        assert len(reply.body) <= limit
        read += ids_of(reply)
        url = reply.next_page
    assert read == list(IDS[:length])


@given(st.integers(1, 20), st.sets(st.sampled_from(IDS)), st.integers(0, 5))
def test_a_list_that_changes_while_it_is_read_repeats_and_skips_nothing_that_stayed(
    limit: int, gone: set[str], after_pages: int
) -> None:
    read: list[str] = []
    url: str | None = f"http://demo/api/v1/things?limit={limit}"
    pages = 0
    while url:
        now = IDS if pages < after_pages else tuple(i for i in IDS if i not in gone)
        reply = ask(url, now)
        read += ids_of(reply)
        url, pages = reply.next_page, pages + 1
    assert len(read) == len(set(read))
    assert set(IDS) - gone <= set(read)


def test_a_full_last_page_has_no_next() -> None:
    assert ask("http://demo/things?limit=50", IDS[:50]).next_page is None


def test_without_a_limit_a_page_has_the_usual_size() -> None:
    assert len(ask("http://demo/things").body) == SIZES.usual


def test_next_keeps_every_other_parameter() -> None:
    following = ask('http://demo/things?limit=2&search=status eq "A"').next_page
    assert following is not None
    assert URL(following).query == {"limit": "2", "search": 'status eq "A"', "after": "00001"}


def test_a_list_in_an_order_of_its_own_pages_in_that_order() -> None:
    backwards = tuple(reversed(IDS[:5]))
    first = ask("http://demo/things?limit=3", backwards, in_id_order=False)
    assert first.next_page
    assert ids_of(first) + ids_of(ask(first.next_page, backwards, in_id_order=False)) == list(backwards)


@pytest.mark.parametrize("limit", ["0", "51", "-1", "ten", "", "1.5", "٣"])
def test_a_limit_outside_the_sizes_is_refused(limit: str) -> None:
    with pytest.raises(ApiError) as refused:
        ask(f"http://demo/things?limit={limit}")
    assert (refused.value.code, refused.value.status) == ("E0000001", 400)


@pytest.mark.parametrize("cursor", ["", "../etc", "a b"])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(ApiError):
        ask(str(URL("http://demo/things").with_query(after=cursor)))
