"""Which paths and links may be asked, and how Link headers are read."""

from __future__ import annotations

from urllib.parse import parse_qsl, unquote, urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from holdfast.errors import OktaRefused, SettingsError
from holdfast.okta.addresses import checked_path, followed_link, next_link, request_url, tenant_origin

ORIGIN = "https://acme.okta.com"
GOOD_PATHS = [
    "/api/v1/users",
    "/api/v1/users/00u1x2/factors",
    "/api/v1/users/isaac.brock@example.com",
    "/api/v1/users/isaac%20brock",
    "/api/v1/iam/assignees/users",
    "/governance/api/v1/campaigns",
    "/oauth2/v1/clients/0oa1/roles",
    "/.well-known/okta-organization",
]


@pytest.mark.parametrize("path", GOOD_PATHS)
def test_paths_of_the_read_api_pass_unchanged(path: str) -> None:
    assert checked_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "api/v1/users",
        "//evil.example/api/v1/users",
        "https://evil.example/api/v1/users",
        "/api/v1/users/",
        "/api/v1//users",
        "/api/v1/../../login/signout",
        "/api/v1/users/..",
        "/api/v1/users/%2e%2E/apps",
        "/api/v1/users/%252e%252e/apps",
        "/api/v1/users/a%2fb",
        "/api/v1/users/a%5cb",
        "/api/v1/users/a;b",
        "/api/v1/users\\..\\x",
        "/api/v1/users?limit=1",
        "/api/v1/users#x",
        "/api/v1/users\r\nX-Evil: 1",
        "/api/v1/users/%0d%0aX",
        "/api/v1/users/%zz",
        "/api/v1/usérs",
        "/login/signout",
        "/oauth2/v1/token",
        "/oauth2/v1/clientsx",
        "/api/v1",
    ],
)
def test_any_other_path_is_refused(path: str) -> None:
    with pytest.raises(OktaRefused):
        checked_path(path)


@given(st.text(max_size=40))
@example("..")
@example("%2e%2e")
@example("a/../b")
def test_whatever_stands_in_a_path_the_request_goes_below_the_same_place_or_nowhere(text: str) -> None:
    try:
        url = request_url(ORIGIN, f"/api/v1/users/{text}/groups", None)
    except OktaRefused:
        return
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc, parts.query, parts.fragment) == ("https", "acme.okta.com", "", "")
    segments = [unquote(unquote(segment)) for segment in parts.path.split("/")]
    assert len(segments) >= 6
    assert not {"", ".", ".."} & set(segments[1:])
    assert not any(ord(letter) < 32 for letter in url)


@given(st.dictionaries(st.text(min_size=1, max_size=10), st.text(min_size=1, max_size=30), max_size=4))
def test_parameters_arrive_as_they_were_given_and_add_none(params: dict[str, str]) -> None:
    encodable = {k: v for k, v in params.items() if _encodable(k + v)}
    url = request_url(ORIGIN, "/api/v1/users", encodable)
    assert url.isascii()
    assert parse_qsl(urlsplit(url).query, keep_blank_values=True) == list(encodable.items())


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


@given(st.text(max_size=80))
@example("https://acme.okta.com@evil.example/api/v1/users")
@example("https://acme.okta.com:444/api/v1/users")
@example("http://acme.okta.com/api/v1/users")
@example("https://acme.okta.com.evil.example/api/v1/users")
@example("\\\\evil.example/api/v1/users")
@example("javascript:alert(1)")
@example("https://[::1/api/v1/users")
def test_a_followed_link_stays_at_the_tenant_or_is_refused(link: str) -> None:
    try:
        url = followed_link(ORIGIN, link)
    except OktaRefused:
        return
    assert url.startswith(ORIGIN + "/")


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/api/v1/users",
        "//evil.example/api/v1/users",
        "http://acme.okta.com/api/v1/users",
        "https://acme.okta.com:444/api/v1/users",
        "https://acme.okta.com@evil.example/api/v1/users",
        "https://me:word@acme.okta.com/api/v1/users",
    ],
)
def test_a_link_that_leads_elsewhere_is_refused_by_the_name_of_the_place(link: str) -> None:
    with pytest.raises(OktaRefused, match=r"leads away from the tenant, to '(evil\.example|acme\.okta\.com)'"):
        followed_link(ORIGIN, link)


def test_a_link_is_followed_with_its_query_as_given_relative_or_absolute() -> None:
    query = "?after=200u%2Babc%3D&limit=200&filter=a,b;c"
    for link in (f"/api/v1/users{query}", f"{ORIGIN}/api/v1/users{query}", f"{ORIGIN}:443/api/v1/users{query}#top"):
        assert followed_link(ORIGIN, link) == f"{ORIGIN}/api/v1/users{query}"


targets = st.text(
    st.characters(blacklist_characters="<>", min_codepoint=33, max_codepoint=126), min_size=1, max_size=40
)


@given(targets, targets, st.booleans(), st.booleans())
def test_the_next_link_is_found_in_one_header_or_two(this: str, following: str, quoted: bool, joined: bool) -> None:
    mark = '"' if quoted else ""
    links = [f"<{this}>; rel={mark}self{mark}", f'<{following}>; title="a, b; rel=x"; rel={mark}next{mark}']
    assert next_link([", ".join(links)] if joined else links) == following
    assert next_link(links[:1]) is None


@given(st.lists(st.text(max_size=60), max_size=3))
def test_no_link_header_can_break_the_reader(headers: list[str]) -> None:
    found = next_link(headers)
    assert found is None or any(found in header for header in headers)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://acme.okta.com", "https://acme.okta.com"),
        ("https://acme.okta.com/", "https://acme.okta.com"),
        ("https://id.acme.example:8443", "https://id.acme.example:8443"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://localhost:9000/", "http://localhost:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_a_tenants_address_is_its_origin(url: str, origin: str) -> None:
    assert tenant_origin(url) == origin


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("acme.okta.com", "https://"),
        ("http://acme.okta.com", "read on the way"),
        ("http://127.0.0.1.evil.example", "read on the way"),
        ("https://acme-admin.okta.com", "-admin"),
        ("https://acme.okta.com/api/v1", "without a path"),
        ("https://user:secret@acme.okta.com", "user name"),
        ("https://acme.okta.com:port", "not a URL"),
        ("", "https://"),
    ],
)
def test_an_address_that_cannot_be_a_tenant_names_the_setting_and_why(url: str, why: str) -> None:
    with pytest.raises(SettingsError, match="HOLDFAST_OKTA__URL") as caught:
        tenant_origin(url)
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)
