"""Hostile programs, as a table. `{out}` is a folder with a secret in it; braces of a program are doubled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# Where a program is stopped: by the static checks, by the types, as it runs, at a limit, at the host's door, by how its
# rows are judged; or not at all, since what it tries comes to nothing.
Stage = Literal["checks", "types", "run", "limit", "host", "rows", "nothing"]


@dataclass(frozen=True)
class Attack:
    """A program, where it is stopped, and the words that say why (of its rows, where it comes to nothing).

    `alone` are the words of the failure when nothing checked it; None: it runs, and gains nothing.
    """

    name: str
    program: str
    stage: Stage
    words: str
    alone: str | None = None


def refused(name: str, program: str, words: str, alone: str | None = None) -> Attack:
    return Attack(name, f"{program}\nresult = []", "checks", words, alone)


def mistyped(name: str, program: str, words: str, alone: str | None = None) -> Attack:
    return Attack(name, program, "types", words, alone)


ATTACKS = (
    # Files.
    refused("read a file", "x = open('{out}/secret').read()", "`open` is not available", "Permission denied"),
    refused("write a file", "open('{out}/written', 'w').write('x')", "`open` is not available", "PermissionError"),
    refused(
        "read through pathlib",
        "from pathlib import Path\nx = Path('{out}/secret').read_text()",
        "`pathlib`",
        "PermissionError",
    ),
    refused("list a folder", "import os\nx = os.listdir('{out}')", "`os` cannot be imported", "PermissionError"),
    refused("remove a file", "import os\nos.remove('{out}/secret')", "`os` cannot be imported", "PermissionError"),
    refused("read what the system tells of itself", "x = open('/proc/self/environ').read()", "`open`", "Permission"),
    refused("read the interpreter's own file", "x = open(__file__).read()", "`__file__`", "PermissionError"),
    refused(
        "import a file",
        "import sys\nsys.path.append('{out}')\nimport secret",
        "`secret` cannot be imported",
        "no attribute 'path'",
    ),
    # Environment and system.
    refused(
        "read the environment", "import os\nx = os.environ['A_SECRET']", "`os` cannot be imported", "not supported"
    ),
    refused("ask for a variable", "import os\nx = os.getenv('A_SECRET')\nassert x", "`os`", "not supported"),
    refused("run a command", "import os\nos.system('touch {out}/written')", "`os`", "has no attribute 'system'"),
    refused("start a process", "import subprocess\nsubprocess.run(['true'])", "`subprocess`", "No module named"),
    refused("load a C library", "import ctypes\nctypes.CDLL(None).system(b'true')", "`ctypes`", "No module named"),
    refused("raise the interpreter's limits", "import sys\nsys.setrecursionlimit(10**9)", "`sys`", "has no attribute"),
    refused("leave the process", "exit(0)", "`exit` is not available", "not defined"),
    refused("end by SystemExit", "raise SystemExit('x')", "`SystemExit` is not defined", "SystemExit: x"),
    refused("call the debugger", "breakpoint()", "`breakpoint` is not available", "not defined"),
    # Network.
    refused("open a socket", "import socket\nsocket.create_connection(('127.0.0.1', 80))", "`socket`", "No module"),
    refused(
        "ask another host", "import urllib.request\nurllib.request.urlopen('http://127.0.0.1')", "`urllib", "No module"
    ),
    refused("ask with a client", "import httpx\nhttpx.post('http://127.0.0.1')", "`httpx`", "No module named"),
    refused(
        "asyncio's own network",
        "import asyncio\nx = asyncio.open_connection('127.0.0.1', 80)",
        "no `open_conn",
        "no attr",
    ),
    # Other endpoints, other methods.
    refused(
        "name an endpoint that was not chosen", "x = await list_api_tokens()", "`list_api_tokens` is not", "not defined"
    ),
    refused("change something", "await delete_user('00u1')", "`delete_user` is not defined", "not defined"),
    refused("use the door itself", "x = await _call('list_api_tokens', '{{}}')", "`_call`", "is not among what"),
    refused("give the door objects", "x = await _call(['load'], {{'a': 1}})", "`_call`", "takes a name and the arg"),
    refused("give the door keywords", "x = await _call(name='load', arguments='{{}}')", "`_call`", "takes a name and"),
    refused("use the prelude's inside", "x = await _ask('list_api_tokens', {{}})", "`_ask`", "is not among what"),
    refused(
        "redefine the door",
        "async def _call(a, b):\n    return '{{}}'\nawait load('1')",
        "`_call`, are the host's",
        "KeyError",
    ),
    refused("redefine the reading of answers", "_json = None\nawait load('1')", "`_json`", "has no attribute"),
    refused("redefine attempt", "async def attempt(call):\n    return [], None", "`attempt` is the host's"),
    refused("shadow an endpoint", "def list_user_factors(u):\n    return []", "`list_user_factors` is the host's"),
    refused("shadow the clock", "now = None", "`now` is the host's"),
    mistyped(
        "a cursor for the whole list",
        "result = await list_users(cursor='https://evil.example/')",
        "`cursor`",
        "unexpected",
    ),
    mistyped("a path for a parameter", "result = await list_users(path='/api/v1/apiTokens')", "`path`", "unexpected"),
    # What a program cannot know before it reads: an id out of the tenant's data.
    *(
        Attack(
            f"an id that is {name}",
            f"x, unread = await attempt(list_user_factors({trick!r}))\nresult = [{{{{'x': x, 'unread': unread}}}}]",
            "host",
            "cannot be the id of anything",
        )
        for name, trick in {
            "a way up": "../../apps",
            "a quoted way up": "..%2f..%2fapps",
            "a twice quoted way up": "%252e%252e%252fapps",
            "a slash": "00u1/factors/../../../groups",
            "a backslash": "..\\..\\groups",
            "a dot": ".",
            "empty": "",
            "a line": "00u1\r\nDELETE /api/v1/users/00u1 HTTP/1.1\r\n",
            "a zero byte": "00u1\x00",
            "a parameter of its own": "00u1;x=1",
        }.items()
    ),
    *(
        Attack(f"an id with {name}", f"await list_user_factors({trick!r})\nresult = [{{{{'a': 1}}}}]", "nothing", '"a"')
        for name, trick in {
            "a query": "00u1?limit=1&x=",
            "a fragment": "00u1#x",
            "another host": "@evil.example",
            "a percent sign": "100%",
        }.items()
    ),
    Attack("an id that is very long", "await list_user_factors('u' * 100_000)\nresult = []", "run", "cannot be the id"),
    # Memory.
    Attack("a list of everything", "x = [0] * 10**10\nresult = []", "limit", "memory"),
    Attack("a list without end", "x = []\nwhile True:\n    x.append('x' * 1_000)", "limit", "memory"),
    Attack("a text that doubles", "x = 'x'\nwhile True:\n    x = x + x", "limit", "memory"),
    Attack("a number of digits", "x = 10 ** 10**8\nresult = []", "limit", "memory"),
    Attack("a shift", "x = 1 << 10**12\nresult = []", "limit", "memory"),
    Attack("a padded text", "x = f'{{1:>9999999999}}'\nresult = []", "limit", "memory"),
    Attack("a dictionary without end", "x = {{}}\nwhile True:\n    x[len(x)] = 'x' * 100", "limit", "memory"),
    Attack(
        "rows that multiply",
        "x = ['x' * 99]\nfor _ in range(40):\n    x = [x, x]\nresult = [{{'x': x}}]",
        "limit",
        "memory",
    ),
    Attack("a catch for the limit", "try:\n    x = [0] * 10**10\nexcept:\n    pass\nresult = []", "limit", "memory"),
    Attack(
        "a product",
        "import itertools\nx = list(itertools.product(range(99), repeat=9))\nresult = []",
        "limit",
        "memory",
    ),
    # Time.
    Attack("a loop without end", "while True:\n    pass", "limit", "computed longer"),
    Attack(
        "a loop that catches all",
        "while True:\n    try:\n        while True:\n            pass\n    except:\n        pass",
        "limit",
        "comp",
    ),
    Attack("a power", "x = pow(7, 10**7) % 10\nresult = []", "limit", "computed longer"),
    Attack(
        "a chain of generators", "import itertools\nx = sum(itertools.count())\nresult = []", "limit", "computed longer"
    ),
    Attack("a long sort", "x = list(range(10**6))\nwhile True:\n    x.sort(key=lambda n: -n)", "limit", "memory"),
    Attack(
        "a pattern that goes back and forth",
        "import re\nx = re.search('(a|aa)+$', 'a' * 60 + 'b')\nresult = [{{'a': x is None}}]",
        "nothing",
        '"a": true',
    ),
    Attack("a long text to search", "x = 'a' * 10**7\nwhile 'b' not in x * 1:\n    pass", "limit", "computed longer"),
    # Recursion.
    Attack("a function that calls itself", "def f(n):\n    return f(n + 1)\nf(0)\nresult = []", "limit", "deep"),
    Attack(
        "a coroutine that awaits itself",
        "async def f():\n    return await f()\nawait f()\nresult = []",
        "limit",
        "deep",
    ),
    Attack("rows nested deeply", "x = []\nfor _ in range(10**5):\n    x = [x]\nresult = [{{'x': x}}]", "limit", "deep"),
    Attack("an answer nested deeply", "import json\nx = json.loads('[' * 10**6)\nresult = []", "run", "recursion"),
    Attack("rows that hold themselves", "x = {{}}\nx['x'] = x\nresult = [x]", "rows", "Circular reference"),
    # Output.
    Attack("a flood of print", "while True:\n    print('x' * 1_000)", "limit", "prints more than"),
    Attack("one long print", "print('x' * 10**7)\nresult = []", "limit", "prints more than"),
    Attack("rows without end", "result = [{{'x': 'x' * 100}} for _ in range(20_000)]", "limit", "take more than"),
    Attack("a number that is none", "result = [{{'x': float('nan')}}]", "rows", "not JSON compliant"),
    Attack("a number without end", "result = [{{'x': 1e308 * 10}}]", "rows", "not JSON compliant"),
    Attack("a number of 5,000 digits", "result = [{{'x': 10**5_000}}]", "rows", "4300 digits"),
    Attack("a number of 100 bits", "result = [{{'x': 2**100}}]", "rows", "more than 64 bits"),
    Attack("keys that look alike", "result = [{{'x': {{1: 'a', '1': 'b'}}}}]", "rows", "keys of a record must be text"),
    mistyped("a text for rows", "result = '[{{}}]'", "`result` must be a list", "must be a list of records"),
    mistyped("a function for rows", "result = [lambda: 1]", "`result` must be a list", "must be a dictionary"),
    Attack("half a letter in a row", "result = [{{'x': '\\ud800'}}]", "nothing", "\\ufffd"),
    Attack("half a letter to the host", "await list_user_factors('\\ud800')\nresult = [{{'x': 1}}]", "nothing", '"x"'),
    # Taking things apart, and putting others together.
    refused("pickle", "import pickle\npickle.loads(b'x')", "`pickle` cannot", "No module named"),
    refused("marshal", "import marshal\nmarshal.loads(b'x')", "`marshal` cannot", "No module named"),
    refused(
        "a reduction",
        "class R:\n    def __reduce__(self):\n        return (eval, ('1',))\nimport copy\ncopy.copy(R())",
        "`__reduce__`",
    ),
    refused("a repr that lies", "class R:\n    def __repr__(self):\n        return '[]'", "`__repr__`"),
    Attack("an object for a row", "class R:\n    x = 1\nresult = [{{'r': R()}}]", "rows", "not JSON serializable"),
    # Reaching what lies behind.
    refused("the classes of all things", "x = ().__class__.__mro__[1].__subclasses__()", "`__class__`", "no attribute"),
    refused("a function's world", "def f():\n    pass\nx = f.__globals__", "`__globals__`", "no attribute"),
    refused("a function's code", "def f():\n    pass\nx = f.__code__", "`__code__`", "no attribute"),
    refused("the builtins", "x = __builtins__", "`__builtins__`", "not defined"),
    refused("an import by name", "x = __import__('os')", "`__import__`", "not defined"),
    refused(
        "a coroutine's frame", "async def f():\n    return 1\nc = f()\nx = c.cr_frame\nawait c", "`cr_frame`", "no attr"
    ),
    refused(
        "an error's trace",
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    x = e.__traceback__",
        "`__traceback__`",
        "no attr",
    ),
    refused(
        "an error's context",
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    x = e.__context__",
        "`__context__`",
        "no attr",
    ),
    refused(
        "a template that reaches in", "x = '{{0.__class__}}'.format(1)", "`.format` takes a literal", "no attribute"
    ),
    refused(
        "a template out of parts", "t = '{{0.__cl' + 'ass__}}'\nx = t.format(1)", "`.format` takes a literal", "no attr"
    ),
    refused("a template of a map", "x = '{{a.__class__}}'.format_map({{'a': 1}})", "`format_map`", "no attribute"),
    refused("a pattern that reaches in", "match 1:\n    case int(__class__=c):\n        x = c", "`__class__`"),
    refused("getattr", "x = getattr(1, '__cla' + 'ss__')", "`getattr` is not", "no attribute"),
    refused("setattr", "setattr(now, 'year', 1)", "`setattr` is not", "no attribute"),
    refused("vars", "x = vars()", "`vars` is not", "not defined"),
    refused("locals", "x = locals()", "`locals` is not"),
    refused("globals", "x = globals()", "`globals` is not", "not defined"),
    refused("a class by hand", "X = type('X', (), {{'a': 1}})", "`type` makes no classes"),
    refused("a class that inherits", "class E(Exception):\n    pass", "inherits", "inheritance"),
    refused("eval", "x = eval('1 + 1')", "`eval` is not"),
    refused("exec", "exec('import os\\nx = os.environ')", "`exec` is not", "not supported"),
    refused("compile", "x = compile('1', '', 'eval')", "`compile` is not", "not defined"),
    refused("eval in other letters", "x = ｅｖａｌ('1 + 1')", "letters outside a-z"),
    refused("the underscore in other letters", "x = (1).＿＿class＿＿", "invalid character", "SyntaxError"),
    refused("a name in Cyrillic letters", "lоad = 1", "letters outside a-z"),
    mistyped(
        "an override of the parser",
        "import json\njson.loads = len\nresult = []",
        "Object of type",
        "no attribute",
    ),
    # Budgets and progress.
    Attack("calls without end", "while True:\n    await progress(1, 1)", "limit", "calls the host more than 2,000"),
    Attack(
        "a million calls at once",
        "import asyncio\nawait asyncio.gather(*[list_user_factors(f'u{{n}}') for n in range(10**6)])\nresult = []",
        "limit",
        "memory",
    ),
    Attack("progress below nothing", "await progress(-1, 10)\nresult = []", "host", "from 0 to `total`"),
    Attack("progress beyond the end", "await progress(11, 10)\nresult = []", "host", "from 0 to `total`"),
    Attack("progress of everything", "await progress(10**30, 10**30)\nresult = []", "host", "takes done, total only"),
    mistyped(
        "progress in words", "await progress('all', 'done')\nresult = []", "Expected `int`", "takes done, total only"
    ),
    mistyped(
        "progress that is no number",
        "await progress(float('nan'), 1)\nresult = []",
        "Expected `int`",
        "takes done, total only",
    ),
    Attack("a step that is not there", "x = await load('../../other-question/1')\nresult = []", "host", "no such step"),
    mistyped("fields that are code", "result = await list_users(fields={{'__class__': 1}})", "Expected `tuple"),
)
