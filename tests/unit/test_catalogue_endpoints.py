"""The catalogue's data holds together, and is Okta's read API."""

from __future__ import annotations

import re

import pytest

from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.shapes import FieldType
from holdfast.errors import NoEndpoint
from holdfast.okta.addresses import checked_path
from holdfast.okta.buckets import published_bucket

CATALOGUE = Catalogue.load()
ENDPOINTS = list(CATALOGUE)
PLACE = re.compile(r"\{(\w+)\}")


def with_ids(path: str) -> str:
    return PLACE.sub("00u1a2B3c4D5e6F7g8h9", path)


def types_of(kind: FieldType) -> list[FieldType]:
    return [kind, *(types_of(kind.items) if kind.items else [])]


def test_there_are_374_reads_each_with_its_own_name_path_and_operation() -> None:
    assert len(ENDPOINTS) == 374
    assert len({endpoint.name for endpoint in ENDPOINTS}) == 374
    assert len({endpoint.path for endpoint in ENDPOINTS}) == 374
    assert {endpoint.method for endpoint in ENDPOINTS} == {"GET"}


def test_every_endpoint_is_whole() -> None:
    for endpoint in ENDPOINTS:
        assert checked_path(with_ids(endpoint.path)), endpoint.name
        assert re.fullmatch(r"(get|list)_[a-z0-9_]+", endpoint.name), endpoint.name
        assert endpoint.name.startswith(endpoint.operation), endpoint.name
        assert re.fullmatch(r"([A-Z][a-z0-9]*)+", endpoint.entity), endpoint.name
        assert [place.name for place in endpoint.path_parameters] == PLACE.findall(endpoint.path), endpoint.name
        assert endpoint.bucket == published_bucket(with_ids(endpoint.path)), endpoint.name
        assert re.fullmatch(r"[A-Z].{8,}[.]", endpoint.description), endpoint.name
        assert all(place.meaning for place in endpoint.path_parameters), endpoint.name
        assert all(query.meaning for query in endpoint.query_parameters), endpoint.name


def test_every_description_is_of_its_own() -> None:
    assert len({endpoint.description for endpoint in ENDPOINTS}) == len(ENDPOINTS)


def test_every_endpoint_agrees_with_itself() -> None:
    for endpoint in ENDPOINTS:
        arguments = [place.argument for place in endpoint.path_parameters]
        arguments += [query.argument for query in endpoint.query_parameters]
        assert len(arguments) == len(set(arguments)), endpoint.name
        assert all(argument.isidentifier() for argument in arguments), endpoint.name
        assert (endpoint.cost == "one_call_each") == bool(endpoint.path_parameters), endpoint.name
        assert endpoint.cost == "one_call_each" or (endpoint.cost == "pages") == endpoint.is_paged, endpoint.name
        assert (endpoint.response.kind == "list") == (endpoint.operation == "list"), endpoint.name
        assert endpoint.response.kind == "list" or endpoint.paging == "none", endpoint.name


def test_page_sizes_are_those_of_the_limit_parameter() -> None:
    for endpoint in ENDPOINTS:
        sizes = endpoint.page_sizes
        limits = [query.maximum for query in endpoint.query_parameters if query.name == "limit"]
        assert (sizes.default or 0) <= (sizes.maximum or 0), endpoint.name
        assert sizes.maximum is None or limits == [sizes.maximum], endpoint.name


def test_every_reference_resolves() -> None:
    entities = {endpoint.entity for endpoint in ENDPOINTS}
    seen: set[str] = set()
    to_see = [endpoint.response.of for endpoint in ENDPOINTS]
    for endpoint in ENDPOINTS:
        assert {place.entity for place in endpoint.path_parameters if place.entity} <= entities, endpoint.name
        assert all(CATALOGUE.endpoint(name).operation == "list" for name in endpoint.beside), endpoint.name
    while to_see:
        for kind in types_of(to_see.pop()):
            if kind.shape is None or kind.shape in seen:
                continue
            seen.add(kind.shape)
            shape = CATALOGUE.shape(kind.shape)
            assert shape is not None, kind.shape
            assert shape.name.isidentifier()
            to_see += shape.fields.values()


def test_measured_page_sizes_are_those_of_the_data() -> None:
    measured = {
        "list_users": (200, 200),
        "list_groups": (200, 200),
        "list_group_users": (1000, 1000),
        "list_applications": (20, 200),
        "list_application_users": (50, 500),
        "list_application_group_assignments": (20, 200),
        "list_devices": (200, 200),
        "list_log_events": (100, 1000),
    }
    found = {name: CATALOGUE.endpoint(name).page_sizes for name in measured}
    assert {name: (sizes.default, sizes.maximum) for name, sizes in found.items()} == measured


def test_an_unknown_name_is_said() -> None:
    with pytest.raises(NoEndpoint, match="delete_user"):
        CATALOGUE.endpoint("delete_user")
