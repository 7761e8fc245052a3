"""Questions about access whose answer has one row for each path: directly, or through a group."""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.offline.grammar.combining import all_of, any_of
from holdfast.offline.meaning import AllOf, Condition, Linked, Named, Paths, RolePaths, Selection
from holdfast.offline.meaning.links import HELD, HOLDING, LINKS, OPENED, OPENING, ROLE_WAYS, WAYS, Kind, Link

_LINKS = {Kind.PERSON: OPENING, Kind.APPLICATION: OPENED}


def access_paths(subject: Selection) -> Paths | None:
    """The paths, where the question is about access to one of some named applications, or of one of some people."""
    access, others = _access(subject)
    # "With users" says that somebody can open it, and nothing of whose paths are asked for.
    whose = [linked for linked in access if linked.target.where is not None]
    if len(whose) != 1 or not isinstance(whose[0].target.where, Named):
        return None
    rest = [*others, *(linked for linked in access if linked.target.where is None)]
    return _paths(Selection(kind=subject.kind, where=all_of(rest)), whose[0].target, whose[0].link)


def every_path(subject: Selection) -> Paths | None:
    """The paths to everything that the question says can be opened; None where it says nothing of the kind."""
    access, others = _access(subject)
    if len(access) == 1:
        return _paths(Selection(kind=subject.kind, where=all_of(others)), access[0].target, access[0].link)
    if len({linked.link for linked in access}) != 1:
        return None
    wanted = [linked.target.where for linked in access]
    named = [where for where in wanted if where is not None]
    target = Selection(kind=access[0].target.kind, where=any_of(named) if len(named) == len(wanted) else None)
    return _paths(subject, target, access[0].link)


def _access(subject: Selection) -> tuple[list[Linked], Sequence[Condition]]:
    """What the subjects must be able to open (or be opened by), and what else holds of them."""
    links = _LINKS.get(subject.kind, frozenset())
    where = subject.where
    parts = where.conditions if isinstance(where, AllOf) else () if where is None else (where,)
    access = [p for p in parts if isinstance(p, Linked) and p.link in links and (p.at_least, p.at_most) == (1, None)]
    return access, [p for p in parts if p not in access]


def _paths(subject: Selection, target: Selection, link: Link) -> Paths:
    if subject.kind is Kind.PERSON:
        return Paths(people=subject, applications=target, focus=Kind.PERSON, way=WAYS[link])
    return Paths(people=target, applications=subject, focus=Kind.APPLICATION, way=WAYS[LINKS[link].inverse])


def role_paths(subject: Selection) -> RolePaths | None:
    """The paths to the admin roles that the question says are held; None where it says nothing of the kind."""
    links = {Kind.PERSON: HOLDING, Kind.ROLE: HELD}.get(subject.kind, frozenset())
    where = subject.where
    parts = where.conditions if isinstance(where, AllOf) else () if where is None else (where,)
    held = [p for p in parts if isinstance(p, Linked) and p.link in links and (p.at_least, p.at_most) == (1, None)]
    if len(held) != 1:
        return None
    rest = Selection(kind=subject.kind, where=all_of([p for p in parts if p not in held]))
    target, link = held[0].target, held[0].link
    if subject.kind is Kind.PERSON:
        return RolePaths(people=rest, roles=target, focus=Kind.PERSON, way=ROLE_WAYS[link])
    return RolePaths(people=target, roles=rest, focus=Kind.ROLE, way=ROLE_WAYS[LINKS[link].inverse])
