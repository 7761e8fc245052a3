"""The guard by itself: what passes, what is refused and how that is told, and that no mutation slips through."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.errors import QueryRefused
from holdfast.graph.guard import MAX_DEPTH, MAX_HOPS, MAX_NESTED_CASES, guarded
from holdfast.graph.schema import BASE_SCHEMA, ColumnType
from holdfast.graph.tokens import tokens_of
from holdfast.query_words import MAX_CHARACTERS, MAX_TOKENS

AT_MOST = f"at most {MAX_HOPS}"
SCHEMA = BASE_SCHEMA.with_user_attributes({"hire_date": ColumnType.STRING, "order": ColumnType.INT64})

VALID = (
    "MATCH (u:User) RETURN u.login AS login",
    "match (u:User) return u.login as login;",
    "MATCH (u:User {status: 'ACTIVE', department: \"R&D\"}) RETURN u.login AS login ORDER BY login, u.id DESC LIMIT 10",
    "MATCH (u:User) WHERE u.last_name = 'Settle' AND u.created > timestamp('2024-01-01 00:00:00') RETURN u.id AS id",
    "MATCH (u:User) WHERE u.display_name CONTAINS 'O\\'Hopper 😀 -- /* no comment */ ; DROP' RETURN u.id AS id",
    "MATCH (u:User)-[:MEMBER_OF]->(g:Group)-[:GROUP_HAS_ACCESS]->(a:Application {label: 'Payroll'}) "
    "RETURN DISTINCT u.login AS login, g.name AS through UNION "
    "MATCH (u:User)-[h:HAS_ACCESS]->(a:Application {label: 'Payroll'}) WHERE h.scope = 'USER' "
    "RETURN u.login AS login, '' AS through",
    "MATCH (g:Group) OPTIONAL MATCH (u:User)-[:MEMBER_OF]->(g) RETURN g.name AS name, count(u) AS members",
    "MATCH (u:User) WHERE NOT EXISTS { MATCH (u)-[:ENROLLED]->(:Factor) } AND u.factors_known RETURN u.login AS l",
    "MATCH (u:User) RETURN u.department AS d, COUNT { MATCH (u)-[:ENROLLED]->(f:Factor) } AS factors",
    "MATCH p = (u:User)-[:REPORTS_TO*1..5]->(boss:User) RETURN boss.login AS boss, length(p) AS distance",
    "MATCH (u:User)-[:REPORTS_TO* SHORTEST 1..5]->(b:User) RETURN b.id AS id",
    "MATCH (x)-[r:HAS_ROLE|GOVERNED_BY]->(y) RETURN label(r) AS kind, count(*) AS n",
    "MATCH (u:User) WITH u.department AS d, collect(u.login) AS people WHERE size(people) > 1 RETURN d, people",
    "MATCH (a:Application) WHERE any(x IN a.features WHERE x = 'PUSH') RETURN a.label AS label",
    "MATCH (u:User) RETURN CASE WHEN u.last_login IS NULL THEN 'never' ELSE to_string(u.last_login) END AS seen",
    "UNWIND ['00u1', '00u2'] AS id MATCH (u:User {id: id}) RETURN u.login AS login",
    "MATCH (u:User) WHERE u.last_login < current_timestamp() - interval('90 days') OR u.last_login IS NULL "
    "RETURN u.login AS login SKIP 5 LIMIT 5",
    "MATCH (u:User) RETURN count(*) AS n, count(DISTINCT u.department) AS departments",
    "MATCH (u:User) RETURN u.`order` AS `Sort order`, u.hire_date AS hired",
    "WITH {name: 'x', many: [1, 2, 3]} AS m RETURN m.name AS name, m.many[1:2] AS part, -1.5e3 AS number",
    "MATCH (u:User) WHERE u.email =~ '.*@acme[.]test' AND u.login STARTS WITH 'a' RETURN u.id AS id",
    "MATCH (u:User)-->(n) RETURN label(n) AS kind, count(*) AS n",
    "MATCH (u:User) WHERE u.id IN ['1', '2'] AND (u.status <> 'ACTIVE' XOR u.department IS NOT NULL) RETURN u.id AS x",
)

HOSTILE = (
    "LOAD FROM '/etc/passwd' RETURN *",
    "COPY (MATCH (u:User) RETURN u.id) TO '/tmp/x.csv'",
    "EXPORT DATABASE '/tmp/x'",
    "IMPORT DATABASE '/tmp/x'",
    "INSTALL httpfs",
    "LOAD EXTENSION '/tmp/x.so'",
    "ATTACH '/tmp/x.db' AS x (dbtype duckdb)",
    "CALL timeout=0",
    "CALL show_tables() RETURN *",
    "CHECKPOINT",
    "CREATE (:User {id: 'evil'})",
    "MERGE (u:User {id: 'evil'}) RETURN u.id AS id",
    "MATCH (u:User) SET u.status = 'ACTIVE' RETURN u.id AS id",
    "MATCH (u:User) DETACH DELETE u",
    "MATCH (u:User) RETURN u.id AS id; CHECKPOINT",
    "MATCH (u:User) RETURN u.id AS id; MATCH (u:User) RETURN u.id AS id",
    "/* harmless */ MATCH (u:User) RETURN u.id AS id",
    "MATCH (u:User) // RETURN\nRETURN u.id AS id",
    "MATCH (u:User) LOAD FROM secret RETURN secret AS s",
    "LOAD\u00a0FROM '/etc/passwd' RETURN *",
    "MATCH (u:User) RETURN u.id AS id UNION LOAD FROM 'x.csv' RETURN *",
    "MATCH (u:User) CALL timeout = 0 RETURN u.id AS id",
    "RETURN current_setting('timeout') AS t",
    "UNWIND range(1, 2000000000) AS x RETURN sum(x) AS s",
    "RETURN repeat('x', 1000000000) AS s",
    "MATCH (u:User)-[:MEMBER_OF*]-(g) RETURN count(*) AS n",
    "MATCH (u:User)-[:MEMBER_OF*1..]-(g) RETURN count(*) AS n",
    "MATCH (u:User)-[*1..30]-(g) RETURN count(*) AS n",
    "MATCH (u:Secret) RETURN u.id AS id",
    "MATCH (u:User)-[:KNOWS]->(v) RETURN v.id AS id",
    "MATCH (u:User) RETURN u.password AS p",
    "MATCH (u:User {password: 'x'}) RETURN u.id AS id",
    "MATCH (u:User) WHERE u.id = $id RETURN u.id AS id",
    "MATCH (u:User) RETURN *",
    "MATCH (u:User) RETURN u.*",
    "MATCH (u:User) RETURN nextval('s') AS n",
    "MATCH (u:User) RETURN `current_setting`('x') AS n",
    "MATCH (CALL) RETURN 1 AS one",
    "EXPLAIN MATCH (u:User) RETURN u.id AS id",
    "MATCH (u:User)",
    "",
    ";",
)


@pytest.mark.parametrize("query", VALID)
def test_an_ordinary_question_passes_and_passes_again_unchanged(query: str) -> None:
    once = guarded(query, SCHEMA)
    assert guarded(once.text, SCHEMA) == once
    assert once.text.isascii() or "'" in once.text


@pytest.mark.parametrize("query", HOSTILE)
def test_whatever_is_no_read_of_this_graph_is_refused(query: str) -> None:
    with pytest.raises(QueryRefused):
        guarded(query, SCHEMA)


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("MATCH (u:User)\nRETURN u.lgin AS l", "Line 2, column 10: no property is called lgin; near it there are log"),
        ("MATCH (u:Usr) RETURN u.id AS i", "Line 1, column 10: no label is called Usr; there are Application, Device,"),
        ("MATCH (u:User)-[:MEMBER]->(g) RETURN u.id AS i", "column 18: no relation is called MEMBER; there are APPL"),
        ("MATCH (u:User) RETURN type(u) AS t", "column 23: the function type() is not allowed; it is called label()"),
        ("MATCH (u:User) RETURN lenght(u.id) AS t", "the function lenght() is not allowed; near it there are length"),
        ("MATCH (u:User) RETURN v.id AS i", "column 23: v is neither an allowed keyword nor a name that the"),
        ("MATCH (u:User) DELETE u", "column 16: DELETE is not allowed: a query only reads"),
        ("MATCH (u:User) RETURN 1 AS x -- y", "y is neither an allowed keyword"),
        ("MATCH (u:User) RETURN 1 AS x // y", "column 30: comments are not allowed"),
        ("RETURN 'abc AS x", "column 8: the string that begins here never ends"),
        ("RETURN $x AS x", "column 8: parameters are not allowed, write the value itself"),
        ("RETURN 1 != 2 AS x", "column 10: '!' is not allowed, inequality is written <>"),
        ("RETURN 1 AS x; RETURN 2 AS x", "column 14: only one statement is allowed"),
        ("MATCH (u:User) RETURN u.é AS x", "column 25: the character 'é' is not allowed outside a string"),
        ("RETURN 'a\\qb' AS x", r"column 10: \q is no escape in a string"),
        ("RETURN 'a\x00b' AS x", "column 8: a string holds the control character U+0000"),
        ("MATCH (u:User)-[:REPORTS_TO*]->(v) RETURN v.id AS i", f"column 28: a path needs an upper bound of {AT_MOST}"),
        ("MATCH (u:User)-[:REPORTS_TO*1..99]->(v) RETURN v.id AS i", "a path may be 20 relations long, not 99"),
        ("MATCH (u:User RETURN u.id AS i", "column 7: this ( is never closed"),
        ("MATCH (u:User)) RETURN u.id AS i", "column 15: this ) closes nothing that is open"),
        ("RETURN [1, 2 AS x", "column 8: this [ is never closed"),
    ],
)  # fmt: skip
def test_a_refused_query_names_the_word_its_place_and_what_is_allowed(query: str, message: str) -> None:
    with pytest.raises(QueryRefused) as refused:
        guarded(query, SCHEMA)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    "query",
    [
        "RETURN '" + "x" * MAX_CHARACTERS + "' AS x",
        "RETURN " + "1 + " * MAX_TOKENS + "1 AS x",
        "RETURN " + "(" * (MAX_DEPTH + 1) + "1" + ")" * (MAX_DEPTH + 1) + " AS x",
        "RETURN " + "CASE WHEN TRUE THEN " * (MAX_NESTED_CASES + 1) + "1" + " END" * (MAX_NESTED_CASES + 1) + " AS x",
    ],
    ids=["characters", "words", "brackets", "CASE"],
)
def test_a_query_that_is_too_large_is_refused_with_the_limit(query: str) -> None:
    with pytest.raises(QueryRefused, match=r"\d"):
        guarded(query, SCHEMA)


@pytest.mark.parametrize(
    ("query", "labels", "relations"),
    [
        ("MATCH (u:User) RETURN u.id AS i", {"User"}, set()),
        ("MATCH (u:User)-[:MEMBER_OF]->(g:Group) RETURN g.id AS i", {"User", "Group"}, {"MEMBER_OF"}),
        ("MATCH (u:User)-[:MEMBER_OF]->() RETURN u.id AS i", {"User", "Group"}, {"MEMBER_OF"}),
        ("MATCH (u:User) WHERE EXISTS { MATCH (u)-[:OWNS]->(:Device) } RETURN u.id AS i", {"User", "Device"}, {"OWNS"}),
        ("MATCH (n) RETURN n.id AS i", set(SCHEMA.labels), set()),
        ("MATCH (u:User), (n) RETURN n.id AS i", set(SCHEMA.labels), set()),
        ("MATCH (u:User)-[r]->(g:Group) RETURN g.id AS i", {"User", "Group"}, set(SCHEMA.relation_names)),
        ("MATCH (u:User)--(g:Group) RETURN g.id AS i", {"User", "Group"}, set(SCHEMA.relation_names)),
        ("MATCH (u:User)<--(g:Group) RETURN g.id AS i", {"User", "Group"}, set(SCHEMA.relation_names)),
        ("MATCH (u:User) WHERE (u.id = 'x') AND (NOT u.roles_known) RETURN count(u) AS n", {"User"}, set()),
        ("MATCH (:User)-[:REPORTS_TO]->(b) RETURN b.id AS i", {"User"}, {"REPORTS_TO"}),
    ],
)
def test_a_guarded_query_tells_every_label_and_relation_it_may_read(
    query: str, labels: set[str], relations: set[str]
) -> None:
    query_read = guarded(query, SCHEMA)
    assert query_read.labels == frozenset(labels)
    assert query_read.relations == frozenset(relations)


def test_strings_run_with_the_two_escapes_on_which_both_engines_agree() -> None:
    text = guarded(r"""RETURN "it's" AS a, 'tab\tA\u0041' AS b, 'back\\slash' AS c, '"' AS d""", SCHEMA).text
    assert text == "RETURN 'it\\'s' AS a, 'tab\tAA' AS b, 'back\\\\slash' AS c, '\"' AS d"


# --- no mutation slips through --------------------------------------------------------------------------------

_FRAGMENTS = [
    "LOAD FROM 'x'", "COPY", "TO 'x'", "CALL", "timeout=0", "CHECKPOINT", ";", "/*", "*/", "//", "--", "\\", "'", '"',
    "`", "CREATE", "SET", "DELETE", "EXPORT DATABASE", "INSTALL httpfs", "ATTACH 'x' AS y", "YIELD", "range(1, 9)",
    "current_setting(", "\u00a0", "\u2028", "\u2019", "\x00", "$p", "(", ")", "[", "]", "{", "}", ":", "|", ".", "*",
    "..", "1", "UNION", "MATCH (", "RETURN", "AS", ",", "u", "User", "MEMBER_OF", "{a: 1}", "\n", "\t", "CaLl", "lOaD",
]  # fmt: skip
_FORBIDDEN_BARE = re.compile(
    r"\b(create|merge|set|delete|detach|remove|drop|alter|copy|load|call|attach|use|install|uninstall|update|export|"
    r"import|checkpoint|begin|commit|rollback|explain|profile|yield|extension|macro|transaction)\b",
    re.IGNORECASE,
)


@st.composite
def mutations(draw: st.DrawFn) -> str:
    """A valid or hostile query with pieces inserted, removed, doubled, swapped in case or joined to another."""
    query = draw(st.sampled_from([*VALID, *HOSTILE]))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(query)))
        end = min(len(query), start + draw(st.integers(0, 12)))
        match draw(st.sampled_from(["insert", "remove", "double", "case", "join", "character"])):
            case "insert":
                query = query[:start] + draw(st.sampled_from(_FRAGMENTS)) + query[start:]
            case "remove":
                query = query[:start] + query[end:]
            case "double":
                query = query[:end] + query[start:end] + query[end:]
            case "case":
                query = query[:start] + query[start:end].swapcase() + query[end:]
            case "join":
                query = query[:start] + draw(st.sampled_from([*VALID, *HOSTILE]))[start:]
            case _:
                query = query[:start] + draw(st.characters()) + query[end:]
    return query


@given(query=mutations())
@settings(max_examples=1_500, deadline=None)
def test_whatever_passes_after_any_mutation_is_one_bounded_read_without_a_forbidden_word(query: str) -> None:
    try:
        passed = guarded(query, SCHEMA)
    except QueryRefused:
        return
    # Read by a lexer of its own: strings and quoted names out, then nothing is left but the bare query.
    bare = re.sub(r"'(?:[^'\\]|\\\\|\\')*'|`[^`]*`", "''", passed.text)
    names = re.sub(r"\. \w+|[{,] \w+ :", "", bare)
    assert not _FORBIDDEN_BARE.search(names)
    assert bare.isascii()
    assert not re.search(r"/\*|//|;|\$|\\|\"", bare)
    assert re.match(r"(?i)(match|optional|unwind|with|return)\b", bare)
    assert re.search(r"(?i)\breturn\b", bare)
    assert set(re.findall(r"- \[(?: [A-Za-z_]\w*)? : (\w+)", bare)) <= SCHEMA.relation_names
    assert guarded(passed.text, SCHEMA) == passed


@given(text=st.text(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_text_is_refused_or_passes_but_never_breaks_the_guard(text: str) -> None:
    for query in (text, f"MATCH (u:User) WHERE u.id = {text} RETURN u.id AS id", f"RETURN '{text}' AS x"):
        with suppress(QueryRefused):
            guarded(query, SCHEMA)


@given(value=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60))
def test_any_value_can_be_written_as_one_string(value: str) -> None:
    written = "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
    (token,) = tokens_of(written)
    assert token.text == written
