"""The first wall before generated Cypher: an allow-list that judges every word of a query by its role.

A word after a dot must be a known property, after a colon in a pattern a known label or relation, before a
parenthesis an allowed function; a key of a map is free; any other word must be an allowed keyword or a name that
the query itself introduces. Nothing is searched for in the text, so odd spaces and comments get past nothing, and
`created_at` or a person called Settle are no danger. What runs is the re-joined tokens, never the input.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from holdfast.errors import QueryRefused
from holdfast.graph.schema import GraphSchema
from holdfast.graph.tokens import tokens_of
from holdfast.query_words import NOTHING, Token, nearest, refusal

MAX_DEPTH = 24
MAX_NESTED_CASES = 8
# Longer than any chain of managers; many-to-many relations walked that far meet the query worker's limits.
MAX_HOPS = 20


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_CLAUSES = _words("MATCH OPTIONAL UNWIND WITH RETURN")
_KEYWORDS = _CLAUSES | _words("""
    WHERE ORDER BY SKIP LIMIT DISTINCT UNION ALL AS AND OR XOR NOT IN IS NULL TRUE FALSE CASE WHEN THEN ELSE END
    STARTS ENDS CONTAINS EXISTS COUNT ASC ASCENDING DESC DESCENDING ANY NONE SINGLE SHORTEST TRAIL ACYCLIC CAST
""")
# Keywords of the engine that do something else than read this graph. They may not even serve as names.
_FORBIDDEN = _words("""
    CREATE MERGE SET DELETE DETACH REMOVE DROP ALTER COPY LOAD CALL ATTACH USE INSTALL UNINSTALL UPDATE EXPORT
    IMPORT CHECKPOINT BEGIN COMMIT ROLLBACK EXPLAIN PROFILE COMMENT FOREACH FROM TO YIELD PROJECT EXTENSION FORCE
    MACRO TRANSACTION DATABASE ANALYZE VACUUM PRAGMA GRANT REVOKE GRAPH HINT
""")
# Reads of values only. Left out on purpose: what makes large values out of small ones (range, repeat, lpad), what
# reads settings or internal ids, and what an engine answers wrongly (list_filter).
ALLOWED_FUNCTIONS = _words("""
    count sum avg min max collect coalesce ifnull nullif lower upper tolower toupper initcap trim ltrim rtrim
    substring left right reverse contains starts_with ends_with concat string_split split_part regexp_matches
    regexp_full_match regexp_extract regexp_replace size length abs round ceil floor greatest least cast to_string
    timestamp date interval current_timestamp current_date date_trunc date_part datepart dayname monthname last_day
    to_years to_months to_days to_hours to_minutes to_seconds epoch_ms to_timestamp list_sort list_distinct
    list_contains list_has list_concat list_extract list_to_string list_position struct_extract nodes rels
    label labels any all none single
""")
# What the words of other dialects are called here.
_CALLED_HERE = {
    "type": "label",
    "string_agg": "list_to_string",
    "datetime": "timestamp",
    "now": "current_timestamp",
    "today": "current_date",
    "relationships": "rels",
    "tostring": "to_string",
    "split": "string_split",
    "duration": "interval",
}
# Keywords that a parenthesis follows without a call: a pattern, a group of conditions or a list of values.
_GROUPS = _KEYWORDS - {"COUNT", "ANY", "ALL", "NONE", "SINGLE", "CAST"}
_OPENING = {")": "(", "]": "[", "}": "{"}
_SHORTEST = frozenset({"SHORTEST", "ALL", "TRAIL", "ACYCLIC"})
_NAMES = ("word", "quoted")

_Role = Literal["call", "node", "relation", "list", "map", "properties", "subquery"]


@dataclass(frozen=True)
class GuardedQuery:
    """A query that may run, and what it reads.

    `labels` and `relations` are what its patterns name; where a pattern leaves them open, all that they may be.
    """

    text: str
    labels: frozenset[str]
    relations: frozenset[str]


def guarded(query: str, schema: GraphSchema) -> GuardedQuery:
    """`query` as it may run. Raises QueryRefused, which says what was refused, where, and what is allowed instead."""
    tokens = tokens_of(query)
    if tokens and tokens[-1].text == ";":
        tokens.pop()
    if not tokens:
        raise QueryRefused("The query is empty; it must begin with MATCH, OPTIONAL MATCH, UNWIND, WITH or RETURN.")
    judge = _Judge(query, tokens, schema)
    judge.judge_all()
    return GuardedQuery(text=judge.canonical_text(), labels=judge.labels_read(), relations=judge.relations_read())


@dataclass(slots=True)
class _Bracket:
    """An open bracket: what it is for, where it stands, and whether a label or relation was named in it."""

    sign: str
    role: _Role
    index: int
    is_typed: bool = False


class _Judge:
    """One walk over the tokens of one query."""

    def __init__(self, query: str, tokens: list[Token], schema: GraphSchema) -> None:
        self._query = query
        self._tokens = tokens
        self._schema = schema
        self._introduced = _introduced_names(tokens)
        self._open: list[_Bracket] = []
        self._open_cases = 0
        self._keys: set[str] = set()
        self._labels: set[str] = set()
        self._relations: set[str] = set()
        self._labelled_names: set[str] = set()
        # Names of nodes without a label ("" where they have no name), and whether a relation touches them.
        self._bare_nodes: set[tuple[str, bool]] = set()
        self._has_bare_relation = False
        # Where the names of the schema stand.
        self._schema_names: set[int] = set()

    def judge_all(self) -> None:
        """Raises QueryRefused at the first word that may not stand where it stands."""
        tokens = self._tokens
        if tokens[0].name not in _CLAUSES:
            raise self._refused(tokens[0], "a query must begin with MATCH, OPTIONAL MATCH, UNWIND, WITH or RETURN")
        returns = False
        last = len(tokens) - 1
        before = NOTHING
        for index, token in enumerate(tokens):
            after = tokens[index + 1] if index < last else NOTHING
            if token.kind == "word":
                self._judge_word(token, before, after)
                returns = returns or token.name == "RETURN"
            elif token.kind == "quoted":
                self._judge_quoted(token, before, after)
            elif token.kind == "symbol":
                self._judge_symbol(index, token, before, after)
            before = token
        if self._open:
            raise self._refused(tokens[self._open[-1].index], f"this {self._open[-1].sign} is never closed")
        if not returns:
            raise QueryRefused("The query has no RETURN; it must end by returning named columns.")

    def canonical_text(self) -> str:
        """What runs. Names of the schema are quoted, because some are the engines' own words (Group, order)."""
        text = ""
        for token in self._tokens:
            shown = f"`{token.text}`" if token.start in self._schema_names and token.kind == "word" else token.text
            # The engines' grammar takes no space before the comma of an ORDER BY.
            text += shown if shown == "," else f" {shown}"
        return text[1:]

    def labels_read(self) -> frozenset[str]:
        """Labels that the patterns name or leave open."""
        labels = set(self._labels)
        bare = {(name, touched) for name, touched in self._bare_nodes if name not in self._labelled_names}
        if any(not touched for _, touched in bare):
            return self._schema.labels
        if bare:
            read = self.relations_read()
            labels.update(end for r in self._schema.relations if r.name in read for end in (r.source, r.target))
        return frozenset(labels)

    def relations_read(self) -> frozenset[str]:
        """Relations that the patterns name or leave open."""
        return self._schema.relation_names if self._has_bare_relation else frozenset(self._relations)

    def _refused(self, token: Token, reason: str) -> QueryRefused:
        return refusal(self._query, token.start, reason)

    def _role(self) -> _Role | None:
        return self._open[-1].role if self._open else None

    # --- words -----------------------------------------------------------------------------------------------

    def _judge_word(self, token: Token, before: Token, after: Token) -> None:
        if self._judge_by_place(token, token.text, before, after):
            return
        name = token.name
        if name in _FORBIDDEN:
            raise self._refused(
                token, f"{token.text} is not allowed: a query only reads, and this word may not be a name either"
            )
        if after.text == "(" and name not in _GROUPS:
            if token.text.lower() not in ALLOWED_FUNCTIONS:
                raise self._refused(token, _unknown_function(token.text))
        elif name in _KEYWORDS:
            self._judge_case(token)
        elif token.text not in self._introduced:
            raise self._refused(
                token,
                f"{token.text} is neither an allowed keyword nor a name that the query introduces"
                + nearest(token.text, self._introduced | _KEYWORDS),
            )

    def _judge_quoted(self, token: Token, before: Token, after: Token) -> None:
        if self._judge_by_place(token, token.name, before, after):
            return
        if after.text == "(":
            raise self._refused(token, "the name of a function is not quoted")

    def _judge_by_place(self, token: Token, name: str, before: Token, after: Token) -> bool:
        """Whether its place made `name` a property, a label, a relation or a key, and as such it is allowed."""
        if before.text == ".":
            if after.text == "(" or (name not in self._schema.properties and name not in self._keys):
                raise self._refused(token, f"no property is called {name}" + nearest(name, self._schema.properties))
            self._schema_names.add(token.start)
            return True
        role = self._role()
        if before.text in (":", "|") and role in ("node", "relation"):
            self._judge_type(token, name, role)
            self._schema_names.add(token.start)
            return True
        if after.text == ":" and role in ("map", "properties") and before.text in ("{", ","):
            if role == "properties" and name not in self._schema.properties:
                raise self._refused(token, f"no property is called {name}" + nearest(name, self._schema.properties))
            self._keys.add(name)
            if role == "properties":
                self._schema_names.add(token.start)
            return True
        return False

    def _judge_type(self, token: Token, name: str, role: _Role) -> None:
        if role == "node":
            if name not in self._schema.labels:
                raise self._refused(token, f"no label is called {name}; there are {_all(self._schema.labels)}")
            self._labels.add(name)
        else:
            if name not in self._schema.relation_names:
                known = _all(self._schema.relation_names)
                raise self._refused(token, f"no relation is called {name}; there are {known}")
            self._relations.add(name)
        self._open[-1].is_typed = True

    def _judge_case(self, token: Token) -> None:
        if token.name == "CASE":
            self._open_cases += 1
            if self._open_cases > MAX_NESTED_CASES:
                raise self._refused(token, f"CASE is nested deeper than {MAX_NESTED_CASES}")
        elif token.name == "END":
            self._open_cases -= 1

    # --- signs -----------------------------------------------------------------------------------------------

    def _judge_symbol(self, index: int, token: Token, before: Token, after: Token) -> None:
        sign = token.text
        if sign in "([{":
            self._judge_opening(index, token, before)
        elif sign in ")]}":
            self._judge_closing(index, token, after)
        elif sign in (":", "|"):
            self._judge_colon(token, after)
        elif sign == ".":
            if after.kind not in _NAMES:
                raise self._refused(token, "after a dot comes the name of a property")
        elif sign == "*":
            self._judge_star(index, token, before)
        elif sign == ";":
            raise self._refused(token, "only one statement is allowed")
        elif sign == "..":
            if self._role() != "relation":
                raise self._refused(
                    token, "'..' stands only between the bounds of a relation, as in [:REPORTS_TO*1..3]"
                )
        elif sign in ("-", "<-") and before.text == ")" and after.text in ("-", "->"):
            # An arrow without brackets may be any relation.
            self._has_bare_relation = True

    def _judge_opening(self, index: int, token: Token, before: Token) -> None:
        role = self._role_of_bracket(token.text, before)
        if self._role() == "relation" and role != "properties":
            raise self._refused(token, "between the brackets of a relation stand its name, type, bounds and properties")
        self._open.append(_Bracket(token.text, role, index))
        if len(self._open) > MAX_DEPTH:
            raise self._refused(token, f"brackets are nested deeper than {MAX_DEPTH}")

    def _role_of_bracket(self, sign: str, before: Token) -> _Role:
        is_name = before.kind == "quoted" or (before.kind == "word" and before.name not in _KEYWORDS)
        if sign == "(":
            return "call" if is_name or before.name in _KEYWORDS - _GROUPS else "node"
        if sign == "[":
            return "relation" if before.text in ("-", "<-") else "list"
        if before.name in ("COUNT", "EXISTS"):
            return "subquery"
        if self._role() == "relation" or (self._role() == "node" and (is_name or before.text == "(")):
            return "properties"
        return "map"

    def _judge_closing(self, index: int, token: Token, after: Token) -> None:
        if not self._open or self._open[-1].sign != _OPENING[token.text]:
            raise self._refused(token, f"this {token.text} closes nothing that is open")
        bracket = self._open.pop()
        if bracket.role == "relation" and not bracket.is_typed:
            self._has_bare_relation = True
        if bracket.role == "node":
            self._note_node(bracket, index, after)

    def _note_node(self, bracket: _Bracket, end: int, after: Token) -> None:
        first = self._tokens[bracket.index + 1]
        name = first.text if first.kind in _NAMES else ""
        if bracket.is_typed:
            # A node without a name is the same as no other.
            self._labelled_names.update({name} - {""})
            return
        if bracket.index + 1 + bool(name) != end and self._tokens[bracket.index + 1 + bool(name)].text != "{":
            return  # a group of conditions
        before = self._tokens[bracket.index - 1]
        is_touched = before.text in ("-", "->") or after.text in ("-", "<-")
        if is_touched or before.name == "MATCH" or before.text == ",":
            self._bare_nodes.add((name, is_touched))

    def _judge_colon(self, token: Token, after: Token) -> None:
        role = self._role()
        if role in ("node", "relation"):
            if after.kind not in _NAMES and not (token.text == "|" and after.text == ":"):
                raise self._refused(token, f"after {token.text} in a pattern comes a label or a relation")
        elif token.text == "|" or role not in ("map", "properties", "list"):
            raise self._refused(token, f"{token.text} stands only in a pattern, a map or a part of a list")

    def _judge_star(self, index: int, token: Token, before: Token) -> None:
        if self._role() == "relation":
            self._judge_bounds(index, token)
        elif before.text == "." or before.name in ("RETURN", "DISTINCT"):
            raise self._refused(token, "* is not allowed here, name the columns to return")

    def _judge_bounds(self, index: int, star: Token) -> None:
        rest = [t for t in self._tokens[index + 1 : index + 6] if t.name not in _SHORTEST]
        upper = rest[0] if rest else NOTHING
        if upper.kind == "number" and len(rest) > 1 and rest[1].text == "..":
            upper = rest[2] if len(rest) > 2 else NOTHING
        elif upper.text == "..":
            upper = rest[1] if len(rest) > 1 else NOTHING
        if not upper.text.isdigit():
            raise self._refused(star, f"a path needs an upper bound of at most {MAX_HOPS}, as in [:REPORTS_TO*1..3]")
        if int(upper.text) > MAX_HOPS:
            raise self._refused(upper, f"a path may be {MAX_HOPS} relations long, not {upper.text}")


def _introduced_names(tokens: list[Token]) -> set[str]:
    """Names that the query gives: to nodes, relations, paths, aliases and the elements of a list."""
    names: set[str] = set()
    last = len(tokens) - 1
    for index in range(1, len(tokens)):
        token = tokens[index]
        if token.kind != "word":
            continue
        before = tokens[index - 1]
        if before.name == "AS":
            names.add(token.text)
        elif index < last:
            after = tokens[index + 1]
            if (
                (before.text == "(" and (after.text in (":", ")", "{") or after.name == "IN"))
                or (before.text == "[" and after.text in (":", "]", "*", "{"))
                or (after.text == "=" and (before.name == "MATCH" or before.text == ","))
            ):
                names.add(token.text)
    return names


def _unknown_function(name: str) -> str:
    here = _CALLED_HERE.get(name.lower())
    hint = f"; it is called {here}() here" if here else nearest(name.lower(), ALLOWED_FUNCTIONS)
    return f"the function {name}() is not allowed{hint}"


def _all(known: Iterable[str]) -> str:
    return ", ".join(sorted(known))
