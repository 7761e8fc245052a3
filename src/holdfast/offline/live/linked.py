"""What is said of what somebody has, as expressions of a program: "no phishing-resistant factor", "only SMS".

The same as `holdfast.offline.queries.cypher` says of the snapshot, where everything of the thing could be read.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.errors import ProgramRefused
from holdfast.offline.live.conditions import Expressions
from holdfast.offline.meaning import AllOf, AnyOf, Condition, Linked, Not, Only, Selection
from holdfast.offline.meaning.links import Link


def links_in(condition: Condition) -> frozenset[Link]:
    """The links that a condition speaks of, at any depth."""
    return frozenset(_links(condition))


def _links(condition: Condition) -> Iterator[Link]:
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            for part in parts:
                yield from _links(part)
        case Not(condition=inner):
            yield from _links(inner)
        case Linked(link=link, target=target) | Only(link=link, target=target):
            yield link
            if target.where is not None:
                yield from _links(target.where)
        case _:
            return


def holds(condition: Condition, of_one: Expressions) -> str:
    """True of the list `things` where the condition holds; `of_one` writes what is said of one of them."""
    match condition:
        case AllOf(conditions=parts):
            return " and ".join(_joined(holds(part, of_one), " or ") for part in parts)
        case AnyOf(conditions=parts):
            return " or ".join(_joined(holds(part, of_one), " and ") for part in parts)
        case Not(condition=inner):
            return f"not ({holds(inner, of_one)})"
        case Linked(target=target, at_least=least, at_most=most):
            return _number(_those(target, of_one), least, most)
        case Only(target=target, besides=besides):
            return _only(target, besides, of_one)
        case _:
            raise ProgramRefused([f"What {condition.type!r} says is not said of what somebody has."])


def _joined(said: str, other: str) -> str:
    return f"({said})" if other in said else said


def _those(target: Selection, of_one: Expressions) -> str:
    if target.where is None:
        return "things"
    return f"[{of_one.variable} for {of_one.variable} in things if {of_one.surely(target.where)}]"


def _number(those: str, least: int, most: int | None) -> str:
    if (least, most) == (1, None):
        return f"len({those}) > 0"
    if least == most:
        return f"len({those}) == {least}"
    if most is None:
        return f"len({those}) >= {least}"
    return f"{least} <= len({those}) <= {most}" if least else f"len({those}) <= {most}"


def _only(target: Selection, besides: Selection | None, of_one: Expressions) -> str:
    some = f"len({_those(target, of_one)}) > 0"
    if target.where is None:
        return some
    one = of_one.variable
    others = f"not ({of_one.surely(target.where)})"
    if besides is not None and besides.where is not None:
        others += f" and not ({of_one.surely(besides.where)})"
    return f"{some} and not [{one} for {one} in things if {others}]"
