"""What the sandbox's own Python has and computes: types by the stubs, the tables of the subset, and equal answers."""

from __future__ import annotations

import builtins
import json
from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from holdfast.errors import ProgramRefused
from holdfast.sandbox.pool import Sandbox
from holdfast.sandbox.subset import BUILTINS, METHODS, MODULES
from tests.integration.sandbox_host import FAN_OUT, INTERFACE, ran, rows


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox(processes=4) as made:
        yield made


@pytest.mark.parametrize(
    ("code", "line", "words"),
    [
        ("x = await list_user_factors(3)\nresult = []", 1, "Expected `str`, found `Literal[3]`"),
        ("x = await list_user_factors()\nresult = []", 1, "No argument provided"),
        ("x = await list_user_factors('a', limit=3)\nresult = []", 1, "does not match any known parameter"),
        ("x = 1\nx = None\nresult = [{'a': x + 1}]", 3, "Operator `+`"),
        ("users = await list_users()\nresult = [{'a': users[0]['nickName']}]", 2, "nickName"),
        ("answer, unread = await attempt(list_users())\nresult = [{'n': len(answer)}]", 2, "Argument"),
        ("result = {'a': 1}", 1, "`result` must be a list of records"),
        ("result = [now]", 1, "`result` must be a list of records"),
        ("result = 'text'", 1, "`result` must be a list of records"),
    ],
)
async def test_types_are_checked_against_the_stubs_by_line(sandbox: Sandbox, code: str, line: int, words: str) -> None:
    with pytest.raises(ProgramRefused) as refusal:
        await sandbox.check(code, INTERFACE)
    assert any(one.startswith(f"Line {line}: ") and words in one for one in refusal.value.diagnostics), refusal.value


@pytest.mark.parametrize(
    "code",
    ["result = await list_users()", "result = [{**user} for user in await list_users()]", "result = []", FAN_OUT],
)
async def test_rows_of_the_tenant_are_records_for_the_type_check(sandbox: Sandbox, code: str) -> None:
    await sandbox.check(code, INTERFACE)


@pytest.mark.parametrize(
    "code", ["while True:\n    pass", "x = pow(7, 10**8)", "print('x' * 10**8)", "raise ValueError('x')"]
)
async def test_checking_runs_nothing_of_a_program(sandbox: Sandbox, code: str) -> None:
    await sandbox.check(f"result = []\n{code}", INTERFACE)


async def test_the_subsets_tables_are_what_the_interpreter_has(sandbox: Sandbox) -> None:
    imports = "\n".join(f"from {module} import {name}" for module, names in MODULES.items() for name in names)
    await ran(sandbox, f"{imports}\nresult = []")
    await ran(sandbox, f"x = [{', '.join(sorted(BUILTINS))}]\nresult = []")
    assert all(hasattr(builtins, name) for name in BUILTINS)


VALUES = (
    "''",
    "b''",
    "[]",
    "{}",
    "()",
    "set()",
    "frozenset()",
    "now",
    "now.date()",
    "datetime.datetime",
    "datetime.date",
)
MORE_VALUES = ("datetime.timedelta()", "collections.Counter()", "collections.deque()", "decimal.Decimal(1)", "bytes")
OTHERS = ("re.compile('')", "re.match('', '')", "hashlib.sha256()", "itertools.chain")


async def test_every_method_of_the_subset_is_one_that_the_interpreter_has(sandbox: Sandbox) -> None:
    lines = ["import collections, datetime, decimal, hashlib, itertools, re", "found = []"]
    for name in sorted(METHODS):
        for value in (*VALUES, *MORE_VALUES, *OTHERS):
            # With too many arguments a method that is there says so.
            lines += ["try:", f"    ({value}).{name}(1, 2, 3, 4, 5, 6, 7, 8, 9)", f"    found.append({name!r})"]
            lines += ["except AttributeError:", "    pass", "except Exception:", f"    found.append({name!r})"]
    found = await rows(sandbox, "\n".join([*lines, "result = [{'name': name} for name in found]"]))
    assert METHODS - {row["name"] for row in found} == set()


# --- by chance: what both can run comes out the same ---

_numbers = st.integers(-50, 50).map(str) | st.floats(-50, 50, allow_nan=False).map(lambda it: repr(round(it, 3)))
_texts = st.text("abcÄß 1.,", max_size=6).map(repr)
_lists = st.lists(_numbers, max_size=5).map(lambda it: f"[{', '.join(it)}]")
_arithmetic = st.recursive(
    _numbers,
    lambda inner: (
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner).map(
            lambda it: f"({it[0]} {it[1]} {it[2]})"
        )
        | inner.map(lambda it: f"abs({it})")
        | inner.map(lambda it: f"round({it}, 2)")
    ),
    max_leaves=5,
)
_of_texts = st.recursive(
    _texts,
    lambda inner: (
        st.tuples(inner, inner).map(lambda it: f"({it[0]} + {it[1]})")
        | st.tuples(
            inner,
            st.sampled_from(
                [
                    "upper()",
                    "lower()",
                    "strip()",
                    "title()",
                    "split()",
                    "replace('a', 'b')",
                    "find('b')",
                    "partition(',')",
                    "zfill(5)",
                    "rjust(8, '*')",
                    "startswith('a')",
                    "splitlines()",
                    "casefold()",
                    "count('a')",
                    "isalpha()",
                ]
            ),
        ).map(lambda it: f"str({it[0]}.{it[1]})")
        | st.tuples(inner, st.integers(-4, 4), st.integers(-4, 4)).map(lambda it: f"{it[0]}[{it[1]}:{it[2]}]")
    ),
    max_leaves=4,
)
_of_lists = st.tuples(
    st.sampled_from(
        [
            "sorted({})",
            "sum({})",
            "len({})",
            "max({}, default=0)",
            "list(reversed({}))",
            "{}[::2]",
            "{} * 2",
            "str({})",
            "[x for x in {} if x > 0]",
            "dict(enumerate({})).get(1)",
            "all({})",
            "list(zip({0}, {0}))",
            "sorted(set({}))",
        ]
    ),
    _lists,
).map(lambda it: it[0].format(it[1]))


@example(["round(2.785, 2)", "round(2.5)", "round(-7.125, 2)", "round(1234.5, -2)", "round(True, 1)"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(_arithmetic | _of_texts | _of_lists, min_size=5, max_size=12))
async def test_the_interpreter_computes_what_python_computes(sandbox: Sandbox, expressions: Sequence[str]) -> None:
    code = "result = []\n"
    for expression in expressions:
        code += f"try:\n    result.append({{'value': {expression}}})\nexcept (ZeroDivisionError, OverflowError):\n"
        code += "    result.append({'value': None})\n"
    names: dict[str, object] = {}
    exec(code, names)
    assert await rows(sandbox, code) == json.loads(json.dumps(names["result"]))
