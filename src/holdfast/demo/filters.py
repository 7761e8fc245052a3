"""`search` and `filter` expressions, parsed by scim2-filter-parser and compiled to predicates over records."""

from __future__ import annotations

import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from scim2_filter_parser import ast
from scim2_filter_parser.lexer import SCIMLexer
from scim2_filter_parser.parser import SCIMParser, SCIMParserError

from holdfast.demo.records import Record
from holdfast.demo.replies import ApiError

Predicate = Callable[[Record], bool]
_Value = Callable[[Record], Any]

MOMENTS = frozenset({"created", "activated", "statusChanged", "lastUpdated", "lastMembershipUpdated"})
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"gt": operator.gt, "ge": operator.ge, "lt": operator.lt, "le": operator.le}
)
_TEXT: Mapping[str, Callable[[str, str], bool]] = MappingProxyType(
    {"co": str.__contains__, "sw": str.startswith, "ew": str.endswith}
)
# The parser knows no escapes inside strings: they are hidden in characters nobody uses.
_ESCAPES = (('\\"', "\ue000", '"'), ("\\\\", "\ue001", "\\"))
# Deeper or longer than this is no question of a client but an attempt to exhaust the parser.
_MAX_EXPRESSION = 4_000


@dataclass(frozen=True)
class Grammar:
    """What may be asked of one list: attributes, whether any profile attribute counts too, and operators.

    `special` maps attributes that are not in the record itself to what stands for them.
    """

    attributes: frozenset[str]
    profile: frozenset[str] | None = None
    operators: frozenset[str] = frozenset({"eq", "ne", "gt", "ge", "lt", "le", "co", "sw", "ew", "pr"})
    special: Mapping[str, _Value] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True)
class Comparison:
    """`path operator "wanted"`; the operator is in lower case, `wanted` is empty for `pr`."""

    path: str
    operator: str
    wanted: str


@dataclass(frozen=True)
class Clause:
    """Holds where all of one of its alternatives hold; `negated` turns that around."""

    alternatives: tuple[tuple[Clause | Comparison, ...], ...]
    negated: bool = False


def compiled(expression: str, grammar: Grammar) -> Predicate:
    """The expression as a test of one record. ApiError E0000031 for anything that this list does not know."""
    return _predicate(parsed(expression), grammar)


def parsed(expression: str) -> Clause | Comparison:
    """The expression as clauses, whatever its attributes. ApiError E0000031 where it is no expression."""
    return _clause(_tree(expression))


@lru_cache(maxsize=256)
def _tree(expression: str) -> Any:
    if len(expression) > _MAX_EXPRESSION:
        raise invalid("it is too long")
    hidden = expression
    for escape, stand_in, _ in reversed(_ESCAPES):
        hidden = hidden.replace(escape, stand_in)
    try:
        tree = SCIMParser().parse(SCIMLexer().tokenize(hidden))
    except (SCIMParserError, ValueError, RecursionError) as error:
        raise invalid(str(error)) from error
    if tree is None:
        raise invalid("it is empty")
    return tree


def invalid(reason: str) -> ApiError:
    """What an expression is refused with, and why."""
    return ApiError("E0000031", cause=f"Invalid search expression: {reason}")


def _clause(tree: Any) -> Clause | Comparison:
    """The parser gives `and` and `or` the same rank, so chains without parentheses are ranked here."""
    if isinstance(tree.expr, ast.AttrExpr):
        return _comparison(tree.expr)
    if isinstance(tree.expr, ast.Filter):
        return Clause(((_clause(tree.expr),),), tree.negated)
    terms, operators = _chain(tree)
    alternatives: list[list[Clause | Comparison]] = [[_clause(terms[0])]]
    for word, term in zip(operators, terms[1:], strict=True):
        if word == "or":
            alternatives.append([_clause(term)])
        else:
            alternatives[-1].append(_clause(term))
    return Clause(tuple(tuple(terms) for terms in alternatives))


def _comparison(expression: Any) -> Comparison:
    wanted = str(expression.comp_value.value) if expression.comp_value else ""
    for _, stand_in, character in _ESCAPES:
        wanted = wanted.replace(stand_in, character)
    return Comparison(_path(expression.attr_path), expression.value.lower(), wanted)


def _predicate(clause: Clause | Comparison, grammar: Grammar) -> Predicate:
    if isinstance(clause, Comparison):
        return _test(clause, grammar)
    negated = clause.negated
    alternatives = [[_predicate(term, grammar) for term in terms] for terms in clause.alternatives]
    return lambda record: negated != any(all(term(record) for term in terms) for terms in alternatives)


def _chain(tree: Any) -> tuple[list[Any], list[str]]:
    """`a or b and c`, parsed as `((a or b) and c)`, back into its terms and the words between them."""
    if not isinstance(tree.expr, ast.LogExpr) or tree.negated:
        return [tree], []
    left, left_words = _chain(tree.expr.expr1)
    right, right_words = _chain(tree.expr.expr2)
    return [*left, *right], [*left_words, tree.expr.op.lower(), *right_words]


def _test(comparison: Comparison, grammar: Grammar) -> Predicate:
    word, path = comparison.operator, comparison.path
    if word not in grammar.operators:
        raise invalid(f"operator {word} cannot be used here")
    value = _reader(path, grammar)
    if word == "pr":
        return lambda record: value(record) not in (None, "", [])
    if path in MOMENTS:
        return _moment_test(word, value, comparison.wanted)
    return value_test(word, value, comparison.wanted)


def _path(attribute: Any) -> str:
    if not isinstance(attribute.attr_name, str) or attribute.uri:
        raise invalid("complex attribute paths cannot be used here")
    return f"{attribute.attr_name}.{attribute.sub_attr.value}" if attribute.sub_attr else str(attribute.attr_name)


def _reader(path: str, grammar: Grammar) -> _Value:
    if path in grammar.special:
        return grammar.special[path]
    outer, _, inner = path.partition(".")
    if path not in grammar.attributes and not (outer == "profile" and grammar.profile and inner in grammar.profile):
        raise invalid(f"attribute {path} cannot be used here")
    if inner:
        return lambda record: (record.get(outer) or {}).get(inner)
    return lambda record: record.get(outer)


def moment(text: str) -> datetime:
    """That text of an expression as a moment. ApiError E0000031 where it is none, or names no time zone."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise invalid(f"{text} is not a date") from error
    if found.tzinfo is None:
        raise invalid(f"{text} has no time zone")
    return found


def _moment_test(word: str, value: _Value, wanted: str) -> Predicate:
    limit = moment(wanted)
    if word not in {*_ORDER, "eq", "ne"}:
        raise invalid(f"operator {word} cannot compare dates")
    test = _ORDER.get(word) or (operator.eq if word == "eq" else operator.ne)

    def compare(record: Record) -> bool:
        text = value(record)
        return text is not None and test(datetime.fromisoformat(text), limit)

    return compare


def value_test(word: str, value: _Value, wanted: str) -> Predicate:
    """A comparison of what `value` gives. Text is compared without case, as Okta's is; a list matches if one does."""
    folded = wanted.casefold()

    def same(actual: Any) -> bool:
        if isinstance(actual, bool):
            return folded == str(actual).lower()
        if isinstance(actual, Collection) and not isinstance(actual, str):
            return wanted in actual or any(folded == str(item).casefold() for item in actual)
        return actual is not None and str(actual).casefold() == folded

    if word == "eq":
        return lambda record: same(value(record))
    if word == "ne":
        return lambda record: not same(value(record))
    if word in _TEXT:
        test = _TEXT[word]
        return lambda record: isinstance(value(record), str) and test(value(record).casefold(), folded)
    return _order_test(_ORDER[word], value, wanted)


def _order_test(test: Callable[[Any, Any], bool], value: _Value, wanted: str) -> Predicate:
    def compare(record: Record) -> bool:
        actual = value(record)
        if isinstance(actual, int) and not isinstance(actual, bool):
            return wanted.lstrip("-").isdigit() and test(actual, int(wanted))
        return isinstance(actual, str) and test(actual.casefold(), wanted.casefold())

    return compare
