"""Everything that is judged of a generated program before a single call, and without running any of it."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from difflib import get_close_matches
from functools import lru_cache
from itertools import chain

from holdfast.errors import ProgramRefused
from holdfast.sandbox.awaiting import HOST_COROUTINES, unawaited
from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.subset import (
    BUILTINS,
    CLASS_METHODS,
    FIELDS,
    METHODS,
    MODULES,
    MOST_DIAGNOSTICS,
    NEVER_NAMES,
    NEVER_NODES,
)
from holdfast.sandbox.tree import Finding, Tree, grown, line_of, odd_letters


def checked(code: str, interface: ProgramInterface) -> Tree:
    """The program's tree, if it keeps to the subset and to the interface.

    Raises ProgramRefused with everything that is wrong with it, line by line; what is no Python at all is told alone.
    """
    tree = grown(code)
    findings = set(
        chain(
            odd_letters(code),
            _constructs(tree),
            _imports(tree),
            _bound_names(tree, interface),
            _used_names(tree, interface),
            _attributes(tree),
            unawaited(tree, interface),
            _result(tree),
        )
    )
    if findings:
        raise ProgramRefused(told(sorted(findings)))
    return tree


def told(findings: Collection[Finding]) -> list[str]:
    """Their sentences, as many as a writer can use."""
    sentences = [str(finding) for finding in findings][:MOST_DIAGNOSTICS]
    if len(findings) > len(sentences):
        sentences.append(f"And {len(findings) - len(sentences):,} more.")
    return sentences


def host_names(interface: ProgramInterface) -> frozenset[str]:
    """The names that belong to the host: what a program calls and reads, and may not give to anything else."""
    functions, _ = _declared(interface.stubs)
    return HOST_COROUTINES | {"now"} | interface.functions.keys() | functions


@lru_cache(maxsize=64)
def _declared(stubs: str) -> tuple[frozenset[str], frozenset[str]]:
    """The functions and values, and the types, of some stubs; all that begins with `_` is the stubs' own."""
    values: set[str] = set()
    types: set[str] = set()
    for node in ast.parse(stubs).body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.AnnAssign(target=ast.Name(id=name)):
                values.add(name)
            case ast.ClassDef(name=name) | ast.Assign(targets=[ast.Name(id=name)]):
                types.add(name)
    return frozenset(values), frozenset(types)


def _constructs(tree: Tree) -> Iterator[Finding]:
    for node in tree.nodes:
        if (reason := NEVER_NODES.get(type(node))) is not None:
            yield Finding(line_of(node), reason)
        match node:
            case ast.comprehension(is_async=1, target=target):
                yield Finding(line_of(target), "`async for` is not available; await the list, then use `for`")
            case ast.ClassDef(bases=[], keywords=[], decorator_list=decorators):
                yield from (
                    Finding(line_of(one), "only `@dataclass` may decorate a class")
                    for one in decorators
                    if not _is_dataclass(one)
                )
            case ast.ClassDef(name=name):
                yield Finding(
                    line_of(node), f"class `{name}` inherits, and no class can here; use a dictionary or a `@dataclass`"
                )
            case ast.FunctionDef(decorator_list=[first, *_]) | ast.AsyncFunctionDef(decorator_list=[first, *_]):
                yield Finding(line_of(first), "functions cannot be decorated here; call the other function inside")
            case ast.Call(keywords=keywords) if any(keyword.arg == "return_exceptions" for keyword in keywords):
                yield Finding(
                    line_of(node), "`return_exceptions` is not available; gather `attempt(…)` of each call instead"
                )
            case ast.Call(func=ast.Name(id="type")) if len(node.args) != 1 or node.keywords:
                yield Finding(line_of(node), "`type` makes no classes here; it takes one value")


def _is_dataclass(decorator: ast.expr) -> bool:
    match decorator:
        case ast.Name(id="dataclass") | ast.Call(func=ast.Name(id="dataclass")):
            return True
        case ast.Attribute(attr="dataclass") | ast.Call(func=ast.Attribute(attr="dataclass")):
            return True
    return False


def _imports(tree: Tree) -> Iterator[Finding]:
    for node in tree.nodes:
        match node:
            case ast.Import(names=names):
                for alias in names:
                    if alias.name not in MODULES:
                        yield _no_module(node, alias.name)
            case ast.ImportFrom(module=module, names=names, level=level):
                known = MODULES.get(module or "") if not level else None
                if known is None:
                    yield _no_module(node, "." * level + (module or ""))
                    continue
                for alias in names:
                    if alias.name == "*":
                        yield Finding(line_of(node), f"name what you import from `{module}`, instead of `*`")
                    elif alias.name not in known:
                        yield _not_in_module(node, str(module), alias.name)


def _no_module(node: ast.AST, name: str) -> Finding:
    return Finding(line_of(node), f"`{name}` cannot be imported here; there are {', '.join(sorted(MODULES))}")


def _not_in_module(node: ast.AST, module: str, name: str) -> Finding:
    known = MODULES[module]
    nearest = get_close_matches(name, known, 1)
    hint = f"; did you mean `{nearest[0]}`?" if nearest else f"; it has {', '.join(sorted(known)[:12])}"
    return Finding(line_of(node), f"`{module}` has no `{name}` here{hint}")


def _bound_names(tree: Tree, interface: ProgramInterface) -> Iterator[Finding]:
    reserved = host_names(interface)
    for name, line in tree.bound.items():
        if name in reserved:
            yield Finding(line, f"`{name}` is the host's; give yours another name")
        elif name in NEVER_NAMES:
            yield Finding(line, f"`{name}` is not available, not even as a name of your own; choose another")
        elif name.startswith("_") and name != "_":
            yield Finding(line, f"names that begin with `_`, such as `{name}`, are the host's; choose another")
    for node in tree.nodes:
        if isinstance(node, ast.keyword) and node.arg is not None and node.arg.startswith("_"):
            yield Finding(
                line_of(node), f"names that begin with `_`, such as `{node.arg}`, are the host's; choose another"
            )


def _used_names(tree: Tree, interface: ProgramInterface) -> Iterator[Finding]:
    _, types = _declared(interface.stubs)
    known = BUILTINS | host_names(interface) | tree.bound.keys()
    for node in tree.nodes:
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                if name in NEVER_NAMES:
                    yield Finding(line_of(node), f"`{name}` is not available")
                elif name.startswith("_") and name != "_":
                    yield Finding(line_of(node), f"names that begin with `_`, such as `{name}`, are not for programs")
                elif name in MODULES and name not in tree.bound:
                    yield Finding(line_of(node), f"`{name}` is not imported; write `import {name}`")
                elif name not in known and not (name in types and node in tree.annotations):
                    yield Finding(line_of(node), _unknown_name(name, known, types))


def _unknown_name(name: str, known: Collection[str], types: Collection[str]) -> str:
    if name in types:
        return f"`{name}` is a type of the stubs; it can stand in annotations only"
    nearest = get_close_matches(name, known, 1)
    return f"`{name}` is not defined" + (f"; did you mean `{nearest[0]}`?" if nearest else "")


def _attributes(tree: Tree) -> Iterator[Finding]:
    modules = _module_names(tree)
    for node in tree.nodes:
        match node:
            case ast.MatchClass(kwd_attrs=names):
                wrong = [name for name in names if name not in FIELDS | tree.own_attributes]
                yield from (Finding(line_of(node), f"nothing here has the attribute `{name}`") for name in wrong)
            case ast.Attribute(attr=attr) if attr.startswith("_"):
                yield Finding(line_of(node), f"attributes that begin with `_`, such as `{attr}`, are not for programs")
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in modules:
                if attr not in MODULES[modules[name]]:
                    yield _not_in_module(node, modules[name], attr)
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name in CLASS_METHODS and name not in tree.bound:
                if attr not in CLASS_METHODS[name]:
                    yield Finding(
                        line_of(node),
                        f"`{name}.{attr}` is not available; call `.{attr}()` on a value, in a `lambda` if need be",
                    )
            case ast.Attribute(attr=attr):
                if (sentence := _attribute_sentence(tree, node)) is not None:
                    yield Finding(line_of(node), sentence)


def _attribute_sentence(tree: Tree, node: ast.Attribute) -> str | None:
    attr = node.attr
    if attr in tree.own_attributes:
        return None
    if not isinstance(node.ctx, ast.Load):
        return f"nothing here has an attribute `{attr}` to be set; use a dictionary"
    if attr in METHODS:
        parent = tree.parents[node]
        if not (isinstance(parent, ast.Call) and parent.func is node):
            return f"a method cannot be handed on; call it, `.{attr}(…)`, in a `lambda` if need be"
        if attr == "format" and not _is_plain_template(node.value):
            return "`.format` takes a literal with plain fields only; use an f-string"
        return None
    if attr in FIELDS:
        return None
    nearest = get_close_matches(attr, METHODS | FIELDS | tree.own_attributes, 1)
    hint = (
        f"did you mean `.{nearest[0]}`?"
        if nearest
        else f'records are dictionaries, write `["{attr}"]` or `.get("{attr}")`'
    )
    return f"nothing here has the attribute `{attr}`; {hint}"


def _is_plain_template(receiver: ast.expr) -> bool:
    """Fields such as `{0.real}` and `{x[0]}` reach into what they are given, out of every check's sight."""
    match receiver:
        case ast.Constant(value=str(template)):
            return not any(
                letter in field for field in template.split("{")[1:] for letter in ".[" if letter in _name_part(field)
            )
    return False


def _name_part(field: str) -> str:
    return field.partition("}")[0].partition(":")[0].partition("!")[0]


def _module_names(tree: Tree) -> dict[str, str]:
    """What the program calls the modules that it imports."""
    return {
        alias.asname or alias.name: alias.name
        for node in tree.nodes
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in MODULES
    }


def _result(tree: Tree) -> Iterator[Finding]:
    stores = (node for node in tree.nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store))
    if not any(node.id == "result" and not _is_inside_a_function(tree, node) for node in stores):
        last = max((line_of(node) for node in tree.nodes), default=1)
        yield Finding(last, "the program never assigns `result`; assign it the list of records at the top level")


def _is_inside_a_function(tree: Tree, node: ast.AST) -> bool:
    inner = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
    return any(isinstance(above, inner) for above in tree.above(node))
