"""What of Python a generated program may use, as data: modules, builtins, attributes, constructs and sizes.

Names that are not here do not exist for a program, so nothing that an interpreter adds is open by accident. The tables
hold what the sandbox's own Python has (a test asks it), since it lacks names that a type checker takes for given, and
a program that meets one has spent its calls by then.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping

# The longest programs that answer a question have some 6,000 characters; these bound what the checks themselves cost.
MOST_CHARACTERS = 40_000
MOST_NODES = 12_000
DEEPEST = 60
MOST_DIAGNOSTICS = 40


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


MODULES: Mapping[str, frozenset[str]] = {
    module: _words(names)
    for module, names in {
        "asyncio": "gather",
        "base64": "b64decode b64encode urlsafe_b64decode urlsafe_b64encode",
        "bisect": "bisect bisect_left bisect_right insort insort_left insort_right",
        "collections": "Counter defaultdict deque namedtuple",
        "copy": "copy deepcopy",
        "dataclasses": "dataclass field",
        "datetime": "date datetime time timedelta timezone",
        "decimal": "Decimal InvalidOperation ROUND_DOWN ROUND_HALF_EVEN ROUND_HALF_UP ROUND_UP",
        "functools": "cache lru_cache partial reduce",
        "hashlib": "blake2b md5 sha1 sha256 sha512",
        "itertools": "accumulate chain combinations compress count cycle dropwhile filterfalse groupby islice pairwise "
        "permutations product repeat starmap takewhile tee zip_longest",
        "json": "JSONDecodeError dumps loads",
        "math": "ceil comb cos dist e exp fabs factorial floor fmod fsum gcd hypot inf isclose isfinite isinf isnan "
        "isqrt lcm log log10 log1p log2 modf nan perm pi pow prod radians sin sqrt tan trunc",
        "re": "ASCII DOTALL IGNORECASE MULTILINE I M S Match Pattern compile error escape findall finditer fullmatch "
        "match search split sub",
        "typing": "Annotated Any Callable Dict Iterable Iterator List Literal Mapping Optional Sequence Tuple Union",
        "unicodedata": "category combining is_normalized name normalize",
    }.items()
}

BUILTINS = _words(
    """
    abs all any bin bool bytes chr dict divmod enumerate filter float format frozenset hex int isinstance iter len list
    map max min next oct ord pow print range repr reversed round set slice sorted str sum tuple type zip
    ArithmeticError AssertionError AttributeError Exception IndexError KeyError LookupError NotImplementedError OSError
    OverflowError PermissionError RecursionError RuntimeError StopIteration TimeoutError TypeError ValueError
    ZeroDivisionError
    """
)

# Refused wherever they stand, also as names of the program's own: whoever reads it must not wonder which one is meant.
NEVER_NAMES = _words(
    """
    breakpoint classmethod compile delattr dir eval exec exit getattr globals hasattr help input locals memoryview
    object open property quit setattr staticmethod super vars
    """
)

# Attributes that exist only as calls: the sandbox has no bound methods to hand around.
METHODS = _words(
    """
    add adjusted append appendleft as_tuple astimezone capitalize casefold center clear combine copy copy_abs count date
    decode difference digest discard elements encode end endswith expandtabs extend extendleft find findall finditer
    format fromhex fromisoformat fromkeys fullmatch get group groupdict groups hex hexdigest index insert intersection
    is_finite is_nan isalnum isalpha isascii isdecimal isdigit isdisjoint isidentifier islower isnumeric isoformat
    isoweekday isprintable isspace issubset issuperset istitle isupper items join keys ljust lower lstrip match
    most_common now partition pop popitem popleft quantize remove removeprefix removesuffix replace reverse rfind rindex
    rjust rotate rpartition rsplit rstrip search setdefault sort span split splitlines start startswith strftime strip
    strptime sub subtract swapcase symmetric_difference time timestamp timetz title today total total_seconds tzname
    union update upper utcoffset values weekday zfill from_iterable to_integral_value normalize
    """
)

# Attributes that are values.
FIELDS = _words("args day days hour max microsecond microseconds min minute month second seconds tzinfo utc year")

# What can be called on the class itself; `map(str.lower, …)` and `str.lower(x)` do not exist.
CLASS_METHODS: Mapping[str, frozenset[str]] = {
    "bytes": frozenset({"fromhex"}),
    "dict": frozenset({"fromkeys"}),
    **{name: frozenset() for name in ("bool", "float", "frozenset", "int", "list", "set", "str", "tuple")},
}

# With the reason and the way round.
NEVER_NODES: Mapping[type[ast.AST], str] = {
    ast.Yield: "generators with `yield` are not available; build and return a list",
    ast.YieldFrom: "generators with `yield from` are not available; build and return a list",
    ast.Delete: "`del` is not available; use `.pop(key)`, or build a new value",
    ast.With: "`with` is not available; there is nothing to open or to lock here",
    ast.AsyncWith: "`async with` is not available; there is nothing to open or to lock here",
    ast.AsyncFor: "`async for` is not available; await the list, then use `for`",
    ast.Global: "`global` is not available; return the value, or change a list or a dictionary",
    ast.TryStar: "`except*` is not available; use `except`",
}
