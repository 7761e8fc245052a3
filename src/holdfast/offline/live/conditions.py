"""Conditions as expressions of a program: what must hold of a `row`, surely or maybe.

The meaning of the words is that of `holdfast.offline.queries.cypher`: what has no value is like nothing, and "not" of
it holds; what could not be read neither holds nor fails.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from holdfast.errors import ProgramRefused
from holdfast.offline.live.composing import Script, instant, literal
from holdfast.offline.meaning import AllOf, AnyOf, Compare, Condition, Missing, Named, Not, Operator, Within

_METHODS: Final = {Operator.STARTS: "startswith", Operator.ENDS: "endswith"}


@dataclass(frozen=True)
class Expressions:
    """Writes conditions on the dictionary called `variable` whose columns are those of a row.

    `lists` are columns that hold lists; `doubtful` those that are unknown where the row's `unread` says so;
    `id_column` is what a named thing is known by; `names` are columns that stand in the row under another name.
    """

    script: Script
    id_column: str
    variable: str = "row"
    lists: Collection[str] = ()
    doubtful: Collection[str] = ()
    names: Mapping[str, str] = field(default_factory=dict)

    def surely(self, condition: Condition) -> str:
        """True where it holds for all that may stand in what was not read."""
        return self._said(condition, denied=False, maybe=False)

    def maybe(self, condition: Condition) -> str:
        """True where it holds, or may."""
        return self._said(condition, denied=False, maybe=True)

    def hangs_on_doubt(self, condition: Condition) -> bool:
        """Whether it speaks of what may not have been read."""
        match condition:
            case AllOf(conditions=parts) | AnyOf(conditions=parts):
                return any(self.hangs_on_doubt(part) for part in parts)
            case Not(condition=inner):
                return self.hangs_on_doubt(inner)
            case Compare(column=column) | Within(column=column) | Missing(column=column):
                return column in self.doubtful
            case _:
                return False

    def _said(self, condition: Condition, *, denied: bool, maybe: bool) -> str:
        match condition:
            case AllOf(conditions=parts):
                return self._joined("or" if denied else "and", parts, denied=denied, maybe=maybe)
            case AnyOf(conditions=parts):
                return self._joined("and" if denied else "or", parts, denied=denied, maybe=maybe)
            case Not(condition=inner):
                return self._said(inner, denied=not denied, maybe=maybe)
            case _:
                return self._leaf(condition, denied=denied, maybe=maybe)

    def _joined(self, word: str, parts: Sequence[Condition], *, denied: bool, maybe: bool) -> str:
        said = [self._said(part, denied=denied, maybe=maybe) for part in parts]
        return f" {word} ".join(f"({one})" if f" {'or' if word == 'and' else 'and'} " in one else one for one in said)

    def _leaf(self, condition: Condition, *, denied: bool, maybe: bool) -> str:
        plain = self._plain(condition)
        said = f"not ({plain})" if denied else plain
        if not self.hangs_on_doubt(condition):
            return said
        unread = self._value("unread")
        said = f"({said})" if " or " in said or " and " in said else said
        return f"({unread} is not None or {said})" if maybe else f"({unread} is None and {said})"

    def _plain(self, condition: Condition) -> str:
        match condition:
            case Compare():
                return self._compared(condition)
            case Within(column=column, start=start, end=end):
                self.script.need("lies")
                bounds = [f"start={instant(start)}"] if start else []
                bounds += [f"end={instant(end)}"] if end else []
                return f"lies({self._value(column)}, {', '.join(bounds)})"
            case Missing(column=column):
                return f'{self._value(column)} in (None, "", [])'
            case Named(ids=ids):
                return f"{self._value(self.id_column)} in {literal(ids)}"
            case _:
                raise ProgramRefused([f"What {condition.type!r} says of links cannot be asked of one record."])

    def _compared(self, condition: Compare) -> str:
        value = self._value(condition.column)
        if condition.operator is Operator.IS:
            if condition.column in self.lists:
                return f"any([one in ({value} or []) for one in {literal(condition.values)}])"
            if len(condition.values) == 1:
                return f"{value} == {literal(condition.values[0])}"
            return f"{value} in {literal(condition.values)}"
        self.script.need("spelt")
        wanted = [literal(str(text).lower()) for text in condition.values]
        tests = [self._text_test(condition.operator, text) for text in wanted]
        return f"any([{' or '.join(tests)} for text in spelt({value})])"

    @staticmethod
    def _text_test(operator: Operator, wanted: str) -> str:
        if operator is Operator.SPELT:
            return f"text == {wanted}"
        if operator is Operator.CONTAINS:
            return f"{wanted} in text"
        return f"text.{_METHODS[operator]}({wanted})"

    def _value(self, column: str) -> str:
        return f"{self.variable}[{literal(self.names.get(column, column))}]"


def columns_of(condition: Condition) -> list[str]:
    """The columns that a condition speaks of."""
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return [name for part in parts for name in columns_of(part)]
        case Not(condition=inner):
            return columns_of(inner)
        case Compare(column=name) | Within(column=name) | Missing(column=name):
            return [name]
        case _:
            return []
