"""Pages put together are the list, whatever their size, and even while the list changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from holdfast.demo import Company, make_company
from holdfast.demo.links import Presenter
from holdfast.demo.paging import Listing, PageSizes, page
from holdfast.demo.replies import ApiError, Call, Reply
from holdfast.demo.shifts import Shifts

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


@given(st.integers(1, 9), st.integers(0, 60), st.floats(0, 1), st.integers(0, 3), st.integers(1, 3))
def test_shifting_pages_hold_everything_in_order_and_never_more_than_asked_for(
    limit: int, length: int, share: float, seed: int, readings: int
) -> None:
    shifts = Shifts(seed, share)
    read: list[str] = []
    url: str | None = f"http://demo/api/v1/things?limit={limit}"
    while url:
        for _ in range(readings):
            asked = replace(call(url), shifts=shifts)
            reply = page(asked, SIZES, Listing(IDS[:length], lambda item: {"id": item}))
        assert len(reply.body) <= limit
        read += ids_of(reply)
        url = reply.next_page
    assert list(dict.fromkeys(read)) == list(IDS[:length])
    assert read == sorted(read)


def test_a_page_that_shifts_differs_between_two_reads() -> None:
    shifting = replace(call("http://demo/api/v1/things?limit=3"), shifts=Shifts(0, 1.0))
    listing = Listing(IDS, lambda item: {"id": item})
    assert [len(page(shifting, SIZES, listing).body) for _ in range(4)] == [2, 3, 2, 3]


def test_what_was_deleted_while_one_reads_does_not_come_back_on_the_next_page() -> None:
    shifting = replace(call("http://demo/api/v1/things?limit=3&after=00002"), shifts=Shifts(0, 1.0))
    without = tuple(name for name in IDS if name != "00002")
    assert "00002" not in ids_of(page(shifting, SIZES, Listing(without, lambda item: {"id": item})))


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
