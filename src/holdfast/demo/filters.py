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


def compiled(expression: str, grammar: Grammar) -> Predicate:
    """The expression as a test of one record. ApiError E0000031 for anything that this list does not know."""
    return _predicate(_tree(expression), grammar)


@lru_cache(maxsize=256)
def _tree(expression: str) -> Any:
    if len(expression) > _MAX_EXPRESSION:
        raise _invalid("it is too long")
    hidden = expression
    for escape, stand_in, _ in reversed(_ESCAPES):
        hidden = hidden.replace(escape, stand_in)
    try:
        tree = SCIMParser().parse(SCIMLexer().tokenize(hidden))
    except (SCIMParserError, ValueError, RecursionError) as error:
        raise _invalid(str(error)) from error
    if tree is None:
        raise _invalid("it is empty")
    return tree


def _invalid(reason: str) -> ApiError:
    return ApiError("E0000031", cause=f"Invalid search expression: {reason}")


def _predicate(tree: Any, grammar: Grammar) -> Predicate:
    """The parser gives `and` and `or` the same rank, so chains without parentheses are ranked here."""
    if isinstance(tree.expr, ast.AttrExpr):
        return _comparison(tree.expr, grammar)
    if isinstance(tree.expr, ast.Filter):
        inner = _predicate(tree.expr, grammar)
        return (lambda record: not inner(record)) if tree.negated else inner
    terms, operators = _chain(tree)
    alternatives: list[list[Predicate]] = [[_predicate(terms[0], grammar)]]
    for word, term in zip(operators, terms[1:], strict=True):
        predicate = _predicate(term, grammar)
        if word == "or":
            alternatives.append([predicate])
        else:
            alternatives[-1].append(predicate)
    return lambda record: any(all(term(record) for term in terms) for terms in alternatives)


def _chain(tree: Any) -> tuple[list[Any], list[str]]:
    """`a or b and c`, parsed as `((a or b) and c)`, back into its terms and the words between them."""
    if not isinstance(tree.expr, ast.LogExpr) or tree.negated:
        return [tree], []
    left, left_words = _chain(tree.expr.expr1)
    right, right_words = _chain(tree.expr.expr2)
    return [*left, *right], [*left_words, tree.expr.op.lower(), *right_words]


def _comparison(expression: Any, grammar: Grammar) -> Predicate:
    path = _path(expression.attr_path)
    word = expression.value.lower()
    if word not in grammar.operators:
        raise _invalid(f"operator {word} cannot be used here")
    value = _reader(path, grammar)
    if word == "pr":
        return lambda record: value(record) not in (None, "", [])
    wanted = expression.comp_value.value
    for _, stand_in, character in _ESCAPES:
        wanted = wanted.replace(stand_in, character)
    if path in MOMENTS:
        return _moment_test(word, value, wanted)
    return _value_test(word, value, wanted)


def _path(attribute: Any) -> str:
    if not isinstance(attribute.attr_name, str) or attribute.uri:
        raise _invalid("complex attribute paths cannot be used here")
    return f"{attribute.attr_name}.{attribute.sub_attr.value}" if attribute.sub_attr else str(attribute.attr_name)


def _reader(path: str, grammar: Grammar) -> _Value:
    if path in grammar.special:
        return grammar.special[path]
    outer, _, inner = path.partition(".")
    if path not in grammar.attributes and not (outer == "profile" and grammar.profile and inner in grammar.profile):
        raise _invalid(f"attribute {path} cannot be used here")
    if inner:
        return lambda record: (record.get(outer) or {}).get(inner)
    return lambda record: record.get(outer)


def _moment_test(word: str, value: _Value, wanted: str) -> Predicate:
    try:
        limit = datetime.fromisoformat(wanted)
    except ValueError as error:
        raise _invalid(f"{wanted} is not a date") from error
    if limit.tzinfo is None:
        raise _invalid(f"{wanted} has no time zone")
    if word not in {*_ORDER, "eq", "ne"}:
        raise _invalid(f"operator {word} cannot compare dates")
    test = _ORDER.get(word) or (operator.eq if word == "eq" else operator.ne)

    def compare(record: Record) -> bool:
        text = value(record)
        return text is not None and test(datetime.fromisoformat(text), limit)

    return compare


def _value_test(word: str, value: _Value, wanted: str) -> Predicate:
    """Comparisons of text ignore case, as Okta's do. A list matches if one of its values does."""
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
