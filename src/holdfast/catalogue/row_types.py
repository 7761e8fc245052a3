"""Python types for the rows of endpoints, in two forms.

Writers read TypedDicts. The type checker is given dictionaries with a `get` of their own, since it takes a TypedDict's
`row.get("wrong")` for None instead of a mistake, and refuses a row where a function asks for a dictionary.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator

from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.shapes import FieldType, Shape

_PLAIN = {"text": "str", "moment": "str", "whole": "int", "number": "float", "flag": "bool", "any": "Any"}
_RECORD = "dict[str, Any]"
_DEPTH = 3
# Of the documented values or attributes, as many as fit one line of a comment.
_COMMENT_CHARACTERS = 120


class RowTypes:
    """The types of some rows, and of what nests in them as far as there is room. The rows' own are always there."""

    def __init__(self, catalogue: Catalogue, rows: Iterable[FieldType], room: int) -> None:
        """`room` in characters of declarations."""
        self._catalogue = catalogue
        # In the order in which they were met: rows first.
        self._declared: dict[str, Shape] = {}
        self._take(list(rows), level=1, room=room)

    def _take(self, kinds: list[FieldType], *, level: int, room: int) -> None:
        nested: list[FieldType] = []
        for kind in kinds:
            shape = self._closed_shape(kind)
            if shape is None or shape.name in self._declared:
                continue
            self._declared[shape.name] = shape
            size = len(self._declaration(shape))
            if level > 1 and size > room:
                del self._declared[shape.name]
                continue
            room -= size
            nested += shape.fields.values()
        if nested and level < _DEPTH:
            self._take(nested, level=level + 1, room=room)

    def _closed_shape(self, kind: FieldType) -> Shape | None:
        """None where no TypedDict can say what there is."""
        name = kind.innermost_shape
        shape = self._catalogue.shape(name) if name else None
        return None if shape is None or shape.open or not shape.fields else shape

    @property
    def names(self) -> list[str]:
        """The names of the declared types, inner ones first."""
        return list(reversed(self._declared))

    def declarations(self) -> Iterator[str]:
        """The text of the TypedDicts, inner ones first."""
        return (self._declaration(self._declared[name]) for name in self.names)

    def checked_declarations(self) -> Iterator[str]:
        """The same types as the checker judges them best; `Literal`, `overload` and a `_Default` must be there."""
        return (self._checked_declaration(self._declared[name]) for name in self.names)

    def of(self, kind: FieldType) -> str:
        """The type of a row or of a field."""
        if kind.kind == "list":
            return f"list[{self.of(kind.items)}]" if kind.items else "list[Any]"
        if kind.kind == "record":
            return kind.shape if kind.shape in self._declared else _RECORD
        return _PLAIN[kind.kind]

    def _declaration(self, shape: Shape) -> str:
        lines = [(name, self.of(kind), self._comment(kind)) for name, kind in shape.fields.items()]
        if all(name.isidentifier() and not keyword.iskeyword(name) for name in shape.fields):
            fields = "\n".join(f"    {name}: {kind}{comment}" for name, kind, comment in lines)
            return f"class {shape.name}(TypedDict, total=False):\n{fields}\n"
        fields = "\n".join(f'    "{name}": {kind},{comment}' for name, kind, comment in lines)
        return f'{shape.name} = TypedDict("{shape.name}", {{\n{fields}\n}}, total=False)\n'

    def _checked_declaration(self, shape: Shape) -> str:
        keys: dict[str, list[str]] = {}
        for name, kind in shape.fields.items():
            keys.setdefault(self.of(kind), []).append(f'"{name}"')
        typed = [(f"_{shape.name}{number}", kind, names) for number, (kind, names) in enumerate(keys.items())]
        lines = [f"{alias} = Literal[{', '.join(names)}]" for alias, _, names in typed]
        lines.append(f"class {shape.name}(dict[str, Any]):")
        for alias, given, _ in typed:
            # The checker wants an overload to have another one beside it.
            lines += ["    @overload"] if len(typed) > 1 else []
            lines.append(f"    def __getitem__(self, key: {alias}) -> {given}: ...")
        for alias, given, _ in typed:
            lines += ["    @overload", f"    def get(self, key: {alias}, default: None = None) -> {given} | None: ..."]
            lines += ["    @overload", f"    def get(self, key: {alias}, default: _Default) -> {given} | _Default: ..."]
        return "\n".join(lines) + "\n"

    def _comment(self, kind: FieldType) -> str:
        inner = kind.items or kind
        if inner.values:
            return f"  # {_fitting(list(inner.values), ' | ')}"
        if inner.kind == "moment":
            return "  # moment"
        shape = self._catalogue.shape(inner.shape) if inner.shape else None
        if shape is None or shape.name in self._declared:
            return ""
        own = ["the tenant's own"] if shape.open else []
        return f"  # {_fitting([*own, *shape.fields], ', ')}"


def _fitting(words: list[str], between: str) -> str:
    text = between.join(words)
    while len(text) > _COMMENT_CHARACTERS and len(words) > 1:
        words = words[:-1]
        text = between.join([*words, "…"])
    return text
