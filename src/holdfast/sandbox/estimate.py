"""How many calls of the tenant a program will make, told from its text and the row counts of earlier steps."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from holdfast.sandbox.interface import ProgramInterface
from holdfast.sandbox.sizes import size_of, without
from holdfast.sandbox.times import NEVER, ONCE, UNKNOWN, Tally, Times, one_of, perhaps, repeated, together

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Comprehension = ast.ListComp | ast.GeneratorExp | ast.SetComp | ast.DictComp
_LEAVING = ast.Return | ast.Raise | ast.Break | ast.Continue
_SHRINKING = frozenset({"pop", "popitem", "popleft", "clear", "remove", "discard"})
_FILLING = frozenset({"append", "appendleft", "add", "extend", "update", "insert", "setdefault"})
# They go through all of what they are given; `any` and `next` may not.
_CONSUMING = frozenset({"list", "tuple", "set", "frozenset", "dict", "sorted", "sum", "max", "min", "len", "gather"})

# A function is looked at for each place that calls it; a program made to be looked at for ever is given up on.
_MOST_LOOKS = 20_000
_DEEPEST_CALLS = 12


@dataclass(frozen=True)
class CallEstimate:
    """`least` calls are made by every run that comes to its end; `likely` is None where only a run can tell."""

    least: int
    likely: int | None
    why: str


def estimated_calls(code: str, interface: ProgramInterface, row_counts: Mapping[str, int]) -> CallEstimate:
    """The calls of a program that passed its checks; `row_counts` has the rows of each step that it may load."""
    module = ast.parse(code)
    functions = {node.name: node for node in ast.walk(module) if isinstance(node, _Function)}
    counter = _Counter(module, interface.functions, row_counts, functions)
    try:
        tally = counter.of_block(module.body, {})
    except RecursionError:
        return CallEstimate(0, None, "its functions call one another too deep to be counted")
    if counter.looks > _MOST_LOOKS:
        return CallEstimate(0, None, "its functions call one another in too many ways to be counted")
    total = sum(tally.values(), NEVER)
    return CallEstimate(total.least, total.likely, _in_words(tally))


def _in_words(tally: Tally) -> str:
    parts = [f"{name} {_times_in_words(times)}" for name, times in sorted(tally.items()) if times != NEVER]
    return "; ".join(parts) or "it reads nothing of the tenant"


def _times_in_words(times: Times) -> str:
    if times.likely is None:
        return f"at least {times.least:,}, and how many more only a run can tell"
    return f"{times.likely:,}" if times.least == times.likely else f"{times.least:,} to {times.likely:,}"


@dataclass
class _Counter:
    """Walks a program's statements in their order, and knows how many items its names hold by then."""

    module: ast.Module
    costs: Mapping[str, str]
    row_counts: Mapping[str, int]
    functions: Mapping[str, _Function]
    inside: tuple[str, ...] = ()
    looks: int = 0
    # What the loop that is being walked has put into names that were there before it.
    filled: dict[str, Times] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # A list that a function fills which is not its own grows out of sight.
        self._shared = {name for function in self.functions.values() for name in _filled_from_within(function)}
        self._shared.update(_shrunk_in(self.module))

    def of_block(self, block: Iterable[ast.stmt], sizes: dict[str, Times]) -> Tally:
        """What the statements call, once through them; `sizes` is brought up to date."""
        found: list[Tally] = []
        may_have_left = False
        for statement in block:
            tally = self._of_statement(statement, sizes)
            found.append(perhaps(tally) if may_have_left else tally)
            may_have_left = may_have_left or _may_leave(statement)
        return together(*found)

    def _of_statement(self, statement: ast.stmt, sizes: dict[str, Times]) -> Tally:
        match statement:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                return {}
            case ast.If(test=test, body=body, orelse=orelse):
                return together(self._of(test, sizes), self._of_one([body, orelse], sizes))
            case ast.Match(subject=subject, cases=cases):
                return together(self._of(subject, sizes), self._of_one([*(case.body for case in cases), []], sizes))
            case ast.For():
                return self._of_for(statement, sizes)
            case ast.While(test=test, body=body):
                changed = dict.fromkeys(set().union(*_changed_in(statement)), UNKNOWN)
                sizes.update(changed)
                once = together(self._of(test, sizes), self.of_block(body, sizes))
                sizes.update(changed)
                return repeated(perhaps(once), UNKNOWN)
            case ast.Try():
                return self._of_try(statement, sizes)
            case ast.Assign(targets=targets, value=value):
                return self._of_assignment(targets, value, sizes)
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                return self._of_assignment([target], value, sizes)
        self._take_note_of_filling(statement, sizes)
        return self._of(statement, sizes)

    def _of_assignment(self, targets: list[ast.expr], value: ast.expr, sizes: dict[str, Times]) -> Tally:
        tally = together(self._of(value, sizes), *(self._of(target, sizes) for target in targets))
        size = size_of(value, sizes, self.row_counts)
        # What is assigned to a part of something does not make it another thing.
        sizes.update(without({}, [target for target in targets if not isinstance(target, ast.Subscript)]))
        match targets:
            case [ast.Subscript(value=ast.Name(id=name))]:
                self._fill(name, ONCE, sizes)
            case [ast.Name(id=name)] if name not in self._shared:
                sizes[name] = size
                self.filled.pop(name, None)
        return tally

    def _of_one(self, blocks: list[list[ast.stmt]], sizes: dict[str, Times]) -> Tally:
        ways = [dict(sizes) for _ in blocks]
        tallies = [self.of_block(block, way) for block, way in zip(blocks, ways, strict=True)]
        for name in {name for way in ways for name in way}:
            first, *others = (way[name] for way in ways if name in way)
            for other in others:
                first = first.or_else(other)
            sizes[name] = first
        return one_of(*tallies)

    def _of_for(self, loop: ast.For, sizes: dict[str, Times]) -> Tally:
        times = size_of(loop.iter, sizes, self.row_counts)
        if any(_may_leave(statement) for statement in loop.body):
            times = times.maybe()
        over = self._of_all_of(loop.iter, sizes)
        before = dict(sizes)
        assigned, filled = _changed_in(loop)
        # What holds when a round begins: the rounds before it may have changed it.
        sizes.update(dict.fromkeys(assigned, UNKNOWN))
        sizes.update({name: Times(before[name].least, None) for name in before.keys() & filled - assigned})
        outer, self.filled = self.filled, {}
        once = self.of_block(loop.body, sizes)
        inner, self.filled = self.filled, outer
        for name in before.keys() & assigned:
            sizes[name] = sizes[name].or_else(before[name])
        for name in before.keys() & filled - assigned:
            added = (inner.get(name, NEVER) * times).maybe()
            sizes[name] = before[name] + added
            self.filled[name] = self.filled.get(name, NEVER) + added
        return together(over, repeated(once, times), perhaps(self.of_block(loop.orelse, sizes)))

    def _of_try(self, tried: ast.Try, sizes: dict[str, Times]) -> Tally:
        # Of what is tried only the first call is sure: it may be the one that fails.
        first = self._of_statement(tried.body[0], dict(sizes))
        whole = perhaps(self.of_block([*tried.body, *tried.orelse], sizes))
        if len(first) == 1:
            ((name, times),) = first.items()
            whole = {**whole, name: Times(min(times.least, 1), whole.get(name, times).likely)}
        handled = self._of_one([*(handler.body for handler in tried.handlers), []], sizes)
        return together(whole, handled, self.of_block(tried.finalbody, sizes))

    def _of(self, node: ast.AST, sizes: Mapping[str, Times]) -> Tally:
        self.looks += 1
        if self.looks > _MOST_LOOKS:
            return {}
        match node:
            case ast.Call():
                return self._of_call(node, sizes)
            case ast.GeneratorExp():
                return perhaps(self._of_comprehension(node, sizes))
            case ast.ListComp() | ast.SetComp() | ast.DictComp():
                return self._of_comprehension(node, sizes)
            case ast.Starred(value=value):
                return self._of_all_of(value, sizes)
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return together(self._of(test, sizes), one_of(self._of(body, sizes), self._of(orelse, sizes)))
            case ast.BoolOp(values=[first, *others]):
                return together(self._of(first, sizes), *(perhaps(self._of(other, sizes)) for other in others))
            case ast.Lambda(args=arguments, body=body):
                # Whoever gets it calls it as often as it likes.
                inner = {**sizes, **dict.fromkeys(_parameters(arguments), UNKNOWN)}
                return repeated(perhaps(self._of(body, inner)), UNKNOWN)
            case ast.Name(id=name, ctx=ast.Load()) if self._is_counted(name):
                return repeated(perhaps(self._of_called(name, [], sizes)), UNKNOWN)
        return together(*(self._of(child, sizes) for child in ast.iter_child_nodes(node)))

    def _of_all_of(self, node: ast.expr, sizes: Mapping[str, Times]) -> Tally:
        """Where every item is taken, also of what makes them one by one."""
        match node:
            case ast.GeneratorExp():
                return self._of_comprehension(node, sizes)
            case ast.Call(func=ast.Name(id="map"), args=[function, over]):
                times = size_of(over, sizes, self.row_counts)
                return together(repeated(self._of_handed_on(function, sizes), times), self._of_all_of(over, sizes))
        return self._of(node, sizes)

    def _of_call(self, call: ast.Call, sizes: Mapping[str, Times]) -> Tally:
        name = _name_of(call.func)
        look = self._of_all_of if name in _CONSUMING else self._of
        given = [look(one, sizes) for one in call.args]
        given += [self._of(keyword.value, sizes) for keyword in call.keywords]
        match call:
            case ast.Call(func=ast.Name(id="attempt"), args=[ast.Call(func=ast.Name(id=inner))]) if (
                inner in self.functions
            ):
                # What fails inside leaves out the rest of it.
                return perhaps(together(*given))
            case ast.Call(func=ast.Name(id="map"), args=[_, _]):
                return perhaps(self._of_all_of(call, sizes))
            case ast.Call(func=ast.Name()) if self._is_counted(name):
                return together(self._of_called(name, call.args, sizes), *given)
        return together(self._of(call.func, sizes), *given)

    def _of_handed_on(self, function: ast.expr, sizes: Mapping[str, Times]) -> Tally:
        match function:
            case ast.Name(id=name) if self._is_counted(name):
                return self._of_called(name, [], sizes)
            case ast.Lambda(args=arguments, body=body):
                return self._of(body, {**sizes, **dict.fromkeys(_parameters(arguments), UNKNOWN)})
        return self._of(function, sizes)

    def _of_called(self, name: str, arguments: list[ast.expr], sizes: Mapping[str, Times]) -> Tally:
        if (function := self.functions.get(name)) is None:
            return {name: Times(1, None if self.costs[name] == "pages" else 1)}
        if name in self.inside or len(self.inside) >= _DEEPEST_CALLS:
            # How often a function calls itself only a run can tell.
            words = {one.id for one in ast.walk(function) if isinstance(one, ast.Name)}
            return dict.fromkeys(words & self.costs.keys(), UNKNOWN)
        inner = {**sizes, **dict.fromkeys(_parameters(function.args), UNKNOWN)}
        for parameter, argument in zip(function.args.args, arguments, strict=False):
            if isinstance(argument, ast.Starred):
                break
            inner[parameter.arg] = size_of(argument, sizes, self.row_counts)
        outer_inside, outer_filled = self.inside, self.filled
        self.inside, self.filled = (*self.inside, name), {}
        tally = self.of_block(function.body, inner)
        self.inside, self.filled = outer_inside, outer_filled
        return tally

    def _of_comprehension(self, node: _Comprehension, sizes: Mapping[str, Times]) -> Tally:
        found: list[Tally] = []
        rounds = ONCE
        for generator in node.generators:
            size = size_of(generator.iter, sizes, self.row_counts)
            found.append(repeated(self._of_all_of(generator.iter, sizes), rounds))
            sizes = without(sizes, [generator.target])
            rounds *= size
            for test in generator.ifs:
                found.append(repeated(self._of(test, sizes), rounds))
                rounds = rounds.maybe()
        parts = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return together(*found, *(repeated(self._of(part, sizes), rounds) for part in parts))

    def _take_note_of_filling(self, statement: ast.stmt, sizes: dict[str, Times]) -> None:
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr), args=[first, *_])):
                if attr not in _FILLING:
                    return
                many = attr in {"extend", "update"}
                self._fill(name, size_of(first, sizes, self.row_counts) if many else ONCE, sizes)
            case ast.AugAssign(target=ast.Name(id=name), value=value):
                self._fill(name, size_of(value, sizes, self.row_counts), sizes)

    def _fill(self, name: str, added: Times, sizes: dict[str, Times]) -> None:
        sizes[name] = sizes.get(name, UNKNOWN) + added.maybe()
        self.filled[name] = self.filled.get(name, NEVER) + added.maybe()

    def _is_counted(self, name: str) -> bool:
        return name in self.functions or name in self.costs


def _name_of(function: ast.expr) -> str:
    match function:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
    return ""


def _parameters(arguments: ast.arguments) -> list[str]:
    return [node.arg for node in ast.walk(arguments) if isinstance(node, ast.arg)]


def _may_leave(statement: ast.AST) -> bool:
    """Whether it may go elsewhere before what follows it is reached."""
    return any(isinstance(node, _LEAVING) for node in _without_functions(statement))


def _without_functions(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    if not isinstance(node, _Function | ast.Lambda | ast.ClassDef):
        for child in ast.iter_child_nodes(node):
            yield from _without_functions(child)


def _changed_in(loop: ast.For | ast.While) -> tuple[set[str], set[str]]:
    """Names that a round of the loop gives to something else, and those that it puts something into."""
    assigned, filled = set(), set()
    for node in ast.walk(loop):
        match node:
            case ast.AugAssign(target=ast.Name(id=name)) | ast.Subscript(value=ast.Name(id=name), ctx=ast.Store()):
                filled.add(name)
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _FILLING:
                filled.add(name)
    grown = {id(node.target) for node in ast.walk(loop) if isinstance(node, ast.AugAssign)}
    for node in ast.walk(loop):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and id(node) not in grown:
            assigned.add(node.id)
    return assigned, filled


def _shrunk_in(module: ast.Module) -> Iterator[str]:
    for node in ast.walk(module):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _SHRINKING:
                yield name


def _filled_from_within(function: _Function) -> set[str]:
    """Names that a function fills and does not make."""
    filled, made = set(), set(_parameters(function.args))
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr=attr)) if attr in _FILLING:
                filled.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                made.add(name)
    return filled - made
