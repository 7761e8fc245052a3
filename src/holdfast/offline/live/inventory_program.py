"""The program that lists a family, or counts it."""

from __future__ import annotations

from holdfast.contracts import PromisedColumn
from holdfast.errors import ProgramRefused
from holdfast.offline.doubt import FITS, UNKNOWN, UNKNOWN_COUNT, YES
from holdfast.offline.live.composing import Composed, Script, Step, literal, promised
from holdfast.offline.live.conditions import Expressions, columns_of
from holdfast.offline.live.families import Family, FamilyColumn, families, id_column
from holdfast.offline.live.rows import field_of, with_reason, write_row_of
from holdfast.offline.live.shapes import Inventory
from holdfast.offline.live.things import family_called
from holdfast.offline.meaning import AllOf, Condition, Named


def inventory_program(meaning: Inventory, step: Step) -> Composed:
    """Raises ProgramRefused for a family, or a column, that there is not."""
    family = families().get(meaning.family) or family_called(meaning.family)
    if family is None:
        raise ProgramRefused([f"There is no family called {meaning.family!r}."])
    return _Inventory(family, meaning, step).composed()


class _Inventory:
    """One program as it is written."""

    def __init__(self, family: Family, meaning: Inventory, step: Step) -> None:
        self._family = family
        self._meaning = meaning
        self._step = step
        self._script = Script(f"{step.request.step.query_context}.")
        self._id = id_column(meaning.family, family)
        self._columns = _needed(family, meaning, step)
        told = [c.name for c in self._columns if c.person or (family.of and not c.field.startswith("parent."))]
        self._expressions = Expressions(
            self._script,
            self._id,
            lists=[c.said for c in self._columns if c.kind == "list"],
            doubtful=told,
            names={c.said: c.name for c in self._columns},
        )
        where = meaning.where
        self._doubts = where is not None and self._expressions.hangs_on_doubt(where)
        self._reads_people = any(column.person for column in self._columns)
        self._may_be_unread = bool(family.of) or self._reads_people

    def composed(self) -> Composed:
        self._row_of()
        if self._family.of:
            self._read_each(families()[self._family.of])
        else:
            self._read_list()
        own, of_people = self._parts()
        self._keep(own, [self._whose_test(whose.column, whose.who) for whose in self._meaning.whose])
        if self._reads_people:
            self._read_people()
        self._keep(of_people, [])
        self._mark()
        promise = self._counted() if self._meaning.counted else self._listed()
        calls = None if self._family.of or self._reads_people or not self._family.single else 1
        said = f"Reads the {self._family.many} and keeps those that are asked for."
        return self._script.composed(promise, said, calls)

    def _parts(self) -> tuple[list[Condition], list[Condition]]:
        """What is said of the things themselves, and what can be told only when their people were read."""
        where = self._meaning.where
        parts = list(where.conditions) if isinstance(where, AllOf) else [where] if where is not None else []
        people = {column.said for column in self._columns if column.person}
        own = [part for part in parts if not people & set(columns_of(part))]
        return own, [part for part in parts if part not in own]

    def _row_of(self) -> None:
        fields = {self._id: self._family.id}
        for column in self._columns:
            if column.person == "login":
                fields[column.id_column] = column.field
            elif column.person is None:
                fields[column.name] = column.field
        parameters = ("record", "parent") if self._family.of else ("record",)
        write_row_of(self._script, fields, parameters, more='"unread": None' if self._may_be_unread else "")

    def _at(self, field: str, record: str = "record") -> str:
        return field_of(self._script, field, record)

    def _call(self, family: Family, *places: str) -> str:
        arguments = [*places, *(f"{name}={literal(value)}" for name, value in family.arguments.items())]
        return f"{self._script.call(family.reads)}({', '.join(arguments)})"

    def _read_list(self) -> None:
        found = f"await {self._call(self._family)}"
        if self._family.single:
            self._script.line(f"rows = [row_of({found})]")
            return
        self._script.line(f"records = {found}")
        self._script.line(f"rows = [row_of(record) for record in records{self._kept(self._family, 'record')}]")

    def _kept(self, family: Family, variable: str) -> str:
        tests = [f"{self._at(field, variable)} == {literal(value)}" for field, value in family.keep.items()]
        return f" if {' and '.join(tests)}" if tests else ""

    def _read_each(self, owner: Family) -> None:
        script = self._script
        script.include("import asyncio")
        if self._meaning.parent is not None:
            script.comment("Which one is meant is known from the snapshot.")
            script.line(f"parents = {_named_parents(owner, self._meaning.parent)}")
        else:
            script.line(f"listed = await {self._call(owner)}")
            script.line(f"parents = [parent for parent in listed{self._kept(owner, 'parent')}]")
        script.line("finished: list[Any] = []", "", "")
        with script.block("async def read_of(parent: Any) -> list[dict[str, Any]]:"):
            script.line(f"found, reason = await attempt({self._call(self._family, self._at(owner.id, 'parent'))})")
            script.line("finished.append(parent)", "await progress(len(finished), len(parents))")
            with script.block("if found is None:"):
                script.comment("Unknown is not none: the reason stands in the row.")
                script.line('return [row_of({}, parent) | {"unread": reason}]')
            records = "[found]" if self._family.reads.startswith("get_") else "found"
            script.line(f"return [row_of(record, parent) for record in {records}]")
        script.line("", "")
        script.line("lists = await asyncio.gather(*[read_of(parent) for parent in parents])")
        script.line("rows = [row for rows in lists for row in rows]")

    def _read_people(self) -> None:
        script = self._script
        script.include("import asyncio")
        script.need("at")
        columns = [column for column in self._columns if column.person == "login"]
        ids = " + ".join(f'[row["{column.id_column}"] for row in rows]' for column in columns)
        script.line("", "")
        script.comment("The tenant gives ids of people; who they are is read of each of them once.")
        script.line("people: dict[str, Any] = {}", "reasons: dict[str, str] = {}", "", "")
        with script.block("async def read_person(user_id: str) -> None:"):
            get = script.call("get_user")
            script.line(f'person, reason = await attempt({get}(user_id, fields=("status", "profile.login")))')
            script.line("people[user_id] = person")
            with script.block("if reason is not None:"):
                script.line("reasons[user_id] = reason")
        script.line("", "")
        script.line(f"ids = sorted({{user_id for user_id in {ids} if user_id}})")
        script.line("await asyncio.gather(*[read_person(user_id) for user_id in ids])")
        with script.block("for row in rows:"):
            for column in self._columns:
                if column.person:
                    person = f'people.get(row["{self._id_of(column)}"] or "")'
                    path = '"profile", "login"' if column.person == "login" else '"status"'
                    script.line(f'row["{column.name}"] = at({person}, {path})')
            for column in columns:
                script.line(f'row["unread"] = row["unread"] or reasons.get(row["{column.id_column}"] or "")')

    def _id_of(self, column: FamilyColumn) -> str:
        return next(c.id_column for c in self._columns if c.person == "login" and c.field == column.field)

    def _keep(self, conditions: list[Condition], tests: list[str]) -> None:
        said = [*tests, *(self._expressions.maybe(condition) for condition in conditions)]
        if said:
            together = " and ".join(f"({test})" if len(said) > 1 and " or " in test else test for test in said)
            self._script.line("", f"rows = [row for row in rows if {together}]")

    def _mark(self) -> None:
        if self._doubts and self._meaning.where is not None:
            with self._script.block("for row in rows:"):
                sure = self._expressions.surely(self._meaning.where)
                self._script.line(f'row["{FITS.name}"] = "{YES}" if {sure} else "{UNKNOWN}"')

    def _whose_test(self, name: str, who: Named) -> str:
        column = self._family.by_name.get(name)
        if column is None or column.named_kind is None:
            raise ProgramRefused([f"{self._family.many} have no column {name!r} that names a thing."])
        value = f'row["{column.id_column}"]'
        if column.kind == "list":
            return f"any([one in ({value} or []) for one in {literal(who.ids)}])"
        return f"{value} in {literal(who.ids)}"

    def _named(self, said: str) -> str:
        """The name in the rows of what the meaning calls so."""
        column = self._family.by_name.get(said)
        if column is None:
            raise ProgramRefused([f"{self._family.many} have no column {said!r}."])
        return column.name

    def _listed(self) -> tuple[PromisedColumn, ...]:
        script, meaning = self._script, self._meaning
        for key in reversed(meaning.order):
            script.need("ordered")
            reverse = ", descending=True" if key.descending else ""
            script.line(f"rows = ordered(rows, {literal(self._named(key.column))}{reverse})")
        shown = promised(self._step.shown.columns, [self._id])
        limit = f"[:{meaning.limit}]" if meaning.limit else ""
        promise = with_reason(shown) if self._may_be_unread else shown
        kept = [column.name for column in promise]
        script.line("", f"columns = {literal(kept)}")
        script.line(f"result = [{{name: row[name] for name in columns}} for row in rows{limit}]")
        return promise

    def _counted(self) -> tuple[PromisedColumn, ...]:
        script, by = self._script, self._meaning.by
        number = self._step.shown.columns[-1].name if not self._doubts else self._step.shown.columns[-2].name
        script.line("")
        if self._family.of:
            script.comment("What could not be read is no thing of its own.")
            script.line(f'rows = [row for row in rows if row["{self._id}"] is not None]')
        if by is None:
            script.line(self._total(number))
            return promised(self._step.shown.columns)
        column, by = self._family.by_name[by], self._named(by)
        each = f"for row in rows for value in row[{literal(by)}] or []" if column.kind == "list" else "for row in rows"
        value = "value" if column.kind == "list" else f"row[{literal(by)}]"
        if column.person:
            script.comment("Unknown is not nobody.")
            value = f'"{UNKNOWN}" if {value} is None and row["unread"] else {value}'
        script.line(f"pairs = [({value}, row) {each}]", "counts: dict[Any, list[int]] = {}")
        with script.block("for value, row in pairs:"):
            script.line("numbers = counts.setdefault(value, [0, 0])")
            place = f'0 if row["{FITS.name}"] == "{YES}" else 1' if self._doubts else "0"
            script.line(f"numbers[{place}] += 1")
        unknown = f', "{UNKNOWN_COUNT.name}": numbers[1]' if self._doubts else ""
        row = f'{{{literal(by)}: value, "{number}": numbers[0]{unknown}}}'
        script.line(f"result = [{row} for value, numbers in counts.items()]")
        # Each value of a list is counted by itself.
        single = {"kind": "text"} if column.kind == "list" else {}
        shown = promised(self._step.shown.columns)
        return tuple(c.model_copy(update=single) if c.name == by else c for c in shown)

    def _total(self, number: str) -> str:
        if not self._doubts:
            return f'result = [{{"{number}": len(rows)}}]'
        sure = f'len([row for row in rows if row["{FITS.name}"] == "{YES}"])'
        return f'result = [{{"{number}": {sure}, "{UNKNOWN_COUNT.name}": len(rows) - {sure}}}]'


def _needed(family: Family, meaning: Inventory, step: Step) -> list[FamilyColumn]:
    """The columns that are shown, and those that something is said of; of a person, what comes with it."""
    names = {column.name for column in step.shown.columns}
    said = {*(columns_of(meaning.where) if meaning.where else ()), *(key.column for key in meaning.order)}
    said |= {whose.column for whose in meaning.whose} | ({meaning.by} if meaning.by else set())
    fields = {c.field for c in family.columns if c.person and (c.name in names or c.said in said)}
    wanted = [c for c in family.columns if c.name in names or c.said in said or (c.person and c.field in fields)]
    if strange := said - {column.said for column in wanted}:
        raise ProgramRefused([f"{family.many} have no column {', '.join(sorted(strange))}."])
    return wanted


def _named_parents(owner: Family, named: Named) -> str:
    """The records of things known by their ids, as far as their rows need them."""
    names = named.names if len(named.names) == len(named.ids) else [named.names[0]] * len(named.ids)
    return "[" + ", ".join(_record(owner, thing, name) for thing, name in zip(named.ids, names, strict=True)) + "]"


def _record(owner: Family, thing: str, name: str) -> str:
    nested = literal(name)
    for part in reversed((owner.label or "name").split(".")):
        nested = f"{{{literal(part)}: {nested}}}"
    return f'{{"id": {literal(thing)}, **{nested}}}'
