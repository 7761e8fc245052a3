"""How many calls a program will make, told from its text: checked against programs that are really run."""

from __future__ import annotations

import ast
import asyncio
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.sandbox.estimate import estimated_calls
from holdfast.sandbox.interface import ProgramInterface

INTERFACE = ProgramInterface(
    "", "", {"factors": "one_call_each", "user": "one_call_each", "users": "pages", "users_page": "one_call"}
)
ROWS = {"people": 500, "groups": 3, "nobody": 0}
PEOPLE = "import asyncio\npeople = await load('people')\n"

# The program, what it surely makes, and what it likely makes.
KNOWN: dict[str, tuple[str, int, int | None]] = {
    "nothing": ("result = []", 0, 0),
    "one": ("await user('u1')", 1, 1),
    "pages": ("await users()", 1, None),
    "rows of pages": ("for u in await users():\n    await factors(u)", 1, None),
    "a page at a time": ("while True:\n    rows, cursor = await users_page(None)\n    if rows: break", 0, None),
    "a loop": (PEOPLE + "for p in people:\n    await factors(p)", 500, 500),
    "a loop that may stop": (PEOPLE + "for p in people:\n    await factors(p)\n    if p: break", 0, 500),
    "a loop that may go on": (PEOPLE + "for p in people:\n    if p: continue\n    await factors(p)", 0, 500),
    "a comprehension": ("r = [await factors(p) for p in await load('people')]", 500, 500),
    "a gather": (PEOPLE + "await asyncio.gather(*[factors(p) for p in people])", 500, 500),
    "a lazy gather": (PEOPLE + "await asyncio.gather(*(factors(p) for p in people))", 500, 500),
    "a gather of a map": (PEOPLE + "await asyncio.gather(*map(factors, people))", 500, 500),
    "through a function": (
        PEOPLE + "async def row(p):\n    a, b = await attempt(factors(p))\n    return await user(p)\n"
        "await asyncio.gather(*[row(p) for p in people])",
        1_000,
        1_000,
    ),
    "rows handed on": ("async def f(g):\n    for p in g: await user(p)\nawait f(await load('groups'))", 3, 3),
    "nested": (PEOPLE + "for p in people:\n    for g in await load('groups'):\n        await user(g)", 1_500, 1_500),
    "filtered": (PEOPLE + "for p in [p for p in people if p]:\n    await factors(p)", 0, 500),
    "filtered in two": (PEOPLE + "some = filter(None, people)\nfor p in sorted(some):\n    await factors(p)", 0, 500),
    "under a condition": (PEOPLE + "for p in people:\n    if p: await factors(p)", 0, 500),
    "one way or the other": ("if now: await user('a')\nelse: await user('b')", 1, 1),
    "collected": (PEOPLE + "ids = []\nfor p in people: ids.append(p)\nfor i in ids: await user(i)", 0, 500),
    "collected by key": (PEOPLE + "by = {}\nfor p in people: by[p] = 1\nfor i in by.keys(): await user(i)", 0, 500),
    "elsewhere": (PEOPLE + "x = []\ndef f(p): x.append(p)\nfor p in people: f(p)\nfor i in x: await user(i)", 0, None),
    "different ones": (PEOPLE + "for i in {p['m'] for p in people}: await user(i)", 1, 500),
    "the first ten": (PEOPLE + "for p in people[:10]: await factors(p)", 10, 10),
    "all but the first": (PEOPLE + "for p in people[1:]: await factors(p)", 0, 500),
    "in portions": (PEOPLE + "for i in range(0, len(people), 50): await user(people[i : i + 50])", 10, 10),
    "side by side": (PEOPLE + "for p, g in zip(people, await load('groups')): await user(p)", 3, 3),
    "no rows": ("for p in await load('nobody'): await user(p)", 0, 0),
    "an unknown step": ("for p in await load('else'): await user(p)", 0, None),
    "perhaps the first": (PEOPLE + "x = next(factors(p) for p in people)", 0, 500),
    "short circuit": ("x = now and await user('a')", 0, 1),
    "a try": ("try:\n    await user('a')\n    await user('b')\nexcept OSError:\n    await user('c')", 1, 3),
    "itself": ("async def f(n):\n    await user(n)\n    await f(n)\nawait f(1)", 1, None),
    "a hidden name": (PEOPLE + "for people in await load('groups'):\n    for p in people: await user(p)", 0, None),
    "taken out": (PEOPLE + "people.clear()\nfor p in people: await user(p)", 0, None),
    "grown while it is read": (
        "f = [1]\nfor g in await load('groups'):\n    for x in list(f):\n        await user(x)\n        f.append(x)",
        3,
        None,
    ),
    "handed on": ("def f(call): return call('u')\nawait f(user)", 0, None),
    "progress and load are no calls": (PEOPLE + "await progress(1, len(people))", 0, 0),
}  # fmt: skip


@pytest.mark.parametrize(("code", "least", "likely"), KNOWN.values(), ids=KNOWN)
def test_calls_are_told_from_the_text(code: str, least: int, likely: int | None) -> None:
    estimate = estimated_calls(code, INTERFACE, ROWS)
    assert (estimate.least, estimate.likely) == (least, likely), estimate.why


def test_the_words_name_each_endpoint() -> None:
    code = PEOPLE + "await users()\nfor p in people:\n    if p: await factors(p)\nawait user('x')"
    why = estimated_calls(code, INTERFACE, ROWS).why
    assert why == "factors 0 to 500; user 1; users at least 1, and how many more only a run can tell"
    assert estimated_calls("result = []", INTERFACE, ROWS).why == "it reads nothing of the tenant"


def test_functions_that_call_one_another_without_end_are_given_up_on() -> None:
    doubling = "".join(f"async def f{n}(x):\n    await f{n + 1}(x)\n    await f{n + 1}(x)\n" for n in range(40))
    estimate = estimated_calls(f"{doubling}async def f40(x):\n    await user(x)\nawait f0(1)", INTERFACE, ROWS)
    assert (estimate.least, estimate.likely) == (0, None)


# --- by chance: no program makes fewer calls than `least`, nor more than `likely` where it is known ---

_sources = st.sampled_from(
    ["await load('groups')", "await load('nobody')", "[1, 2]", "list(filled)", "[g for g in filled if g]"]
)
_call = st.sampled_from(["await user(1)", "await factors(2)", "filled.append(1)", "await inner(3)", "filled = [1]"])


def _indented(block: list[str]) -> str:
    return "".join(f"    {line}\n" for statement in block for line in statement.splitlines()) or "    pass\n"


def _compound(block: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    blocks = st.lists(block, min_size=1, max_size=3)
    return st.one_of(
        st.tuples(_sources, blocks).map(lambda it: f"for one in {it[0]}:\n{_indented(it[1])}"),
        st.tuples(st.sampled_from(["filled", "not filled"]), blocks, blocks).map(
            lambda it: f"if {it[0]}:\n{_indented(it[1])}else:\n{_indented(it[2])}"
        ),
        st.tuples(_sources, blocks).map(
            lambda it: f"for one in {it[0]}:\n{_indented([*it[1], 'if filled:' + chr(10) + '    break'])}"
        ),
        _sources.map(lambda it: f"x = [await user(one) for one in {it}]"),
        blocks.map(lambda it: f"try:\n{_indented(it)}except KeyError:\n    await user(4)"),
    )


_blocks = st.lists(st.recursive(_call, _compound, max_leaves=6), max_size=4)


@given(_blocks, _blocks)
async def test_no_run_makes_fewer_calls_than_it_surely_does(function: list[str], block: list[str]) -> None:
    inner = [statement for statement in function if "inner" not in statement]
    code = "filled = []\nasync def inner(x):\n    filled = []\n" + _indented(inner) + "\n".join(block)
    made = itertools.count()

    async def call(_: object) -> list[int]:
        next(made)
        return []

    async def load(step_id: str) -> list[int]:
        return list(range(ROWS[step_id]))

    body = compile(ast.parse(code), "program", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    running = eval(body, {"user": call, "factors": call, "load": load})
    if asyncio.iscoroutine(running):
        await running
    calls = next(made)
    estimate = estimated_calls(code, INTERFACE, ROWS)
    assert estimate.least <= calls
    assert estimate.likely is None or calls <= estimate.likely
