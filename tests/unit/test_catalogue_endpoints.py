"""The catalogue's data holds together, and is Okta's read API."""

from __future__ import annotations

import re

import pytest

from holdfast.catalogue.endpoints import Catalogue, Endpoint
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


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_an_endpoint_is_whole(endpoint: Endpoint) -> None:
    checked_path(with_ids(endpoint.path))
    assert re.fullmatch(r"(get|list)_[a-z0-9_]+", endpoint.name)
    assert endpoint.name.startswith(endpoint.operation)
    assert re.fullmatch(r"([A-Z][a-z0-9]*)+", endpoint.entity)
    assert [place.name for place in endpoint.path_parameters] == PLACE.findall(endpoint.path)
    assert endpoint.bucket == published_bucket(with_ids(endpoint.path))
    assert endpoint.description.endswith(".")
    assert len(endpoint.description) > 15
    assert all(place.meaning for place in endpoint.path_parameters)
    assert all(query.meaning for query in endpoint.query_parameters)


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_an_endpoint_agrees_with_itself(endpoint: Endpoint) -> None:
    arguments = [place.argument for place in endpoint.path_parameters]
    arguments += [query.argument for query in endpoint.query_parameters]
    assert len(arguments) == len(set(arguments))
    assert all(argument.isidentifier() for argument in arguments)
    assert (endpoint.cost == "one_call_each") == bool(endpoint.path_parameters)
    assert endpoint.cost == "one_call_each" or (endpoint.cost == "pages") == endpoint.is_paged
    assert endpoint.response.kind == "list" or endpoint.paging == "none"
    sizes = endpoint.page_sizes
    assert (sizes.default or 0) <= (sizes.maximum or sizes.default or 0)
    if sizes.maximum:
        assert [query.maximum for query in endpoint.query_parameters if query.name == "limit"] == [sizes.maximum]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.name)
def test_every_reference_resolves(endpoint: Endpoint) -> None:
    entities = {one.entity for one in ENDPOINTS}
    assert {place.entity for place in endpoint.path_parameters if place.entity} <= entities
    seen: set[str] = set()
    to_see = [endpoint.response.of]
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
