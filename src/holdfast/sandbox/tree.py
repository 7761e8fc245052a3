"""A generated program as a syntax tree of bounded size, with what the checks ask of it: parents, bindings, findings."""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from holdfast.errors import ProgramRefused
from holdfast.sandbox.subset import DEEPEST, MOST_CHARACTERS, MOST_NODES

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, order=True)
class Finding:
    """Why a program is refused: its line, counted from 1, and a sentence by which it can be mended."""

    line: int
    sentence: str

    def __str__(self) -> str:
        return f"Line {self.line}: {self.sentence}"


@dataclass(frozen=True)
class Tree:
    """The module, all its nodes from the top down, and each one's parent."""

    module: ast.Module
    nodes: tuple[ast.AST, ...]
    parents: Mapping[ast.AST, ast.AST]

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        """The nodes that contain this one, the nearest first."""
        while (parent := self.parents.get(node)) is not None:
            yield parent
            node = parent

    @cached_property
    def bound(self) -> Mapping[str, int]:
        """The names that the program gives to something, in whatever scope, and the first line where."""
        found: dict[str, int] = {}
        for node in self.nodes:
            for name in _names_bound_by(node):
                found.setdefault(name, line_of(node))
        return found

    @cached_property
    def own_attributes(self) -> frozenset[str]:
        """Fields and methods of the program's own classes."""
        names: set[str] = set()
        for node in self.nodes:
            match node:
                case ast.ClassDef(body=body):
                    names.update(name for part in body for name in _fields_and_methods(part))
                case ast.Attribute(value=ast.Name(id="self"), attr=attr, ctx=ast.Store()):
                    names.add(attr)
                case ast.Call(func=ast.Name(id="namedtuple") | ast.Attribute(attr="namedtuple")):
                    names.update(_words_in(node))
        return frozenset(names)

    @cached_property
    def coroutines(self) -> frozenset[str]:
        """The names of the program's own `async def`s."""
        return frozenset(node.name for node in self.nodes if isinstance(node, ast.AsyncFunctionDef))

    @cached_property
    def annotations(self) -> frozenset[ast.AST]:
        """Every node inside an annotation; none of them is ever evaluated."""
        roots: list[ast.AST | None] = []
        for node in self.nodes:
            if isinstance(node, ast.AnnAssign | ast.arg):
                roots.append(node.annotation)
            elif isinstance(node, Function):
                roots.append(node.returns)
        return frozenset(inner for root in roots if root is not None for inner in ast.walk(root))


def grown(code: str) -> Tree:
    """The tree of `code`. Raises ProgramRefused for what is no Python, or too large to be judged."""
    if len(code) > MOST_CHARACTERS:
        raise refused(
            Finding(1, f"the program has {len(code):,} characters and may have {MOST_CHARACTERS:,}; shorten it")
        )
    module = _parsed(code)
    nodes: list[ast.AST] = []
    parents: dict[ast.AST, ast.AST] = {}
    waiting: deque[tuple[ast.AST, int]] = deque([(module, 0)])
    while waiting:
        node, depth = waiting.popleft()
        if depth > DEEPEST:
            raise refused(Finding(line_of(node), f"this is nested more than {DEEPEST} deep; use names for its parts"))
        nodes.append(node)
        if len(nodes) > MOST_NODES:
            raise refused(Finding(line_of(node), f"the program has more than {MOST_NODES:,} parts; shorten it"))
        for child in ast.iter_child_nodes(node):
            # Python shares the nodes that say only `Load` or `+`; they have no parent of their own.
            if not isinstance(child, ast.expr_context | ast.operator | ast.unaryop | ast.cmpop | ast.boolop):
                parents[child] = node
                waiting.append((child, depth + 1))
    _compile(module)
    return Tree(module, tuple(nodes), parents)


def refused(*findings: Finding) -> ProgramRefused:
    """The error that tells all of them."""
    return ProgramRefused([str(finding) for finding in findings])


def line_of(node: ast.AST) -> int:
    """Where it stands; 1 for what has no place of its own."""
    line = getattr(node, "lineno", 1)
    return line if isinstance(line, int) else 1


def odd_letters(code: str) -> Iterator[Finding]:
    """Identifiers that are not plain letters: they may look like another, or be read as another."""
    if code.isascii():
        return
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type in (tokenize.NAME, tokenize.ERRORTOKEN) and not token.string.isascii():
            yield Finding(
                token.start[0], f"the name `{token.string}` has letters outside a-z; use plain letters in names"
            )


def _parsed(code: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            # Such as an unknown escape in a string: not for this process's log, and no reason to refuse.
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except SyntaxError as error:
        raise refused(Finding(error.lineno or 1, f"this is no Python: {error.msg}")) from None
    except (ValueError, RecursionError, MemoryError) as error:
        # Zero bytes, lone surrogates, and nesting that Python's own parser gives up on.
        raise refused(Finding(1, f"this cannot be read as Python: {error or 'it is nested too deeply'}")) from None


def _compile(module: ast.Module) -> None:
    """What only Python's compiler notices, such as a `return` outside a function. Nothing runs."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(module, "program", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    except SyntaxError as error:
        raise refused(Finding(error.lineno or 1, f"this is no Python: {error.msg}")) from None
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise refused(Finding(1, f"this cannot be compiled: {error or 'it is nested too deeply'}")) from None


def _names_bound_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
            yield name
        case ast.arg(arg=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.alias(name=name, asname=asname):
            yield asname or name.partition(".")[0]
        case ast.ExceptHandler(name=str(name)) | ast.MatchAs(name=str(name)) | ast.MatchStar(name=str(name)):
            yield name
        case ast.MatchMapping(rest=str(name)):
            yield name


def _fields_and_methods(part: ast.stmt) -> Iterator[str]:
    match part:
        case ast.AnnAssign(target=target) | ast.Assign(targets=[target]):
            yield from _names_bound_by(target)
        case _:
            yield from _names_bound_by(part)


def _words_in(node: ast.AST) -> Iterator[str]:
    for inner in ast.walk(node):
        if isinstance(inner, ast.Constant) and isinstance(inner.value, str):
            yield from inner.value.replace(",", " ").split()
