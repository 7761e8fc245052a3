"""What is judged of a generated program before a single call: every refusal, and that nothing sound is refused."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.stubs import interface_of
from holdfast.errors import ProgramRefused
from holdfast.sandbox.checks import checked
from holdfast.sandbox.subset import DEEPEST, MOST_CHARACTERS, MOST_DIAGNOSTICS, MOST_NODES

CATALOGUE = Catalogue.load()
INTERFACE = interface_of([CATALOGUE.endpoint(name) for name in ("list_users", "list_user_factors")], CATALOGUE)

FACTORS = """\
import asyncio
from collections import Counter

done = Counter()
people = await load("people")


async def row(person):
    factors, unread = await attempt(list_user_factors(person["user_id"], fields=("factorType",)))
    done["people"] += 1
    await progress(done["people"], len(people))
    if factors is None:
        return {"login": person["login"], "factors": None, "unread": unread}
    kinds = sorted({factor.get("factorType", "").lower() for factor in factors})
    return {"login": person["login"], "factors": kinds, "unread": None}


result = await asyncio.gather(*[row(person) for person in people])
"""
PAGES = """\
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Seen:
    login: str
    days: int

    def old(self) -> bool:
        return self.days > 90


seen: list[Seen] = []
cursor = None
while True:
    rows, cursor = await list_users_page(cursor, fields=["profile.login", "lastLogin"])
    for user in rows:
        match user:
            case {"profile": {"login": str(login)}, "lastLogin": str(last)}:
                seen.append(Seen(login, (now - datetime.fromisoformat(last)).days))
            case _:
                pass
    if cursor is None:
        break
total = sum(one.days for one in seen)
old = [one for one in seen if one.old()]
result = [{"login": one.login, "days": one.days, "share": f"{one.days / max(total, 1):.2%}"} for one in old]
result.sort(key=lambda found: (-found["days"], found["login"]))
"""
TASKS = """\
from asyncio import gather
import functools as ft, math, re, json

calls = []
for person in await load("people"):
    if re.search("a.*b", person["login"]) is not None and (n := len(person["login"])) > 3:
        calls.append(list_user_factors(person["id"]))
answers = await gather(*calls)
first, *others = answers or [[]]
largest = ft.reduce(lambda a, b: max(a, len(b)), answers, 0)
try:
    ratio = largest / len(others)
except ZeroDivisionError as error:
    ratio = math.inf
finally:
    print("done", json.dumps({"n": largest}))
result = [{"ratio": None if math.isinf(ratio) else ratio, "text": "{:>5}".format(largest)}]
"""
SOUND = {"factors": FACTORS, "pages": PAGES, "tasks": TASKS}

# Program, line and words. `result = []` is added where a program has none.
REFUSED: dict[str, tuple[str, int, str]] = {
    "no Python": ("x = 1\nif x\n    y = 2", 2, "this is no Python"),
    "a return at the top": ("x = 1\nreturn x", 2, "'return' outside function"),
    "a zero byte": ("x = '\0'", 1, "null bytes"),
    "half a letter": ("x = '\ud800'", 1, "cannot be read as Python"),
    "too deep": ("x = " + "[" * (DEEPEST + 5) + "]" * (DEEPEST + 5), 1, "nested more than"),
    "deeper than Python reads": ("x = " + "-" * 5_000 + "1", 1, "recursion"),
    "too long": ("x = 1\n" * MOST_CHARACTERS, 1, "characters and may have"),
    "too many parts": ("x = [" + "1," * (MOST_NODES + 1) + "]", 1, "more than 12,000 parts"),
    "yield": ("def f():\n    yield 1", 2, "`yield` are not available"),
    "yield from": ("def f():\n    yield from []", 2, "`yield from` are not available"),
    "del": ("x = 1\ndel x", 2, "`del` is not available"),
    "with": ("x = 1\nwith x:\n    pass", 2, "`with` is not available"),
    "async with": ("x = 1\nasync with x:\n    pass", 2, "`async with` is not available"),
    "async for": ("x = []\nasync for y in x:\n    pass", 2, "`async for` is not available"),
    "an async comprehension": ("x = []\nz = [y async for y in x]", 2, "`async for` is not available"),
    "global": ("x = 1\ndef f():\n    global x\n    x = 2", 3, "`global` is not available"),
    "except*": ("try:\n    x = 1\nexcept* ValueError:\n    pass", 1, "`except*` is not available"),
    "inheritance": ("class E(Exception):\n    pass", 1, "class `E` inherits"),
    "a metaclass": ("class E(metaclass=type):\n    pass", 1, "class `E` inherits"),
    "a decorated class": ("def f(c):\n    return c\n@f\nclass E:\n    x = 1", 3, "only `@dataclass`"),
    "a decorated function": ("import functools\n@functools.cache\ndef f():\n    return 1", 2, "cannot be decorated"),
    "return_exceptions": (
        "import asyncio\nx = await asyncio.gather(return_exceptions=True)",
        2,
        "gather `attempt(…)` of each call",
    ),
    "a class by type()": ("x = type('X', (), {})", 1, "`type` makes no classes"),
    "an unknown module": ("import os", 1, "`os` cannot be imported here; there are asyncio"),
    "a submodule": ("import os.path", 1, "`os.path` cannot be imported"),
    "a relative import": ("from . import x", 1, "`.` cannot be imported"),
    "a star": ("from math import *", 1, "instead of `*`"),
    "a name the module lacks": ("from datetime import UTC", 1, "`datetime` has no `UTC` here; it has date"),
    "an attribute the module lacks": ("import asyncio\nx = asyncio.create_task", 2, "`asyncio` has no `create_task`"),
    "a near name of a module": ("import math\nx = math.flor(1.5)", 2, "did you mean `floor`?"),
    "a module under another name": ("import asyncio as a\nx = a.run", 2, "`asyncio` has no `run`"),
    "no import": ("x = math.pi", 1, "write `import math`"),
    "an unknown name": ("x = people", 1, "`people` is not defined"),
    "a near name": ("x = await lod('1')", 1, "did you mean `load`?"),
    "eval": ("x = eval('1')", 1, "`eval` is not available"),
    "open": ("x = open('/etc/passwd')", 1, "`open` is not available"),
    "getattr": ("x = getattr([], 'append')", 1, "`getattr` is not available"),
    "a forbidden name of one's own": ("input = 3", 1, "not even as a name of your own"),
    "a hidden name": ("x = _json", 1, "names that begin with `_`"),
    "the door": ("x = await _call('load', '{}')", 1, "names that begin with `_`"),
    "a hidden name of one's own": ("_call = 3", 1, "are the host's"),
    "a hidden argument": ("x = dict(__class__=1)", 1, "are the host's"),
    "the host's function": ("def load(x):\n    return x", 1, "`load` is the host's"),
    "the host's endpoint": ("list_user_factors = None", 1, "`list_user_factors` is the host's"),
    "the host's clock": ("now = 3", 1, "`now` is the host's"),
    "the host's name as a parameter": ("f = lambda attempt: 1", 1, "`attempt` is the host's"),
    "the host's name by import": ("from copy import copy as load", 1, "`load` is the host's"),
    "the host's name in a pattern": ("match 1:\n    case load:\n        pass", 2, "`load` is the host's"),
    "a hidden attribute": ("x = ().__class__", 1, "attributes that begin with `_`"),
    "a frame": ("async def f():\n    return 1\nc = f()\nx = c.cr_frame\nawait c", 4, "the attribute `cr_frame`"),
    "an attribute of a record": ("x = {}\ny = x.profile", 2, 'write `["profile"]`'),
    "a near attribute": ("x = [].apend(1)", 1, "did you mean `.append`?"),
    "a method handed on": ("x = {}\ny = sorted([], key=x.get)", 2, "a method cannot be handed on"),
    "a method of a class": ("x = sorted([], key=str.lower)", 1, "`str.lower` is not available"),
    "a new attribute": ("x = {}\nx.login = 1", 2, "an attribute `login` to be set"),
    "reaching in by format": ("x = '{0.__class__}'.format(1)", 1, "`.format` takes a literal"),
    "reaching in by a nested format": ("x = '{:{0.real}}'.format(1)", 1, "`.format` takes a literal"),
    "an unknown template": ("t = '{}'\nx = t.format(1)", 2, "`.format` takes a literal"),
    "reaching in by a pattern": ("match 1:\n    case int(__class__=c):\n        pass", 2, "the attribute `__class__`"),
    "a call never awaited": ("list_user_factors('u1')", 1, "write `await list_user_factors(…)`"),
    "a call that is kept": ("x = list_user_factors('u1')", 1, "is never awaited"),
    "calls that are kept": ("x = [list_user_factors(u) for u in ['1']]\ny = len(x)", 1, "is never awaited"),
    "a function never awaited": ("async def f():\n    return 1\nx = [f()]", 3, "`f(…)` is never awaited"),
    "a gather never awaited": ("import asyncio\nx = asyncio.gather()", 2, "`gather(…)` is never awaited"),
    "an attempt never awaited": ("x = attempt(list_user_factors('u1'))", 1, "`attempt(…)` is never awaited"),
    "a call as a value": ("x = list_user_factors('u1')['a']", 1, "is never awaited"),
    "a type of the stubs": ("x = User", 1, "can stand in annotations only"),
    "a name that looks like another": ("ｅval('1')", 1, "letters outside a-z"),
    "letters of other scripts": ("рeople = 1", 1, "letters outside a-z"),
}


@pytest.mark.parametrize("code", SOUND.values(), ids=SOUND)
def test_a_sound_program_passes(code: str) -> None:
    checked(code, INTERFACE)


@pytest.mark.parametrize(("code", "line", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_told_with_its_line(code: str, line: int, words: str) -> None:
    with pytest.raises(ProgramRefused) as refusal:
        checked(f"{code}\nresult = []", INTERFACE)
    assert any(one.startswith(f"Line {line}: ") and words in one for one in refusal.value.diagnostics), refusal.value


@pytest.mark.parametrize(
    "code", ["x = 1", "def f():\n    result = []", "class R:\n    result = []", "f = lambda: (result := 1)"]
)
def test_a_program_without_a_result_is_refused(code: str) -> None:
    with pytest.raises(ProgramRefused, match="never assigns `result`"):
        checked(code, INTERFACE)


def test_everything_that_is_wrong_is_told_at_once_in_order() -> None:
    code = "import os\nx = eval('1')\ny = ().__class__\nlist_user_factors('u')\ndel x"
    with pytest.raises(ProgramRefused) as refusal:
        checked(code, INTERFACE)
    assert [int(one.split(":")[0].removeprefix("Line ")) for one in refusal.value.diagnostics] == [1, 2, 3, 4, 5, 5]
    assert all(one in str(refusal.value) for one in refusal.value.diagnostics)


def test_no_writer_is_told_more_than_it_can_use() -> None:
    code = "".join(f"x = unknown{number}\n" for number in range(MOST_DIAGNOSTICS + 7)) + "result = []"
    with pytest.raises(ProgramRefused) as refusal:
        checked(code, INTERFACE)
    assert len(refusal.value.diagnostics) == MOST_DIAGNOSTICS + 1
    assert refusal.value.diagnostics[-1] == "And 7 more."


@pytest.mark.parametrize(
    "code",
    [
        "id = 'u1'\ntype = 'x'\nfilter = [id, type]\nresult = [{'filter': filter}]",
        "for _ in range(3):\n    pass\nresult = []",
        "result = [{'é': 'Zoë', 'text': '__class__ {0.__class__} yield del import os'}]  # ñ",
        "result: list[User] = []",
        "x = [list_user_factors(u) for u in []]\nimport asyncio\nresult = [{'n': f} for f in await asyncio.gather(*x)]",
        "async def safe(call):\n    return await attempt(call)\nresult = [{'x': await safe(list_user_factors('u'))}]",
        "import asyncio\nresult = await asyncio.gather(*map(list_user_factors, ['a']))",
        "c = list_user_factors('u') if True else list_user_factors('v')\nresult = await c",
        "d = {'get': {'items': 1}}\nresult = [{'x': d.get('get').get('items')}]",
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\np = P(1, 2)\nresult = [{'x': p.x + p.y}]",
        "from datetime import timezone\nresult = [{'h': now.hour, 'd': now.astimezone(timezone.utc).isoformat()}]",
        "def f():\n    n = 0\n    def g():\n        nonlocal n\n        n += 1\n    return g()\nresult = [{'n': f()}]",
        "result = [{'s': '\\d', 'same': 1 is 1}]",
    ],
)
def test_what_only_looks_wrong_passes(code: str) -> None:
    checked(code, INTERFACE)


# --- by chance ---

_names = st.sampled_from(["a", "b", "rows", "total"])
_numbers = st.integers(-1_000, 1_000).map(str)
_texts = st.text("abc äß\\'\"{}", max_size=8).map(repr)
_expressions = st.recursive(
    st.one_of(_numbers, _texts, st.sampled_from(["True", "None", "now.isoformat()", "[]", "len('abc')"])),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "*", "and", "or", "==", "in"]), inner).map(
            lambda it: f"({' '.join(it)})"
        ),
        st.lists(inner, max_size=3).map(lambda it: f"[{', '.join(it)}]"),
        st.tuples(_texts, inner).map(lambda it: f"{{{it[0]}: {it[1]}}}"),
        inner.map(lambda it: f"str({it})"),
        inner.map(lambda it: f"sorted([{it}], key=lambda one: str(one))"),
        inner.map(lambda it: f"[one for one in [{it}] if one]"),
        inner.map(lambda it: f"(await attempt(list_user_factors(str({it}))))"),
    ),
    max_leaves=8,
)
_statements = st.one_of(
    st.tuples(_names, _expressions).map(lambda it: f"{it[0]} = {it[1]}"),
    st.tuples(_expressions, _names, _expressions).map(lambda it: f"if {it[0]}:\n    {it[1]} = {it[2]}"),
    st.tuples(_names, _expressions).map(lambda it: f"for {it[0]} in [{it[1]}]:\n    print({it[0]})"),
    st.tuples(_expressions).map(
        lambda it: f"try:\n    print({it[0]})\nexcept TypeError as error:\n    print(str(error))"
    ),
)


@given(st.lists(_statements, max_size=6))
def test_no_sound_program_is_refused(statements: list[str]) -> None:
    checked("\n".join([*statements, "result = []"]), INTERFACE)


_pieces = st.sampled_from(
    [
        *"()[]{}:.*@-~'\t\\\x00\n",
        '"""',
        "    ",
        "�",
        "ｅ",
        "é",
        "await ",
        "async ",
        "yield ",
        "lambda ",
        "del ",
        "class ",
        "__",
        "f'{",
        "0x",
        "1e",
        "match ",
        "case ",
        "import ",
    ]
)


@settings(max_examples=400)
@given(st.sampled_from(sorted(SOUND.values())), st.data())
def test_whatever_is_done_to_a_program_it_passes_or_is_refused(code: str, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(code)))
        cut = data.draw(st.integers(0, 12))
        code = code[:start] + data.draw(_pieces) * data.draw(st.sampled_from([1, 1, 1, 200])) + code[start + cut :]
    with suppress(ProgramRefused):
        checked(code, INTERFACE)
