"""The SQL writer that needs no model: it compiles the meaning that the offline planner put into a step.

Every name is quoted and every value a literal; the guard judges the query like any other.
"""
# ruff: noqa: S608 - writing SQL is what this module is for

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC
from typing import Final

from pydantic import ValidationError

from holdfast.answer import Generated
from holdfast.complaints import complaints_of
from holdfast.contracts import EarlierStep, StepRequest
from holdfast.cypher_writer import RefusedQuery
from holdfast.errors import PlanRejected
from holdfast.offline.doubt import FITS, UNKNOWN, UNKNOWN_COUNT, YES
from holdfast.offline.sql_shapes import Filter, Match, Measure, SqlMeaning, SqlParameters
from holdfast.spending import Ledger
from holdfast.sql.tokens import quoted
from holdfast.sql_writer import tables_of

# What each row of the first step and its matches are called in the query, and the column that marks doubt.
_FIRST, _ROWS, _SURE = "first_rows", "matched_rows", "is_sure"


class OfflineSqlWriter:
    """Implements `holdfast.sql_writer.SqlWriter`. The same meaning over the same columns gives the same query."""

    async def write(self, request: StepRequest, ledger: Ledger, refused: Sequence[RefusedQuery] = ()) -> Generated:
        """The query of a step. Raises PlanRejected where its parameters are no meaning, or were refused before."""
        if refused:
            raise PlanRejected(
                f"The query of step {request.step.id} was refused, and rules write no other: {refused[-1].reason}"
            )
        try:
            meaning = SqlParameters.model_validate(request.step.parameters).meaning
        except ValidationError as error:
            raise PlanRejected(
                f"The parameters of step {request.step.id} are not what the offline SQL writer reads: "
                f"{complaints_of(error)}."
            ) from error
        return Generated(language="sql", text=compiled(meaning, tables_of(request)), author="offline")


def compiled(meaning: SqlMeaning, tables: Mapping[str, EarlierStep]) -> str:
    """The query for a meaning. Raises PlanRejected where it names a step or a column that is not there."""
    return _Compiler(meaning, tables).query()


class _Compiler:
    """One meaning over the columns of its tables."""

    def __init__(self, meaning: SqlMeaning, tables: Mapping[str, EarlierStep]) -> None:
        self._meaning = meaning
        self._columns = {name: {c.name: c.dtype for c in step.rows.columns} for name, step in tables.items()}
        # The columns of the rows as they are after the matches, with their types.
        self._known = dict(self._of(meaning.step))
        for match in meaning.matches:
            theirs = self._of(match.step)
            for taken in match.take:
                if taken.name in self._known:
                    raise PlanRejected(
                        f"Two columns of an SQL step are called {taken.name}; the plan must name one anew."
                    )
                self._known[taken.name] = theirs[self._there(match.step, taken.column)]

    def query(self) -> str:
        """All of it."""
        meaning = self._meaning
        shown = self._counted() if meaning.measures else self._listed()
        limit = f"\nLIMIT {meaning.limit}" if meaning.limit else ""
        return f"WITH {_ROWS} AS (\n{self._matched()}\n)\n{shown}{limit}"

    def _of(self, step: str) -> dict[str, str]:
        if step not in self._columns:
            raise PlanRejected(f"An SQL step asks the rows of {step}, which it does not depend on.")
        return self._columns[step]

    def _there(self, step: str, column: str) -> str:
        if column not in self._of(step):
            raise PlanRejected(f"The rows of step {step} have no column {column}; they have {_all(self._of(step))}.")
        return column

    def _cell(self, column: str) -> str:
        if column not in self._known:
            raise PlanRejected(f"The rows of an SQL step have no column {column}; they have {_all(self._known)}.")
        return quoted(column)

    # --- rows --------------------------------------------------------------------------------------------------

    def _matched(self) -> str:
        meaning = self._meaning
        joins = [self._join(*each) for each in enumerate(meaning.matches, start=1) if each[1].way in _JOINED]
        columns = [f"{_FIRST}.{quoted(name)}" for name in self._of(meaning.step)]
        columns += [
            f"{_alias(number)}.{quoted(taken.column)} AS {quoted(taken.name)}"
            for number, match in enumerate(meaning.matches, start=1)
            for taken in match.take
        ]
        tests = [(self._match_test(*each), each[1].known) for each in enumerate(meaning.matches, start=1)]
        tests += [(self._test(each), each.known) for each in meaning.filters]
        sure = self._sure()
        always = [f"coalesce({test}, false)" for test, known in tests if known or not meaning.unsure]
        where = " AND ".join([*always, *self._or_unsure([t for t, known in tests if meaning.unsure and not known])])
        return "\n".join(
            [
                f"SELECT {', '.join(columns)}, {sure} AS {_SURE}",
                f"FROM {quoted(meaning.step)} AS {_FIRST}",
                *joins,
                f"WHERE {where or 'true'}",
            ]
        )

    def _or_unsure(self, tests: Sequence[str]) -> list[str]:
        together = " AND ".join(f"coalesce({test}, false)" for test in tests)
        return [f"(NOT ({self._sure()}) OR ({together}))"] if tests else []

    def _join(self, number: int, match: Match) -> str:
        return f"LEFT JOIN {quoted(match.step)} AS {_alias(number)} ON {self._equal(number, match)}"

    def _match_test(self, number: int, match: Match) -> str:
        if match.way in _JOINED:
            return f"{_alias(number)}.{quoted(match.theirs)} IS NOT NULL" if match.way == "only" else "true"
        partner = f"SELECT 1 FROM {quoted(match.step)} AS {_alias(number)} WHERE {self._equal(number, match)}"
        if match.way == "with":
            return f"EXISTS ({partner})"
        # Of a row that names nobody it cannot be said that nobody is there.
        return f"({_FIRST}.{quoted(match.ours)} IS NOT NULL AND NOT EXISTS ({partner}))"

    def _equal(self, number: int, match: Match) -> str:
        theirs, ours = self._there(match.step, match.theirs), self._there(self._meaning.step, match.ours)
        return f"{_alias(number)}.{quoted(theirs)} = {_FIRST}.{quoted(ours)}"

    def _sure(self) -> str:
        reasons = [
            f"{_FIRST}.{quoted(self._there(self._meaning.step, column))} IS NULL" for column in self._meaning.unsure
        ]
        reasons += [
            f"({_FIRST}.{quoted(match.ours)} IS NULL OR {_alias(number)}.{quoted(match.theirs)} IS NOT NULL)"
            for number, match in enumerate(self._meaning.matches, start=1)
            if match.doubted
        ]
        return " AND ".join(reasons) or "true"

    def _test(self, test: Filter) -> str:
        # Before the rows have their new names: a taken column is told by its match.
        return _tested(test, self._place(test.column), self._known[test.column])

    def _place(self, column: str) -> str:
        for number, match in enumerate(self._meaning.matches, start=1):
            for taken in match.take:
                if taken.name == column:
                    return f"{_alias(number)}.{quoted(taken.column)}"
        self._cell(column)
        return f"{_FIRST}.{quoted(column)}"

    # --- what is shown -----------------------------------------------------------------------------------------

    def _listed(self) -> str:
        meaning = self._meaning
        columns = [self._cell(name) for name in meaning.columns]
        fits = [f"CASE WHEN {_SURE} THEN '{YES}' ELSE '{UNKNOWN}' END AS {FITS.name}"] if meaning.unsure else []
        distinct = "DISTINCT " if meaning.each_once else ""
        return f"SELECT {distinct}{', '.join([*columns, *fits])}\nFROM {_ROWS}\n{self._ordered(meaning.columns)}"

    def _counted(self) -> str:
        meaning = self._meaning
        by = [self._one_by_one(name) for name in meaning.by]
        used = dict.fromkeys(m.column for m in meaning.measures if m.column and m.column not in meaning.by)
        inner = ", ".join([*by, *(self._cell(name) for name in used), _SURE])
        shown = [quoted(name) for name in meaning.by]
        shown += [f"{self._figure(m)} AS {quoted(m.name)}" for m in meaning.measures]
        if meaning.unsure:
            shown.append(f"count(*) FILTER (WHERE NOT {_SURE}) AS {UNKNOWN_COUNT.name}")
        groups = f"\nGROUP BY {', '.join(quoted(name) for name in meaning.by)}" if meaning.by else ""
        counted = f"SELECT {', '.join(shown)}\nFROM (SELECT {inner} FROM {_ROWS}) AS items{groups}"
        names = (*meaning.by, *(measure.name for measure in meaning.measures))
        having = [_tested(each, self._measured(each.column), "Int64") for each in meaning.having]
        where = f"\nWHERE {' AND '.join(having)}" if having else ""
        return f"SELECT * FROM (\n{counted}\n) AS counted{where}\n{self._ordered(names)}"

    def _one_by_one(self, name: str) -> str:
        cell = self._cell(name)
        if self._known[name] == "String":
            return f"{_there(cell, 'String')} AS {cell}"
        if not self._known[name].startswith("List"):
            return cell
        if sum(self._known[each].startswith("List") for each in self._meaning.by if each in self._known) > 1:
            raise PlanRejected("An SQL step counts by the items of one list; two are two steps.")
        # A row counts for each item; one with an empty list stays, as a row without a value does.
        return f"unnest(CASE WHEN coalesce(len({cell}), 0) = 0 THEN [NULL] ELSE {cell} END) AS {cell}"

    def _measured(self, name: str) -> str:
        if name not in {measure.name for measure in self._meaning.measures}:
            raise PlanRejected(f"An SQL step has no measure {name} to filter by.")
        return quoted(name)

    def _figure(self, measure: Measure) -> str:
        sure = f" FILTER (WHERE {_SURE})"
        if measure.figure == "percent":
            part = f"count(*){sure}"
            return f"round(100.0 * {part} / nullif(sum({part}) OVER (), 0), 1)"
        cell = self._cell(measure.column) if measure.column else "*"
        if measure.figure in ("count_of", "share_of"):
            return self._of_value(measure, cell)
        if measure.figure == "sum":
            # A sum of whole numbers is wider than any of them, and no number of things.
            return f"CAST(sum({cell}){sure} AS {'DOUBLE' if self._is_fraction(measure) else 'BIGINT'})"
        if measure.figure == "list":
            return f"list_sort(list(DISTINCT {cell}) FILTER (WHERE {_SURE} AND {cell} IS NOT NULL))"
        return f"{_FIGURES[measure.figure].format(cell)}{sure}"

    def _is_fraction(self, measure: Measure) -> bool:
        return measure.column is not None and self._known[measure.column].startswith(("Float", "Decimal"))

    @staticmethod
    def _of_value(measure: Measure, cell: str) -> str:
        assert measure.value is not None
        part = f"count(*) FILTER (WHERE {_SURE} AND {cell} = {_literal(measure.value)})"
        if measure.unknown is None:
            return part
        known = f"coalesce({cell}, '') <> {_literal(measure.unknown)}"
        return f"100.0 * {part} / nullif(count(*) FILTER (WHERE {_SURE} AND {known}), 0)"

    def _ordered(self, shown: Sequence[str]) -> str:
        asked = {key.column: key.descending for key in self._meaning.order}
        if unknown := set(asked) - set(shown):
            raise PlanRejected(f"An SQL step orders by {_all(unknown)}, which it does not show.")
        keys = [(name, asked[name]) for name in asked] + [(name, False) for name in shown if name not in asked]
        words = ", ".join(f"{quoted(name)} {'DESC' if descending else 'ASC'} NULLS LAST" for name, descending in keys)
        return f"ORDER BY {words}"


def _alias(number: int) -> str:
    return f"match_{number}"


# Ways of a match that put the columns of its step beside each row.
_JOINED: Final = ("beside", "only")
_FIGURES: Final = {
    "count": "count({})",
    "count_distinct": "count(DISTINCT {})",
    "least": "min({})",
    "most": "max({})",
    "average": "avg({})",
}


def _tested(test: Filter, cell: str, dtype: str) -> str:
    is_list = dtype.startswith("List")
    match test.test:
        case "empty":
            return f"coalesce(len({cell}), 0) = 0" if is_list else f"{_there(cell, dtype)} IS NULL"
        case "filled":
            return f"coalesce(len({cell}), 0) > 0" if is_list else f"{_there(cell, dtype)} IS NOT NULL"
        case "at_least":
            return f"{cell} >= {_literal(test.values[0])}"
        case "at_most":
            return f"{cell} <= {_literal(test.values[0])}"
        case "since" | "until":
            return _in_time(test, cell, dtype)
        case _:
            any_of = " OR ".join(_equal(test, value, "item" if is_list else cell) for value in test.values)
            found = f"len(list_filter({cell}, lambda item: {any_of})) > 0" if is_list else f"({any_of})"
            return f"NOT coalesce({found}, false)" if test.test == "is_not" else found


def _there(cell: str, dtype: str) -> str:
    """Some directories send an empty text for what somebody does not have."""
    return f"CASE WHEN trim({cell}) = '' THEN NULL ELSE {cell} END" if dtype == "String" else cell


def _equal(test: Filter, value: str | bool | int | float, cell: str) -> str:
    if test.test == "contains":
        return f"contains(lower(CAST({cell} AS VARCHAR)), {_literal(str(value).lower())})"
    if isinstance(value, str):
        return f"lower(CAST({cell} AS VARCHAR)) = {_literal(value.lower())}"
    return f"{cell} = {_literal(value)}"


def _in_time(test: Filter, cell: str, dtype: str) -> str:
    assert test.moment is not None
    moment = test.moment.astimezone(UTC).replace(tzinfo=None).isoformat(sep=" ")
    # Live rows tell a moment as ISO text; what is no moment is none, and not a failure of all rows.
    value = cell if dtype.startswith("Datetime") else f"TRY_CAST(replace({cell}, 'Z', '') AS TIMESTAMP)"
    return f"{value} {'>=' if test.test == 'since' else '<'} TIMESTAMP '{moment}'"


def _literal(value: str | bool | int | float) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def _all(names: Mapping[str, object] | set[str]) -> str:
    return ", ".join(sorted(names))
