"""A question about a family as a plain sentence that means the same when it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from holdfast.offline.live.families import Family, families
from holdfast.offline.live.shapes import Inventory, Whose
from holdfast.offline.meaning import AllOf, AnyOf, Compare, Condition, Missing, Not, Operator, Within
from holdfast.offline.wording import Wording

_TEXTS: Final = {
    Operator.SPELT: "is",
    Operator.CONTAINS: "contains",
    Operator.STARTS: "starts with",
    Operator.ENDS: "ends with",
}
_NO_TEXTS: Final = {
    Operator.SPELT: "is not",
    Operator.CONTAINS: "does not contain",
    Operator.STARTS: "does not start with",
    Operator.ENDS: "does not end with",
}


def inventory_sentence(meaning: Inventory) -> str:
    """The whole question."""
    family = families()[meaning.family]
    things = _things(meaning, family)
    if meaning.counted:
        by = f" by {_attribute(family, meaning.by)}" if meaning.by else ""
        return f"number of {things}{by}"
    if meaning.limit is not None and not meaning.order:
        return f"first {meaning.limit} {things}"
    if meaning.order:
        key = meaning.order[0]
        first = f"first {meaning.limit} " if meaning.limit is not None else ""
        return f"{first}{things} sorted by {_attribute(family, key.column)}{' descending' if key.descending else ''}"
    return things


def _things(meaning: Inventory, family: Family) -> str:
    parts = [family.many]
    if meaning.parent is not None and family.of is not None:
        noun = families()[family.of].parent_words[0]
        noun = {"application": "the app", "group": "the group"}.get(families()[family.of].kind or "", noun)
        names = " or ".join(Wording.quoted(name) for name in meaning.parent.names)
        parts = [f"{family.words_before_parent[0]} of {noun} {names}"]
    parts += [_whose(family, whose) for whose in meaning.whose]
    if meaning.where is not None:
        parts.append(_condition(family, meaning.where))
    return " ".join(parts)


def _whose(family: Family, whose: Whose) -> str:
    verb = family.by_name[whose.column].verbs[0]
    return f"{verb} {' or '.join(Wording.quoted(name) for name in whose.who.names)}"


def _condition(family: Family, condition: Condition) -> str:
    match condition:
        case AllOf(conditions=parts):
            return " and ".join(_condition(family, part) for part in parts)
        case AnyOf(conditions=parts):
            return " or ".join(_condition(family, part) for part in parts)
        case Not(condition=inner):
            return _plain(family, inner, denied=True)
        case _:
            return _plain(family, condition, denied=False)


def _plain(family: Family, condition: Condition, *, denied: bool) -> str:
    no = "not " if denied else ""
    match condition:
        case Missing(column=column):
            return f"whose {_attribute(family, column)} is {'set' if denied else 'missing'}"
        case Within(column=column):
            return f"whose {_attribute(family, column)} is {no}{Wording.span(condition)}"
        case Compare(column=column, operator=Operator.IS, values=values):
            return f"that are {no}{_values(family, column, values)}"
        case Compare(column=column, operator=operator, values=values):
            texts = " or ".join(Wording.quoted(str(value)) for value in values)
            verb = (_NO_TEXTS if denied else _TEXTS)[operator]
            return f"whose {_attribute(family, column)} {verb} {texts}"
        case _:
            return _condition(family, condition)


def _attribute(family: Family, column: str) -> str:
    words = family.by_name[column].words
    return words[0] if words else family.by_name[column].heading.lower()


def _values(family: Family, column: str, values: Sequence[str | bool | int]) -> str:
    if together := family.values.get(column, {}).get("|".join(map(str, values))):
        return together[0]
    return " or ".join(_value(family, column, value) for value in values)


def _value(family: Family, column: str, value: str | bool | int) -> str:
    key = {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)
    words = family.values.get(column, {}).get(key)
    return words[0] if words else str(value)
