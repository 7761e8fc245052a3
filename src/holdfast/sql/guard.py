"""The first wall before generated SQL: an allow-list that judges every word of a query by its role.

Where a table is named only a table of the step, or one that the query defines, may stand; before a parenthesis an
allowed function; after `::` or in a CAST a plain type. Any other word must be a keyword, a column, or a name that the
query gives. Names are quoted in what runs, so that none can mean anything else to the engine: a column may be called
`created_at` or `user`, and a text may say what it likes. What runs is the re-joined tokens, never the input.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from holdfast.errors import QueryRefused
from holdfast.query_words import NOTHING, Token, nearest, refusal
from holdfast.sql.names import folded, given_names, spelt
from holdfast.sql.tokens import quoted, tokens_of
from holdfast.sql.vocabulary import (
    BETWEEN_VALUES,
    CALLED_HERE,
    CLAUSES,
    CONTEXTUAL,
    ENDS_OF_VALUES,
    FUNCTIONS,
    GROUPS,
    KEYWORDS,
    SERIES,
    SET_OPERATIONS,
    TABLE_FUNCTIONS,
    TYPES,
    UNITS,
)

MAX_DEPTH = 24
MAX_NESTED_CASES = 8
# Each joined with each other is what the deadline ends; more than this is no question about a few steps.
MAX_TABLES_NAMED = 24
MAX_SERIES = 1_000_000

_OPENING = {")": "(", "]": "["}
_NAMES = ("word", "quoted")
_BEFORE_STAR = frozenset({"SELECT", "DISTINCT", ",", "."})
_TABLE_CLAUSES = frozenset({"FROM", "ON", "USING"})
# "types": inside DECIMAL(…); "names": a list of columns; "tables": joins in parentheses.
_Role = Literal["query", "tables", "call", "group", "names", "types", "list"]


@dataclass(frozen=True)
class GuardedSql:
    """A query that may run."""

    text: str


def guarded(query: str, tables: Mapping[str, Iterable[str]]) -> GuardedSql:
    """`query` as it may run over `tables` (columns by table). Raises QueryRefused, which says what and where."""
    tokens = tokens_of(query)
    if tokens and tokens[-1].text == ";":
        tokens.pop()
    if not tokens:
        raise QueryRefused("The query is empty; it must begin with SELECT or WITH.")
    judge = _Judge(query, tokens, tables)
    judge.judge_all()
    return GuardedSql(judge.canonical_text())


@dataclass(slots=True)
class _Scope:
    """An open bracket, or the whole: what it is for, and how far it is."""

    role: _Role
    start: Token
    # The function of a call, in lower case.
    function: str = ""
    # Of a query: the clause that is being read. "" where a SELECT or WITH must come.
    clause: str = ""
    wants: Literal["", "table", "type"] = ""
    lambdas: int = 0


class _Judge:
    """One walk over the tokens of one query."""

    def __init__(self, query: str, tokens: list[Token], tables: Mapping[str, Iterable[str]]) -> None:
        self._query = query
        self._tokens = tokens
        self._tables = {name.casefold() for name in tables}
        columns = {column.casefold() for names in tables.values() for column in names}
        self._known = self._tables | columns | given_names(tokens)
        self._scopes = [_Scope("query", NOTHING)]
        self._open_cases = 0
        self._tables_named = 0
        # Where a type or a new name stood last: what a parenthesis after it means.
        self._type_at = self._given_at = -1
        self._written: list[str] = []

    def canonical_text(self) -> str:
        """What runs."""
        return " ".join(self._written)

    def judge_all(self) -> None:
        """Raises QueryRefused at the first word that may not stand where it stands."""
        last = len(self._tokens) - 1
        before = NOTHING
        for index, token in enumerate(self._tokens):
            after = self._tokens[index + 1] if index < last else NOTHING
            self._written.append(token.text)
            if token.kind in _NAMES:
                self._judge_name(index, token, before, after)
            else:
                self._judge_sign(index, token, before, after)
            before = token
        if len(self._scopes) > 1:
            raise self._refused(self._scope.start, f"this {self._scope.start.text} is never closed")
        self._check_end(before)

    @property
    def _scope(self) -> _Scope:
        return self._scopes[-1]

    def _refused(self, token: Token, reason: str) -> QueryRefused:
        return refusal(self._query, token.start, reason)

    def _check_end(self, token: Token) -> None:
        if self._scope.wants or (self._scope.role == "query" and self._scope.clause in ("", "WITH")):
            raise self._refused(token, "the query ends too early here; it must be one whole SELECT")

    # --- words -----------------------------------------------------------------------------------------------

    def _judge_name(self, index: int, token: Token, before: Token, after: Token) -> None:
        scope = self._scope
        if scope.wants == "table":
            self._judge_table(token, after)
        elif scope.wants == "type":
            self._judge_type(index, token)
        elif before.text == ".":
            if after.text == "(":
                raise self._refused(token, "a function is not called with a dot")
            self._write_name(token)
        elif scope.role == "types":
            raise self._refused(token, "between the parentheses of a type stand numbers")
        elif scope.role == "names" or self._gives_a_name(token, before, after):
            self._given_at = index
            self._write_name(token)
        elif token.kind == "word" and self._is_keyword(index, token, before, after):
            self._judge_keyword(index, token, before)
        elif scope.role == "query" and scope.clause in ("", "WITH"):
            raise self._refused(token, "a query begins with SELECT, or with WITH and SELECT after its queries")
        elif after.text == "(":
            self._judge_function(token)
        elif folded(token) not in self._known:
            raise self._refused(token, self._unknown_name(token))
        else:
            if self._is_in_series():
                raise self._refused(token, "the bounds of a series are literals")
            self._write_name(token)

    def _judge_table(self, token: Token, after: Token) -> None:
        self._scope.wants = ""
        self._tables_named += 1
        if self._tables_named > MAX_TABLES_NAMED:
            raise self._refused(token, f"tables are named more often than {MAX_TABLES_NAMED} times")
        if after.text == "(":
            if token.kind == "quoted" or token.text.lower() not in TABLE_FUNCTIONS:
                raise self._refused(token, f"{token.text}() may not stand for a table; there are {_all(self._tables)}")
        elif after.text == "." or folded(token) not in self._tables:
            raise self._refused(token, f"no table is called {token.text}; there are {_all(self._tables)}")
        else:
            self._write_name(token)

    def _judge_type(self, index: int, token: Token) -> None:
        if token.kind == "quoted" or token.name not in TYPES:
            raise self._refused(token, f"{token.text} is not a type that may be cast to; there are {_all(TYPES)}")
        self._scope.wants = ""
        self._type_at = index

    def _gives_a_name(self, token: Token, before: Token, after: Token) -> bool:
        """Whether it is the name of a query in WITH, of a lambda's argument, or an alias."""
        if self._scope.clause == "WITH" and (before.name == "WITH" or before.text == ","):
            if after.name != "AS" and after.text != "(":
                raise self._refused(token, "after WITH comes a name, AS and a query in parentheses")
            self._tables.add(folded(token))
            return True
        return before.kind == "word" and before.name in ("AS", "LAMBDA") and self._scope.clause != "WITH"

    def _is_keyword(self, index: int, token: Token, before: Token, after: Token) -> bool:
        name = token.name
        if name in KEYWORDS:
            return True
        if name in CONTEXTUAL:
            befores, afters = CONTEXTUAL[name]
            if befores & {before.name, before.text, f"#{before.kind}"} or afters & {after.name, f"#{after.kind}"}:
                return True
        if name in UNITS and after.text != "(":
            if index >= 2 and self._tokens[index - 2].name == "INTERVAL" and before.kind in ("string", "number"):
                return True
            return self._scope.function == "extract" and before.text == "("
        return name == "LAMBDA" and [t.text for t in self._tokens[index + 2 : index + 3]] == [":"]

    def _judge_keyword(self, index: int, token: Token, before: Token) -> None:
        name, scope = token.name, self._scope
        if name in CLAUSES:
            self._judge_clause(index, token, before)
        elif name in SET_OPERATIONS:
            self._needs_query(token)
            self._check_end(token)
            scope.clause = ""
        elif name in ("JOIN", "ON", "USING"):
            if scope.clause not in _TABLE_CLAUSES:
                raise self._refused(token, f"{name} stands only where tables are joined")
            scope.wants = "table" if name == "JOIN" else ""
            scope.clause = "FROM" if name == "JOIN" else name
        elif name == "AS":
            scope.wants = "type" if scope.function in ("cast", "try_cast") else ""
        elif name == "LAMBDA":
            scope.lambdas += 1
        elif name == "EXCLUDE" and self._tokens[index - 2].text.upper() not in _BEFORE_STAR:
            raise self._refused(token, "EXCLUDE stands only after the * of all columns")
        elif name in BETWEEN_VALUES and not _ends_a_value(before):
            raise self._refused(token, f"{name} stands between two values")
        elif name == "BY" and before.name not in ("GROUP", "ORDER", "PARTITION"):
            raise self._refused(token, "BY stands only after GROUP, ORDER or PARTITION")
        elif name in ("CASE", "END"):
            self._open_cases += 1 if name == "CASE" else -1
            if self._open_cases > MAX_NESTED_CASES:
                raise self._refused(token, f"CASE is nested deeper than {MAX_NESTED_CASES}")

    def _judge_clause(self, index: int, token: Token, before: Token) -> None:
        name, scope = token.name, self._scope
        if self._is_no_clause(index, token, before):
            return
        self._needs_query(token)
        if name in ("SELECT", "WITH"):
            begins = scope.clause == "" if name == "WITH" else scope.clause in ("", "WITH") and before.text != ","
            if not begins:
                raise self._refused(token, f"{name} begins a query, and none may begin here")
        elif scope.clause in ("", "WITH") or _place(name) <= _place(scope.clause):
            raise self._refused(
                token, f"{name} may not stand here; a query is made of {', '.join(CLAUSES)} in this order"
            )
        scope.clause = name
        scope.wants = "table" if name == "FROM" else ""

    def _is_no_clause(self, index: int, token: Token, before: Token) -> bool:
        """EXTRACT(… FROM …), IS DISTINCT FROM, and what orders and filters the rows of one function."""
        match token.name:
            case "FROM":
                compares = before.name == "DISTINCT" and index >= 2 and self._tokens[index - 2].name in ("IS", "NOT")
                return self._scope.function == "extract" or compares
            case "ORDER":
                return self._scope.role in ("call", "group")
            case "WHERE":
                return self._scope.role == "group" and before.text == "("
            case _:
                return False

    def _needs_query(self, token: Token) -> None:
        if self._scope.role != "query":
            raise self._refused(token, f"{token.text} stands only in a query, which is SELECT … in parentheses")

    def _judge_function(self, token: Token) -> None:
        name = token.text.lower()
        if token.kind == "quoted":
            raise self._refused(token, "the name of a function is not quoted")
        if name not in FUNCTIONS:
            here = CALLED_HERE.get(name)
            hint = f"; write {here} instead" if here else nearest(name, FUNCTIONS)
            raise self._refused(token, f"the function {token.text}() is not allowed{hint}")
        if self._is_in_series():
            raise self._refused(token, "the bounds of a series are literals")

    def _is_in_series(self) -> bool:
        return any(scope.function in SERIES for scope in self._scopes)

    def _unknown_name(self, token: Token) -> str:
        here = CALLED_HERE.get(token.text.lower())
        hint = f"; write {here} instead" if here else nearest(token.text.lower(), self._known)
        return f"{token.text} is neither an allowed keyword nor a column nor a name that the query gives{hint}"

    def _write_name(self, token: Token) -> None:
        self._written[-1] = quoted(spelt(token))

    # --- signs, texts and numbers ------------------------------------------------------------------------------

    def _judge_sign(self, index: int, token: Token, before: Token, after: Token) -> None:
        scope = self._scope
        if token.text == "(":
            self._judge_opening(index, token, before, after)
        elif scope.wants == "table":
            raise self._refused(token, f"here a table is named; there are {_all(self._tables)}")
        elif scope.wants == "type":
            raise self._refused(token, "here a type is named, such as VARCHAR or DOUBLE")
        elif scope.role == "query" and scope.clause == "":
            raise self._refused(token, "a query begins with SELECT or WITH")
        elif token.kind == "symbol":
            self._judge_symbol(token, before, after)
        elif token.kind == "number" and self._is_in_series() and float(token.text) > MAX_SERIES:
            raise self._refused(token, f"a series has at most {MAX_SERIES:,} members")

    def _judge_symbol(self, token: Token, before: Token, after: Token) -> None:
        sign, scope = token.text, self._scope
        if sign == "[":
            self._open(_Scope("list", token))
        elif sign in (")", "]"):
            self._judge_closing(token)
        elif sign == ",":
            if scope.role == "tables":
                raise self._refused(token, "tables in parentheses are joined by JOIN")
            scope.wants = "table" if scope.role == "query" and scope.clause in _TABLE_CLAUSES else ""
        elif sign == "::":
            scope.wants = "type"
        elif sign == ".":
            if before.kind not in (*_NAMES, "symbol") or (after.kind not in _NAMES and after.text != "*"):
                raise self._refused(token, "a dot stands between the name of a table or record and that of a column")
        elif sign == ":":
            if scope.role != "list" and not scope.lambdas:
                raise self._refused(token, "':' stands only in a part of a list or after a lambda's argument")
            scope.lambdas -= scope.lambdas > 0
        elif sign == ";":
            raise self._refused(token, "only one statement is allowed")

    def _judge_opening(self, index: int, token: Token, before: Token, after: Token) -> None:
        parent = self._scope
        begins_query = after.kind == "word" and after.name in ("SELECT", "WITH")
        scope = _Scope("group", token)
        if parent.wants == "type":
            raise self._refused(token, "here a type is named, such as VARCHAR or DOUBLE")
        if parent.wants == "table":
            parent.wants = ""
            scope = _Scope("query", token) if begins_query else _Scope("tables", token, clause="FROM", wants="table")
        elif parent.role == "query" and parent.clause == "":
            if not begins_query:
                raise self._refused(token, "a query begins with SELECT or WITH")
            scope = _Scope("query", token)
            # Of a query in parentheses only the order and the number of its rows may follow, or another one.
            parent.clause = "QUALIFY"
        elif parent.clause == "WITH" and before.name == "AS":
            if not begins_query:
                raise self._refused(token, "after the name of a query and AS comes the query, SELECT …")
            scope = _Scope("query", token)
        elif index - 1 == self._type_at:
            scope = _Scope("types", token)
        elif index - 1 == self._given_at or before.name in ("USING", "EXCLUDE"):
            scope = _Scope("names", token)
        elif before.kind == "word" and before.name not in GROUPS:
            scope = _Scope("call", token, function=before.text.lower())
        elif begins_query:
            scope = _Scope("query", token)
        if scope.role == "query" and self._is_in_series():
            raise self._refused(token, "the bounds of a series are literals")
        self._open(scope)

    def _open(self, scope: _Scope) -> None:
        self._scopes.append(scope)
        if len(self._scopes) > MAX_DEPTH:
            raise self._refused(scope.start, f"brackets are nested deeper than {MAX_DEPTH}")

    def _judge_closing(self, token: Token) -> None:
        if self._scope.start.text != _OPENING[token.text]:
            raise self._refused(token, f"this {token.text} closes nothing that is open")
        self._check_end(token)
        self._scopes.pop()


def _ends_a_value(token: Token) -> bool:
    if token.kind == "symbol":
        return token.text in (")", "]")
    return token.kind != "word" or token.name not in KEYWORDS - ENDS_OF_VALUES


def _place(clause: str) -> int:
    return CLAUSES.index("FROM" if clause in _TABLE_CLAUSES else clause)


def _all(known: Iterable[str]) -> str:
    return ", ".join(sorted(known)) or "none"
