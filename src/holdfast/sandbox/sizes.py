"""How many items an expression of a program has, as far as its text tells."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from math import ceil

from holdfast.sandbox.times import NEVER, ONCE, UNKNOWN, Times

# What is known of the names in sight.
Sizes = Mapping[str, Times]

_SAME_LENGTH = frozenset({"sorted", "list", "tuple", "reversed", "enumerate", "deque", "copy", "deepcopy"})
_NO_REPEATS = frozenset({"set", "frozenset", "Counter", "dict"})
_VIEWS = frozenset({"items", "keys", "values", "copy", "elements"})


def size_of(node: ast.expr, sizes: Sizes, row_counts: Mapping[str, int]) -> Times:
    """The number of its items; unknown where only a run would tell."""
    match node:
        case ast.Await(value=value):
            return size_of(value, sizes, row_counts)
        case ast.Name(id=name):
            return sizes.get(name, UNKNOWN)
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return _sum_of(parts, sizes, row_counts)
        case ast.Set() | ast.Dict():
            return _size_of_display(node, sizes, row_counts)
        case ast.ListComp(generators=generators) | ast.GeneratorExp(generators=generators):
            return rounds_of(generators, sizes, row_counts)
        case ast.SetComp(generators=generators) | ast.DictComp(generators=generators):
            return rounds_of(generators, sizes, row_counts).distinct()
        case ast.IfExp(body=body, orelse=orelse):
            return size_of(body, sizes, row_counts).or_else(size_of(orelse, sizes, row_counts))
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return size_of(left, sizes, row_counts) + size_of(right, sizes, row_counts)
        case ast.Subscript(value=value, slice=ast.Slice() as part):
            return _size_of_part(size_of(value, sizes, row_counts), part)
        case ast.Call():
            return _size_of_call(node, sizes, row_counts)
    return UNKNOWN


def rounds_of(generators: list[ast.comprehension], sizes: Sizes, row_counts: Mapping[str, int]) -> Times:
    """How often the element of a comprehension is computed."""
    rounds = ONCE
    for generator in generators:
        rounds *= size_of(generator.iter, sizes, row_counts)
        if generator.ifs:
            rounds = rounds.maybe()
        sizes = without(sizes, [generator.target])
    return rounds


def without(sizes: Sizes, targets: Iterable[ast.AST]) -> dict[str, Times]:
    """The same, but nothing is known any more of the names that are given to something else."""
    names = (node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name))
    return {**sizes, **dict.fromkeys(names, UNKNOWN)}


def _sum_of(parts: list[ast.expr], sizes: Sizes, row_counts: Mapping[str, int]) -> Times:
    total = NEVER
    for part in parts:
        total += size_of(part.value, sizes, row_counts) if isinstance(part, ast.Starred) else ONCE
    return total


def _size_of_display(node: ast.Set | ast.Dict, sizes: Sizes, row_counts: Mapping[str, int]) -> Times:
    if isinstance(node, ast.Set):
        return _sum_of(node.elts, sizes, row_counts).distinct()
    total = NEVER
    for key, value in zip(node.keys, node.values, strict=True):
        total += size_of(value, sizes, row_counts) if key is None else ONCE
    return total.distinct()


def _size_of_part(whole: Times, part: ast.Slice) -> Times:
    match part:
        case ast.Slice(lower=None, upper=ast.Constant(value=int(most)), step=None) if most >= 0:
            return whole.at_most(most)
    return whole.maybe()


def _size_of_call(call: ast.Call, sizes: Sizes, row_counts: Mapping[str, int]) -> Times:
    match call:
        case ast.Call(func=ast.Name(id="load"), args=[ast.Constant(value=str(step_id))]):
            count = row_counts.get(step_id)
            return UNKNOWN if count is None else Times(count, count)
        case ast.Call(func=ast.Attribute(attr="gather") | ast.Name(id="gather"), args=parts):
            return _sum_of(parts, sizes, row_counts)
        case ast.Call(func=ast.Name(id="range"), args=bounds):
            return _size_of_range(bounds, sizes, row_counts)
        case ast.Call(func=ast.Name(id="zip"), args=[_, *_] as parts):
            found = [size_of(part, sizes, row_counts) for part in parts]
            likely = [one.likely for one in found if one.likely is not None]
            return Times(min(one.least for one in found), min(likely) if len(likely) == len(found) else None)
        case ast.Call(func=ast.Name(id="map"), args=[_, over]):
            return size_of(over, sizes, row_counts)
        case ast.Call(func=ast.Name(id="filter"), args=[_, over]):
            return size_of(over, sizes, row_counts).maybe()
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[over, *_]) if name in _SAME_LENGTH:
            return size_of(over, sizes, row_counts)
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[over]) if name in _NO_REPEATS:
            return size_of(over, sizes, row_counts).distinct()
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=[]) if name in _NO_REPEATS | {"list"}:
            return NEVER
        case ast.Call(func=ast.Attribute(value=ast.Name() as owner, attr=attr), args=[]) if attr in _VIEWS:
            return size_of(owner, sizes, row_counts)
    return UNKNOWN


def _size_of_range(bounds: list[ast.expr], sizes: Sizes, row_counts: Mapping[str, int]) -> Times:
    match bounds:
        case [ast.Constant(value=int(count))]:
            return Times(max(count, 0), max(count, 0))
        case [ast.Constant(value=int(first)), ast.Constant(value=int(last))]:
            return Times(max(last - first, 0), max(last - first, 0))
        case [ast.Call(func=ast.Name(id="len"), args=[over])]:
            return size_of(over, sizes, row_counts)
        case [ast.Constant(value=0), ast.Call(func=ast.Name(id="len"), args=[over]), ast.Constant(value=int(step))]:
            whole = size_of(over, sizes, row_counts)
            if step > 0:
                return Times(ceil(whole.least / step), None if whole.likely is None else ceil(whole.likely / step))
    return UNKNOWN
