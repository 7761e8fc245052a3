"""Conditions put together: "and", "or", "but not", and what stands side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from holdfast.offline.meaning import AllOf, AnyOf, Compare, Condition, Linked, Named, Not, Operator, Selection


class Item(NamedTuple):
    """A condition and the word before it: `and`, `or`, `and_not`, or nothing."""

    joined: str
    condition: Condition


def negated(condition: Condition) -> Condition:
    """The opposite."""
    return condition.condition if isinstance(condition, Not) else Not(condition=condition)


def is_mixed(condition: Condition) -> bool:
    """Whether it holds of some parts and denies others: "Box and not Zoom", which nobody means to deny as a whole."""
    if not isinstance(condition, AllOf | AnyOf):
        return False
    return len({isinstance(part, Not) for part in condition.conditions}) == 2


def all_of(conditions: Iterable[Condition | None]) -> Condition | None:
    """Every one of them, each once; None where there are none."""
    flat: list[Condition] = []
    for condition in conditions:
        parts = condition.conditions if isinstance(condition, AllOf) else (condition,)
        for part in parts:
            if part is not None and part not in flat:
                _add_requirement(flat, part)
    if len(flat) < 2:
        return flat[0] if flat else None
    return AllOf(conditions=tuple(flat))


def _add_requirement(flat: list[Condition], part: Condition) -> None:
    """ "Not A" and "not B" is "neither A nor B", however it was said."""
    for place, other in enumerate(flat):
        if isinstance(part, Not) and isinstance(other, Not):
            one = _united(other.condition, part.condition)
            if one is not None:
                flat[place] = Not(condition=one)
                return
    flat.append(part)


def says_twice(condition: Condition) -> bool:
    """Whether a part adds nothing to "not active": "or deprovisioned", "and suspended". Nobody means to say that."""
    if not isinstance(condition, AllOf | AnyOf):
        return False
    denied = [part.condition for part in condition.conditions if isinstance(part, Not)]
    return any(same_column(one, other) for one in denied for other in condition.conditions)


def any_of(conditions: Sequence[Condition]) -> Condition:
    """At least one of them; alternatives for one column or one link become one condition."""
    flat: list[Condition] = []
    for condition in conditions:
        for part in condition.conditions if isinstance(condition, AnyOf) else (condition,):
            _add_alternative(flat, part)
    return flat[0] if len(flat) == 1 else AnyOf(conditions=tuple(flat))


def _add_alternative(flat: list[Condition], part: Condition) -> None:
    for place, other in enumerate(flat):
        if (one := _united(other, part)) is not None:
            flat[place] = one
            return
    flat.append(part)


def _united(first: Condition, second: Condition) -> Condition | None:
    if first == second:
        return first
    if isinstance(first, Compare) and isinstance(second, Compare):
        same = (first.column, first.operator) == (second.column, second.operator)
        values = tuple(dict.fromkeys((*first.values, *second.values)))
        return Compare(column=first.column, operator=first.operator, values=values) if same else None
    if isinstance(first, Named) and isinstance(second, Named):
        return _named_together(first, second)
    if isinstance(first, Linked) and isinstance(second, Linked) and _plainly_named(first) and _plainly_named(second):
        one, other = first.target.where, second.target.where
        if first.link is second.link and isinstance(one, Named) and isinstance(other, Named):
            return Linked(link=first.link, target=Selection(kind=first.target.kind, where=_named_together(one, other)))
    return None


def _named_together(first: Named, second: Named) -> Named:
    return Named(
        ids=tuple(dict.fromkeys((*first.ids, *second.ids))), names=tuple(dict.fromkeys((*first.names, *second.names)))
    )


def _plainly_named(linked: Linked) -> bool:
    return isinstance(linked.target.where, Named) and (linked.at_least, linked.at_most) == (1, None)


def same_column(first: Condition, second: Condition) -> bool:
    """Whether both ask for a value of one attribute, of which a thing has only one."""
    return (
        isinstance(first, Compare)
        and isinstance(second, Compare)
        and first.column == second.column
        and first.operator is second.operator is Operator.IS
    )


def exclude_each_other(first: Condition, second: Condition) -> bool:
    """Whether nothing can be both: "active" and "suspended"."""
    return (
        isinstance(first, Compare)
        and isinstance(second, Compare)
        and same_column(first, second)
        and not set(first.values) & set(second.values)
    )


def combined(items: Sequence[Item]) -> list[Condition]:
    """What a row of conditions can mean: one thing, or two where "and" and "or" are mixed."""
    signed = [
        Item("or" if i.joined == "or" else "and", negated(i.condition) if i.joined == "and_not" else i.condition)
        for i in items
    ]
    readings = [_by(signed, "or"), _by(signed, "and")]
    return [readings[0]] if readings[0] == readings[1] else readings


def _by(items: Sequence[Item], weaker: str) -> Condition:
    """The items split at the weaker word, whose parts are joined by the other one."""
    parts: list[list[Condition]] = [[items[0].condition]]
    for item in items[1:]:
        if item.joined == weaker:
            parts.append([item.condition])
        else:
            parts[-1].append(item.condition)
    if weaker == "or":
        return any_of([_all(part) for part in parts])
    return _all([any_of(part) for part in parts])


def _all(conditions: Sequence[Condition]) -> Condition:
    one = all_of(conditions)
    if one is None:
        raise ValueError("there is nothing to combine")
    return one
