"""Families of the tenant as data: where a list and its single objects are served, and how they are found.

Most of Okta's endpoints are a list, or one thing of it by its id. A `Collection` says both with one value, a `Single`
is a thing that the tenant has once, and `absent` is a feature that the company has not switched on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Collection as Some
from dataclasses import dataclass, field
from types import MappingProxyType

from holdfast.demo.company import Company
from holdfast.demo.filters import Grammar, compiled
from holdfast.demo.paging import Listing, PageSizes, cut, page
from holdfast.demo.records import Record
from holdfast.demo.replies import ApiError, Call, Reply, Route, not_found
from holdfast.demo.user_endpoints import user_id

# What the parameters of a path stand for: parameter → id.
Ids = Mapping[str, str]
Records = Mapping[str, Record]
# The lines of a family in the export, for a tenant at the address given.
Rows = Callable[[Company, str], Iterable[Record]]
FILTER_OPERATORS = frozenset({"eq", "sw", "co", "ne", "gt", "ge", "lt", "le"})


def _alone(_: Company) -> Iterable[Ids]:
    return ({},)


def by_id(records: Iterable[Record]) -> dict[str, Record]:
    """The records by their `id`, in the order of their ids."""
    return {record["id"]: record for record in sorted(records, key=lambda record: str(record["id"]))}


def known(records: Records, name: str, kind: str) -> Record:
    """The record of that id. ApiError (404) where there is none: `kind` says what was looked for."""
    if name not in records:
        raise not_found(name, kind)
    return records[name]


@dataclass(frozen=True)
class Collection:
    """A list at `path` and its things at `path/{id}`.

    `records` gives the things by id for the parents that `path` names, and raises ApiError (404) for an unknown one;
    people, groups, applications, policies and devices are looked up before it is called. `parents` names all of them,
    so that everything can be walked. Whoever asks with a query that `searched` (type-ahead `q`), `equal` or `grammar`
    (`filter`) know gets what passes.
    """

    path: str
    kind: str
    # None: anyone may read it.
    scope: str | None
    records: Callable[[Company, Ids], Records]
    parents: Callable[[Company], Iterable[Ids]] = _alone
    # None: the whole list at once.
    sizes: PageSizes | None = None
    # The list stands in an object, under this name, and pages through that object's `_links`.
    body_key: str | None = None
    grammar: Grammar | None = None
    searched: tuple[str, ...] = ()
    # Query parameter → the attribute that it must equal.
    equal: Ids = field(default_factory=lambda: MappingProxyType({}))
    needs: tuple[str, ...] = ()
    # What a thing may be called beside its id.
    names: Callable[[Record], Some[str]] = lambda _: ()
    # Some of Okta's families write it `_link`; None: no links.
    link_field: str | None = "_links"
    # Sub-paths that the links name, and `activate` or `deactivate` by status.
    below: tuple[str, ...] = ()
    lifecycle: bool = False

    def routes(self, *, things: bool = True) -> tuple[Route, ...]:
        """The list's route, and that of a thing unless `things` is false."""
        listing = Route(self.path, self._list, self.scope)
        return (listing, Route(f"{self.path}/{{id}}", self._get, self.scope)) if things else (listing,)

    def thing_route(self) -> Route:
        """The route of a thing alone, for lists that are served elsewhere."""
        return Route(f"{self.path}/{{id}}", self._get, self.scope)

    def served(self, name: str, record: Record, url: str, ids: Ids) -> Record:
        """The record with its links, for a tenant at `url`. One that has links brings them without the tenant's."""
        if self.link_field is None:
            return record
        if self.link_field in record:
            own = record[self.link_field].items()
            return {**record, self.link_field: {name: {"href": f"{url}{link['href']}"} for name, link in own}}
        address = f"{url}{self.path.format(**ids)}/{name}"
        links: Record = {"self": {"href": address, "hints": {"allow": ["GET"]}}}
        links |= {part.rpartition("/")[2]: {"href": f"{address}/{part}"} for part in self.below}
        if self.lifecycle:
            step = "deactivate" if record.get("status") == "ACTIVE" else "activate"
            links[step] = {"href": f"{address}/lifecycle/{step}", "hints": {"allow": ["POST"]}}
        return {**record, self.link_field: links}

    def rows(self, company: Company, url: str) -> Iterator[Record]:
        """Everything in it, parent by parent, each with the ids of its parents as `…_id`."""
        for ids in self.parents(company):
            parents = {f"{parent}_id": value for parent, value in ids.items()}
            for name, record in self.records(company, ids).items():
                yield {**parents, **self.served(name, record, url, ids)}

    def _list(self, call: Call) -> Reply:
        for name in self.needs:
            if not call.query.get(name):
                raise ApiError("E0000028", cause=f"{name}: is required")
        ids, url = resolved(call), str(call.url.origin())
        records = self.records(call.company, ids)

        def show(name: str) -> Record:
            return self.served(name, records[name], url, ids)

        keep = self._test(call.query)
        listing = Listing(tuple(records), show, (lambda name: keep(records[name])), in_id_order=False)
        if self.body_key is not None:
            return self._in_body(call, listing)
        if self.sizes is None:
            return Reply([show(name) for name, record in records.items() if keep(record)])
        return page(call, self.sizes, listing)

    def _in_body(self, call: Call, listing: Listing) -> Reply:
        everything = PageSizes(len(listing.ids) + 1, max(1000, len(listing.ids)))
        names, cursor = cut(call, self.sizes or everything, listing)
        links: Record = {"self": {"href": str(call.url)}}
        if cursor:
            links["next"] = {"href": str(call.url.update_query(after=cursor))}
        return Reply({str(self.body_key): [listing.show(name) for name in names], "_links": links})

    def _test(self, query: Mapping[str, str]) -> Callable[[Record], bool]:
        start = query.get("q", "").casefold() if self.searched else ""
        wanted = {attribute: query[name] for name, attribute in self.equal.items() if query.get(name)}
        test = compiled(query["filter"], self.grammar) if self.grammar and query.get("filter") else None

        def passes(record: Record) -> bool:
            found = not start or any(str(record.get(a, "")).casefold().startswith(start) for a in self.searched)
            same = all(str(record.get(attribute)) == value for attribute, value in wanted.items())
            return found and same and (test is None or test(record))

        return passes

    def _get(self, call: Call) -> Reply:
        ids, asked = resolved(call), call.path["id"]
        records = self.records(call.company, ids)
        named = [name for name, record in records.items() if asked == name or asked in self.names(record)]
        if not named:
            raise not_found(asked, self.kind)
        return Reply(self.served(named[0], records[named[0]], str(call.url.origin()), ids))


@dataclass(frozen=True)
class Single:
    """Something the tenant has once, or once for each of the parents that `path` names."""

    path: str
    scope: str | None
    record: Callable[[Company, Ids], Record]
    linked: bool = True
    needs: tuple[str, ...] = ()

    def routes(self) -> tuple[Route, ...]:
        """Its route."""
        return (Route(self.path, self._get, self.scope),)

    def served(self, company: Company, url: str, ids: Ids) -> Record:
        """The record with its links, for a tenant at `url`."""
        record = self.record(company, ids)
        if not self.linked:
            return record
        return {**record, "_links": {"self": {"href": f"{url}{self.path.format(**ids)}"}}}

    def rows(self, company: Company, url: str) -> Iterator[Record]:
        """The record alone, for what the tenant has once."""
        yield self.served(company, url, {})

    def _get(self, call: Call) -> Reply:
        for name in self.needs:
            if not call.query.get(name):
                raise ApiError("E0000028", cause=f"{name}: is required")
        return Reply(self.served(call.company, str(call.url.origin()), resolved(call)))


def absent(scope: str | None, *paths: str) -> tuple[Route, ...]:
    """Routes of a feature that the company has not switched on: 401 E0000015, which is no bad token."""
    return tuple(Route(path, _absent, scope) for path in paths)


def _absent(_: Call) -> Reply:
    raise ApiError("E0000015")


_PARENTS: Mapping[str, tuple[Callable[[Company], Some[str]], str]] = MappingProxyType(
    {
        "app": (lambda company: company.apps, "AppInstance"),
        "group": (lambda company: company.groups, "UserGroup"),
        "policy": (lambda company: company.policies, "Policy"),
        "device": (lambda company: company.devices, "Device"),
    }
)


def resolved(call: Call) -> Ids:
    """The parameters of the path as ids; a person may be named as Okta allows. ApiError (404) for an unknown parent."""
    ids = dict(call.path)
    for name, value in ids.items():
        if name == "user":
            ids[name] = user_id(call)
        elif name in _PARENTS:
            there, kind = _PARENTS[name]
            if value not in there(call.company):
                raise not_found(value, kind)
    return ids


def linked(path: str) -> Record:
    """The links of a record whose home is elsewhere: at `path` of the tenant."""
    return {"_links": {"self": {"href": path}}}


def of_users(company: Company) -> Iterable[Ids]:
    """Everybody, as parents of a collection."""
    return ({"user": user} for user in company.users)


def of_apps(company: Company) -> Iterable[Ids]:
    """Every application, as parents of a collection."""
    return ({"app": app} for app in company.apps)
