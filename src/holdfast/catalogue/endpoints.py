"""Every read endpoint of Okta's management and governance APIs, as data.

`Catalogue.load()` reads `data/endpoints/*.json` and `data/shapes.json`. Nothing else in Holdfast knows an endpoint by
name: to add one, add its entry to a file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from holdfast.catalogue.shapes import FieldType, Shape
from holdfast.errors import NoEndpoint
from holdfast.sandbox.interface import CostClass

# How an answer that may have more than one page goes on: `link_header` by a `next` link of the response's headers,
# `body_links` by one in its body; `limit_only` cannot go on, and `whole_list` need not.
Paging = Literal["none", "whole_list", "limit_only", "link_header", "body_links"]
Lifecycle = Literal["GA", "LIMITED_GA", "EA", "BETA"]
ParameterType = Literal["text", "whole", "number", "flag", "text_list"]


class _Fact(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PathParameter(_Fact):
    """A part of the path that names one thing."""

    # As Okta's documentation calls it: `userId`.
    name: str
    # As programs call it: `user_id`.
    argument: str
    # Which id is expected, or what else may stand there.
    meaning: str
    # The entity whose endpoints give this id.
    entity: str | None = None


class QueryParameter(_Fact):
    """What may narrow, order or enlarge an answer."""

    name: str
    argument: str
    type: ParameterType = "text"
    required: bool = False
    default: str | int | bool | tuple[str, ...] | None = None
    maximum: int | None = None
    values: tuple[str, ...] = ()
    meaning: str = ""

    @property
    def is_of_host(self) -> bool:
        """Whether the host alone sets it: paging and projection are its own."""
        return self.name in ("after", "limit", "fields")


class Response(_Fact):
    """What one answer holds: one record (or text), or a list of `of`."""

    kind: Literal["record", "list", "text"]
    of: FieldType
    # The field of the body that holds the list; None where the body is the list.
    rows_at: str | None = None


class PageSizes(_Fact):
    """In records. None where Okta says nothing; then no `limit` is sent."""

    default: int | None = None
    maximum: int | None = None


class Endpoint(_Fact):
    """One read of the tenant."""

    # The coroutine's name in programs.
    name: str
    operation_id: str
    method: Literal["GET"] = "GET"
    path: str
    description: str
    # What one record of the answer is, with what it belongs to: `GroupUser` is a user as a member of a group.
    entity: str
    operation: Literal["get", "list"]
    path_parameters: tuple[PathParameter, ...] = ()
    query_parameters: tuple[QueryParameter, ...] = ()
    response: Response
    paging: Paging = "none"
    page_sizes: PageSizes = PageSizes()
    # Okta's published bucket of the rate limit; a tenant's responses may correct it.
    bucket: str
    cost: CostClass
    scopes: tuple[str, ...] = ()
    # Names of endpoints that a program needs beside it, or instead where it tells too little.
    beside: tuple[str, ...] = ()
    deprecated: bool = False
    lifecycle: Lifecycle | None = Field(default=None, description="None where Okta does not say.")

    @property
    def is_paged(self) -> bool:
        """Whether the host may have to ask for more pages."""
        return self.paging in ("link_header", "body_links")


class Catalogue:
    """Endpoints by name, in the order of the data, and the shapes of their answers."""

    def __init__(self, endpoints: Iterable[Endpoint], shapes: Iterable[Shape] = ()) -> None:
        self._endpoints: Mapping[str, Endpoint] = {endpoint.name: endpoint for endpoint in endpoints}
        self._shapes: Mapping[str, Shape] = {shape.name: shape for shape in shapes}

    @staticmethod
    @cache
    def load() -> Catalogue:
        """The catalogue that comes with Holdfast, read once in a process."""
        data = files(__package__).joinpath("data")
        folder = sorted(data.joinpath("endpoints").iterdir(), key=lambda file: file.name)
        endpoints = [one for file in folder for one in _ENDPOINTS.validate_json(file.read_bytes())]
        return Catalogue(endpoints, _SHAPES.validate_json(data.joinpath("shapes.json").read_bytes()))

    def __iter__(self) -> Iterator[Endpoint]:
        return iter(self._endpoints.values())

    def __len__(self) -> int:
        return len(self._endpoints)

    def endpoint(self, name: str) -> Endpoint:
        """Raises NoEndpoint."""
        try:
            return self._endpoints[name]
        except KeyError:
            raise NoEndpoint(f"The catalogue has no endpoint called {name!r}.") from None

    def shape(self, name: str) -> Shape | None:
        """None for a record of which only the name is known."""
        return self._shapes.get(name)


_ENDPOINTS = TypeAdapter(tuple[Endpoint, ...])
_SHAPES = TypeAdapter(tuple[Shape, ...])
