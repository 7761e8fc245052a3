"""Questions that a special tool answers: whether and how somebody can open an application, how risky sign-ins are."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from holdfast.offline.grammar.names import PARTLY_COST, thing
from holdfast.offline.grammar.questions import asked_from, endings
from holdfast.offline.grammar.windows import window
from holdfast.offline.live.plans import READ_BY
from holdfast.offline.meaning import AllOf, Asked, Linked, Named
from holdfast.offline.meaning.links import Kind, Link
from holdfast.offline.reading.parse import Parse, Read
from holdfast.offline.reading.tokens import tokenise
from holdfast.offline.wording import Wording
from holdfast.plan import Plan, SpecialStep

_KINDS: Final = {"{person}": Kind.PERSON, "{application}": Kind.APPLICATION}
# What the tools call whom and what they are asked about, and how a plan calls them.
_PARAMETERS: Final = {Kind.PERSON: "user", Kind.APPLICATION: "application"}
_MOST_DAYS: Final = 90


class Called(NamedTuple):
    """A tool with whom and what it is asked about; `days` back, where that was said."""

    tool: str
    things: tuple[tuple[Kind, Named], ...]
    days: int | None = None


class _Form(NamedTuple):
    parts: tuple[str, ...]
    windowed: bool


@cache
def _forms() -> Mapping[str, tuple[_Form, ...]]:
    data = tomllib.loads(files(__package__).joinpath("special.toml").read_text(encoding="utf-8"))
    return {
        tool: tuple(_Form(tuple(form.split()), facts.get("windowed", False)) for form in facts["forms"])
        for tool, facts in data.items()
    }


def special_question(parse: Parse) -> Plan | None:
    """The plan that calls a tool; None where the question asks for none, or names not one person."""
    found = {
        read.value
        for begin in {0, *asked_from(parse)}
        for read in _called(parse, begin)
        if any(parse.at_end(end) for end in endings(parse, read.end))
    }
    return special_plan(found.pop()) if len(found) == 1 else None


def asked_of_one(asked: Asked) -> Plan | None:
    """ "Can Dana open Salesforce right now": what a tool tells better than a list."""
    parts = asked.subject.where.conditions if isinstance(asked.subject.where, AllOf) else ()
    if asked.subject.kind is not Kind.PERSON or asked.mode != "list" or len(parts) != 2:
        return None
    who, what = parts
    if not isinstance(who, Named) or not isinstance(what, Linked) or what.link is not Link.CAN_OPEN:
        return None
    application = what.target.where
    plainly = isinstance(application, Named) and (what.at_least, what.at_most) == (1, None)
    if not plainly or not isinstance(application, Named) or len(who.ids) != 1 or len(application.ids) != 1:
        return None
    return special_plan(Called("user_app_access", ((Kind.PERSON, who), (Kind.APPLICATION, application))))


def special_plan(called: Called) -> Plan:
    """The plan of one step that calls a tool."""
    names = {kind: Wording.quoted(named.names[0]) for kind, named in called.things}
    if called.tool == "login_risk":
        sentence = f"Sign-in risk of {names[Kind.PERSON]}"
        sentence += f" in the last {called.days} days" if called.days else ""
    else:
        sentence = f"Check whether {names[Kind.PERSON]} can open {names[Kind.APPLICATION]}"
    parameters: dict[str, str | int] = {_PARAMETERS[kind]: named.ids[0] for kind, named in called.things}
    if called.days:
        parameters["days"] = called.days
    step = SpecialStep(
        id="main",
        name=called.tool,
        entity="person",
        operation="check",
        parameters=dict(parameters),
        query_context=sentence,
        reasoning="A tool of its own answers this.",
    )
    return Plan(steps=(step,), reasoning=READ_BY, understood_as=f"{sentence}.", confidence=1.0)


def _called(parse: Parse, at: int) -> Iterator[Read[Called]]:
    for tool, forms in _forms().items():
        for form in forms:
            for read in _matched(parse, at, form.parts):
                yield Read(Called(tool, read.value), read.end)
                for span in window(parse, read.end) if form.windowed else ():
                    start, end = span.value
                    if start is not None and end is None:
                        days = -(-(parse.now - start) // timedelta(days=1))
                        if 1 <= days <= _MOST_DAYS:
                            yield Read(Called(tool, read.value, days), span.end)


def _matched(parse: Parse, at: int, parts: tuple[str, ...]) -> Iterator[Read[tuple[tuple[Kind, Named], ...]]]:
    """The form from here on, with the things that its places stand for."""
    if not parts:
        yield Read((), at)
        return
    if (kind := _KINDS.get(parts[0])) is not None:
        for named in thing(parse, at, kind):
            # One thing: of several of one name the asker must choose.
            if len(named.value.ids) == 1 and named.cost < PARTLY_COST:
                for rest in _matched(parse, named.end, parts[1:]):
                    yield Read(((kind, named.value), *rest.value), rest.end)
        return
    keys = [token.key for token in tokenise(parts[0])] or [parts[0]]
    for start in parse.starts(at):
        here = [token.key for token in parse.tokens[start : start + len(keys)] if not token.quoted]
        if here == keys:
            parse.reached(start + len(keys))
            yield from _matched(parse, start + len(keys), parts[1:])
