"""Coroutines that a program calls and never awaits: their reads would silently not happen."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.tree import Finding, Tree, line_of

HOST_COROUTINES = frozenset({"attempt", "load", "progress"})

# A coroutine may be put into one of these, or chosen, before the whole is awaited.
_CARRIERS = (
    ast.Starred
    | ast.List
    | ast.Tuple
    | ast.Set
    | ast.Dict
    | ast.ListComp
    | ast.GeneratorExp
    | ast.SetComp
    | ast.DictComp
    | ast.IfExp
    | ast.keyword
)
_FILLING = frozenset({"append", "appendleft", "extend", "insert", "add", "setdefault"})


def unawaited(tree: Tree, interface: ProgramInterface) -> Iterator[Finding]:
    """One finding for each call of a coroutine that nothing awaits."""
    coroutines = HOST_COROUTINES | interface.functions.keys() | tree.coroutines
    awaited = _awaited_names(tree)
    for node in tree.nodes:
        if not isinstance(node, ast.Call) or (name := _called(node)) is None:
            continue
        if (name in coroutines or _is_gather(node)) and not _is_awaited(tree, node, awaited):
            yield Finding(line_of(node), f"`{name}(…)` is never awaited; write `await {name}(…)`")


def is_gathering(node: ast.AST) -> bool:
    """Whether this call awaits what it is given: `gather` and `attempt`."""
    return isinstance(node, ast.Call) and (_is_gather(node) or _called(node) == "attempt")


def _is_gather(call: ast.Call) -> bool:
    match call.func:
        case ast.Attribute(attr="gather") | ast.Name(id="gather"):
            return True
    return False


def _called(call: ast.Call) -> str | None:
    match call.func:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return None


def _is_awaited(tree: Tree, call: ast.Call, awaited: frozenset[str]) -> bool:
    below: ast.AST = call
    for node in tree.above(call):
        match node:
            case ast.Await() | ast.Return() | ast.Lambda():
                # What a function returns is judged where that function is called and awaited.
                return True
            case ast.Assign(targets=targets):
                return any(_is_in(target, awaited) for target in targets)
            case ast.AnnAssign(target=target) | ast.AugAssign(target=target) | ast.NamedExpr(target=target):
                return _is_in(target, awaited)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _FILLING:
                return name in awaited
            case ast.Call(func=func):
                # A function of the program's own may await what it is handed; the type check looks into it.
                return below is not func and (is_gathering(node) or _called(node) in tree.bound or _gathers(tree, node))
            case _ if not isinstance(node, _CARRIERS):
                return False
        below = node
    return False


def _gathers(tree: Tree, call: ast.Call) -> bool:
    """Whether `list(…)` and the like stands, in the end, where it is awaited."""
    return _called(call) in {"list", "tuple", "map", "zip", "chain"} and _is_awaited(tree, call, frozenset())


def _is_in(target: ast.AST, names: frozenset[str]) -> bool:
    return any(isinstance(node, ast.Name) and node.id in names for node in ast.walk(target))


def _awaited_names(tree: Tree) -> frozenset[str]:
    """Names that stand somewhere below an `await`, or in a `gather` or an `attempt`."""
    roots = [node for node in tree.nodes if isinstance(node, ast.Await) or is_gathering(node)]
    return frozenset(node.id for root in roots for node in ast.walk(root) if isinstance(node, ast.Name))
