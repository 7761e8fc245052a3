"""A meaning as a plain sentence that means the same when it is asked: the reader sees what was understood.

The choices of a question that comes back are such sentences too, so each is a wording that works if typed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from holdfast.offline.columns import NOUNS
from holdfast.offline.grammar.governing import REQUIRES_MFA
from holdfast.offline.grammar.owning import NO_SECOND_FACTOR
from holdfast.offline.link_verbs import VERBS
from holdfast.offline.meaning import (
    AllOf,
    AnyOf,
    Asked,
    Compare,
    Condition,
    Linked,
    Missing,
    Named,
    Not,
    Only,
    Operator,
    Order,
    Selection,
    Within,
)
from holdfast.offline.meaning.links import LINKS, Kind, Link
from holdfast.offline.reading.lexicon import ColumnValue, Lexicon
from holdfast.offline.wording.number_wording import NumberWording

_COUNTED_AS: Final = {Link.MANAGES: "direct reports"}
# Moments, of which the newest or the oldest come first.
_TIMES: Final = frozenset(
    {
        "created",
        "activated",
        "status_changed",
        "last_login",
        "last_updated",
        "password_changed",
        "last_membership_updated",
    }
)
_OPERATORS: Final = {
    Operator.SPELT: "is",
    Operator.CONTAINS: "contains",
    Operator.STARTS: "starts with",
    Operator.ENDS: "ends with",
}


# The end of columns that say whether something could be read.
MARKER: Final = "_known"


class Wording:
    """Puts meanings into words with the first word that the lexicon has for each."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._value_words = {
            (kind, value): word for kind, table in lexicon.values.items() for word, value in table.first_words()
        }
        self._markers = {
            (kind, column): word for kind, table in lexicon.markers.items() for word, column in table.first_words()
        }
        self._attribute_words = {
            (kind, column): word for kind, table in lexicon.attributes.items() for word, column in table.first_words()
        }
        self._attribute_phrases = {kind: frozenset(table.phrases()) for kind, table in lexicon.attributes.items()}

    def sentence(self, asked: Asked, *, plain: bool = False) -> str:
        """The whole question; `plain`: with no parentheses at its end, which may then be read in another way."""
        if asked.numbers is not None:
            return NumberWording(self).sentence(asked.numbers)
        beside = self._shown_beside(asked)
        ends = plain and asked.mode == "list" and not (asked.by or asked.order or asked.paths or beside)
        things = self.things(asked.subject, plain=ends or (plain and asked.mode == "count" and asked.by is None))
        if asked.mode == "count":
            by = f" by {self.attribute(asked.subject.kind, asked.by)}" if asked.by else ""
            return f"number of {things}{by}"
        if asked.mode == "rank" and asked.counted is not None:
            return self._ranking(asked, things)
        if asked.order:
            return self._in_order(asked, things)
        return f"{things}{beside}{' and by which path' if asked.paths else ''}"

    def _in_order(self, asked: Asked, things: str) -> str:
        """ "First 10 people (whose …) sorted by creation date, newest first"."""
        kind = asked.subject.kind
        if asked.limit is not None:
            noun, where = NOUNS[kind].many, asked.subject.where
            said = f" ({self.condition(where, kind)})" if where else ""
            things = f"first {NOUNS[kind].one if asked.limit == 1 else f'{asked.limit} {noun}'}{said}"
        keys = [f"{self.attribute(kind, k.column)}{_direction(k)}" for k in asked.order]
        return f"{things}{self._shown_beside(asked)} sorted by {' and '.join(keys)}"

    def things(self, selection: Selection, *, plain: bool = False) -> str:
        """Things of a kind with their condition; `plain`: the sentence ends with it."""
        noun = NOUNS[selection.kind].many
        if selection.where is None:
            return noun
        return f"{noun} {self.condition(selection.where, selection.kind, plain=plain)}"

    def condition(self, condition: Condition, kind: Kind, *, plain: bool = False) -> str:
        """What is said of things of that kind, as it follows the noun."""
        match condition:
            case AllOf(conditions=parts):
                ends = self._plain_from(parts) if plain else len(parts)
                return " and ".join(self._part(part, kind, plain=at >= ends) for at, part in enumerate(parts))
            case AnyOf(conditions=parts):
                return " or ".join(self._part(part, kind) for part in parts)
            case Not(condition=inner):
                return self._denied(inner, kind, plain=plain)
            case Linked():
                return self._linked(condition, denied=False, plain=plain)
            case Only():
                return self._only(condition)
            case Missing(column=column):
                return self._missing(column, kind)
            case Named(names=names):
                return " or ".join(f"called {_quoted(name)}" for name in names)
            case Compare():
                return self._compared(condition, kind, denied=False)
            case Within(column=column):
                return f"whose {self.attribute(kind, column)} is {_span(condition)}"

    def _missing(self, column: str, kind: Kind) -> str:
        # An e-mail address and a factor are called the same.
        said = {"last_login": "who never logged in", "manager_id": "with no manager", "email": "whose email is missing"}
        return said.get(column) or f"with no {self.attribute(kind, column)}"

    def _part(self, condition: Condition, kind: Kind, *, plain: bool = False) -> str:
        """A condition beside others: in parentheses where its end would not be plain."""
        ends = plain and not isinstance(condition, AllOf | AnyOf)
        words = self.condition(condition, kind, plain=ends)
        return words if ends or _is_short(condition) or self._administrators(condition) else f"({words})"

    @staticmethod
    def _plain_from(parts: Sequence[Condition]) -> int:
        """From which of the parts on none needs parentheses: the last one, or the factors that follow one another."""
        if any(isinstance(part, AnyOf) for part in parts):
            return len(parts)
        begin = len(parts) - 1
        while begin > 0 and all(_speaks_of_factors(part) for part in parts[begin - 1 : begin + 1]):
            begin -= 1
        return begin

    def _denied(self, condition: Condition, kind: Kind, *, plain: bool = False) -> str:
        match condition:
            case Linked():
                return self._linked(condition, denied=True, plain=plain)
            case Missing(column="last_login"):
                return "who have logged in"
            case Missing(column="email"):
                return "whose email is set"
            case Missing(column=column):
                return f"with a {'manager' if column == 'manager_id' else self.attribute(kind, column)}"
            case Compare():
                return self._compared(condition, kind, denied=True)
            case Within(column=column):
                return f"whose {self.attribute(kind, column)} is not {_span(condition)}"
            case _:
                return f"not ({self.condition(condition, kind)})"

    def _only(self, only: Only) -> str:
        auxiliary, verb = VERBS[only.link]
        who = "who" if LINKS[only.link].source is Kind.PERSON else "that"
        kinds = self._kinds_of_factor(only.target.where)
        if kinds and only.besides in (None, NO_SECOND_FACTOR):
            return f"with only {kinds} as {'second ' if only.besides else ''}factors"
        said = f"{who} {auxiliary if auxiliary != 'do' else ''} {verb} only {self._target(only.target)}"
        if only.besides is not None:
            said += f" besides {self._target(only.besides)}"
        return " ".join(said.split())

    def _administrators(self, condition: Condition) -> str:
        """ "Super admins": who holds a role of one type is called by it."""
        inner = condition.condition if isinstance(condition, Not) else condition
        if not isinstance(inner, Linked) or inner.link is not Link.HOLDS or self._number(inner):
            return ""
        where = inner.target.where
        if not isinstance(where, Compare) or (where.column, where.operator) != ("type", Operator.IS):
            return ""
        word = self._value(Kind.ROLE, where.column, where.values[0])
        return f"{word}s" if len(where.values) == 1 and word.endswith("admin") else ""

    def _linked(self, linked: Linked, *, denied: bool, plain: bool = False) -> str:
        if words := self._factors(linked, denied=denied):
            return words
        if words := self._administrators(linked):
            return f"who are {'not ' if denied else ''}{words}"
        ends = LINKS[linked.link]
        auxiliary, verb = VERBS[linked.link]
        who = "who" if ends.source is Kind.PERSON else "that"
        said = f"{who} {auxiliary} not {verb}" if denied else f"{who} {auxiliary if auxiliary != 'do' else ''} {verb}"
        number = self._number(linked)
        one = plain and number.endswith(" 1") and linked.target.where is None
        target = NOUNS[linked.target.kind].one if one else self._target(linked.target, plain=plain)
        return " ".join(f"{said} {number} {target}".split())

    def _factors(self, linked: Linked, *, denied: bool) -> str:
        """ "With no webauthn or fastpass factor": what everybody says of these."""
        where = linked.target.where
        if linked.link is not Link.ENROLLED or (linked.at_least, linked.at_most) != (1, None):
            return ""
        if where is None:
            return "without any factor" if denied else "with a factor"
        kinds = self._kinds_of_factor(where)
        return f"with {'no' if denied else 'a'} {kinds} factor" if kinds else ""

    def _kinds_of_factor(self, where: Condition | None) -> str:
        """ "Sms or push"; empty where something else is said of the factors."""
        if isinstance(where, Compare) and where.column == "factor_type" and where.operator is Operator.IS:
            return " or ".join(self._value(Kind.FACTOR, where.column, value) for value in where.values)
        return ""

    @staticmethod
    def _number(linked: Linked) -> str:
        low, high = linked.at_least, linked.at_most
        if (low, high) == (1, None):
            return ""
        if low == high:
            return f"exactly {low}"
        if low > 0 and high is not None:
            return f"between {low} and {high}"
        return f"at most {high}" if high is not None else f"at least {low}"

    def _target(self, target: Selection, *, plain: bool = False) -> str:
        if isinstance(target.where, Named):
            noun = NOUNS[target.kind].one
            return " or ".join(f"the {noun} {_quoted(name)}" for name in target.where.names)
        noun = NOUNS[target.kind].many
        if target.where is None:
            return noun
        ends = plain and not isinstance(target.where, AllOf | AnyOf)
        words = f"{noun} {self.condition(target.where, target.kind, plain=ends)}"
        return words if ends else f"({words})"

    def _compared(self, compare: Compare, kind: Kind, *, denied: bool) -> str:
        if compare == REQUIRES_MFA:
            return "not (that require mfa)" if denied else "that require mfa"
        if compare.column.endswith(MARKER):
            known = (compare.values == (True,)) is not denied
            return f"whose {self._markers[kind, compare.column]} could {'' if known else 'not '}be read"
        attribute = self.attribute(kind, compare.column)
        if compare.operator is Operator.IS or compare.operator is Operator.SPELT:
            words = [self._value(kind, compare.column, value) for value in compare.values]
            if denied and len(words) > 1:
                return f"whose {attribute} is neither {' nor '.join(words)}"
            return f"whose {attribute} is {'not ' if denied else ''}{' or '.join(words)}"
        verb = _OPERATORS[compare.operator]
        does_not = {"contains": "does not contain", "starts with": "does not start with"}.get(verb, "does not end with")
        texts = " or ".join(_quoted(str(value)) for value in compare.values)
        return f"whose {attribute} {does_not if denied else verb} {texts}"

    def _value(self, kind: Kind, column: str, value: str | bool | int) -> str:
        if isinstance(value, str):
            word = self._value_words.get((kind, ColumnValue(column, value)))
            return word or _quoted(value)
        return str(value).lower()

    def attribute(self, kind: Kind, column: str) -> str:
        """The name of a column, in the singular."""
        return self._attribute_words.get((kind, column), column.removeprefix("custom_").replace("_", " "))

    def attributes(self, kind: Kind, column: str) -> str:
        """The same in the plural, where the lexicon has it."""
        name = self.attribute(kind, column)
        plurals = (f"{name}s", f"{name}es", f"{name.removesuffix('y')}ies")
        return next((plural for plural in plurals if plural in self._attribute_phrases[kind]), name)

    @staticmethod
    def span(within: Within) -> str:
        """A window of time: "on or after 2026-10-01 and before 2026-11-01"."""
        return _span(within)

    @staticmethod
    def quoted(name: str) -> str:
        """A name in quotes that it does not hold itself."""
        return _quoted(name)

    def _ranking(self, asked: Asked, things: str) -> str:
        assert asked.counted is not None
        target = asked.counted.target
        counted = _COUNTED_AS.get(asked.counted.link) or self.things(target)
        if asked.limit is None and not asked.ties:
            return f"{things} by number of {counted}"
        noun = NOUNS[asked.subject.kind].many
        rest = things.removeprefix(noun).strip()
        if asked.ties:
            noun = NOUNS[asked.subject.kind].one
        order = "fewest" if asked.fewest_first else "most"
        where = f" ({rest})" if rest else ""
        return f"{'the' if asked.ties else asked.limit} {noun}{where} with the {order} {counted}"

    def _shown_beside(self, asked: Asked) -> str:
        kind = asked.subject.kind
        shown = [self.attribute(kind, column) for column in asked.also]
        shown += [_COUNTED_AS.get(link) or _beside(link) for link in asked.beside]
        if not shown:
            return ""
        return f" with their {', '.join(shown[:-1])}{' and ' if shown[1:] else ''}{shown[-1]}"


def _direction(key: Order) -> str:
    if key.column in _TIMES:
        return ", newest first" if key.descending else ", oldest first"
    return " descending" if key.descending else ""


def _beside(link: Link) -> str:
    said = {Link.REPORTS_TO: "manager", Link.HAS_MEMBER: "members", Link.OWNED_BY: "owners"}
    return said.get(link) or NOUNS[LINKS[link].target].many


def _speaks_of_factors(condition: Condition) -> bool:
    inner = condition.condition if isinstance(condition, Not) else condition
    return isinstance(inner, Linked) and inner.link is Link.ENROLLED


def _is_short(condition: Condition) -> bool:
    match condition:
        case Not(condition=inner):
            return not isinstance(inner, AllOf | AnyOf) and _is_short(inner)
        case AllOf() | AnyOf():
            return False
        case Linked(link=Link.ENROLLED):
            # "Without any factor and whose status is active": the factor's or the person's?
            return False
        case Linked(target=target):
            return isinstance(target.where, Named) and len(target.where.names) == 1
        case Only():
            return False
        case Compare(values=values):
            return len(values) == 1
        case Named(names=names):
            return len(names) == 1
        case _:
            return True


def _span(within: Within) -> str:
    bounds = [f"on or after {_moment(within.start)}"] if within.start else []
    bounds += [f"before {_moment(within.end)}"] if within.end else []
    return " and ".join(bounds)


def _moment(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    if (utc.hour, utc.minute, utc.second, utc.microsecond) == (0, 0, 0, 0):
        return utc.strftime("%Y-%m-%d")
    return utc.strftime("%Y-%m-%d %H:%M:%S.%f" if utc.microsecond else "%Y-%m-%d %H:%M:%S") + " UTC"


def _quoted(name: str) -> str:
    """A name in quotes that it does not hold itself."""
    for left, right in (('"', '"'), ("«", "»"), ("`", "`")):
        if left not in name and right not in name:
            return f"{left}{name}{right}"
    return f'"{name.replace(chr(34), "")}"'
