"""The tenant's own words: what a question may name besides the words of the language.

`vocabulary.parquet` stands beside the database of a snapshot: one row for each way to name a thing, sorted by the
name's key, so that a question of a tenant of 100,000 people is looked up by bisection and nothing is scanned.

Columns: `key` (see `name_key`), `kind` (`WordKind`), `name` (as the tenant writes it), `id` (of the thing; for a
value the value itself; for an attribute its column) and `detail`:

======================  ==========================================================
kind                    detail
======================  ==========================================================
person, person_part     the login, which tells people of one name apart
group                   the group's type
application             the application's status
role                    the role's type
device, policy, zone    status, type, type
value                   the User column that holds it (`department`, a custom one)
attribute               the column's type, for a custom attribute of the tenant
======================  ==========================================================
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

import polars as pl

from holdfast.errors import SnapshotDamaged
from holdfast.graph.schema import BASE_SCHEMA, ColumnType, GraphSchema


class WordKind(StrEnum):
    """What a name of the tenant stands for."""

    PERSON = "person"
    # A first or last name, or a login without its domain: names a person only where it fits one.
    PERSON_PART = "person_part"
    GROUP = "group"
    APPLICATION = "application"
    ROLE = "role"
    DEVICE = "device"
    POLICY = "policy"
    ZONE = "zone"
    VALUE = "value"
    ATTRIBUTE = "attribute"


@dataclass(frozen=True)
class TenantWord:
    """One meaning of a name."""

    kind: WordKind
    name: str
    id: str
    detail: str


# Columns of User whose values are words of the tenant, however many there are.
_VALUE_COLUMNS: Final = (
    "department",
    "division",
    "organization",
    "cost_center",
    "title",
    "user_type",
    "city",
    "state",
    "country_code",
)
# A custom attribute with more values than this is free text or a number, not a set of words.
_MOST_CUSTOM_VALUES: Final = 200

# A word; the possessive ending; or one symbol such as an emoji. ASCII punctuation separates and is dropped.
_TOKEN: Final = re.compile(r"\d{4}-\d{2}-\d{2}|'s(?!\w)|\w+|[^\w\s!-/:-@\[-`{-~]")
_SAME_QUOTES: Final = str.maketrans({"’": "'", "‘": "'", "ʼ": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})


# Letters with a stroke have no decomposition: Sørensen is typed Sorensen.
_STROKES: Final = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ħ": "h", "æ": "ae", "œ": "oe", "ı": "i", "ð": "d", "þ": "th"}
)


def folded(text: str) -> str:
    """`text` without case and accents, and with plain quotes. The length may change."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.translate(_SAME_QUOTES).casefold()).translate(_STROKES)
    return "".join(c for c in plain if not unicodedata.combining(c) and c != "\ufe0f")


def name_key(name: str) -> str:
    """What names are compared by: folded words with one space between. `Eng-Platform` → `eng platform`."""
    plain = folded(name)
    return " ".join(_TOKEN.findall(plain)) or plain.strip()


def write_vocabulary(tables: Path, schema: GraphSchema, to: Path) -> None:
    """Write the words of the tables in `tables` (`<label>.parquet`; a missing one is empty) to the file `to`."""
    parts = [_attributes(schema), *_people(tables, schema), *_named_things(tables)]
    words = pl.concat(parts).filter(pl.col("name").str.strip_chars() != "").unique()
    names = words.get_column("name").unique()
    keys = pl.DataFrame({"name": names, "key": [name_key(name) for name in names.to_list()]}, schema=_KEYS)
    words.join(keys, on="name").sort("key", "kind", "name", "id").select(*_COLUMNS).write_parquet(to)


_WORDS: Final = {"kind": pl.String, "name": pl.String, "id": pl.String, "detail": pl.String}
_KEYS: Final = {"name": pl.String, "key": pl.String}
_COLUMNS: Final = ("key", *_WORDS)
# Label → the kind of word its names are, the column of the name, the column of the detail.
_NAMED: Final = {
    "Group": (WordKind.GROUP, "name", "type"),
    "Application": (WordKind.APPLICATION, "label", "status"),
    "Role": (WordKind.ROLE, "label", "type"),
    "Device": (WordKind.DEVICE, "name", "status"),
    "Policy": (WordKind.POLICY, "name", "type"),
    "NetworkZone": (WordKind.ZONE, "name", "type"),
}


def _words(table: pl.DataFrame, kind: WordKind, name: pl.Expr, detail: pl.Expr) -> pl.DataFrame:
    found = table.select(
        pl.lit(kind.value).alias("kind"), name.alias("name"), pl.col("id"), detail.fill_null("").alias("detail")
    )
    return found.drop_nulls("name").cast(pl.Schema(_WORDS))


def _table(tables: Path, label: str) -> pl.DataFrame | None:
    file = tables / f"{label}.parquet"
    return pl.read_parquet(file) if file.exists() else None


def _people(tables: Path, schema: GraphSchema) -> list[pl.DataFrame]:
    table = _table(tables, "User")
    if table is None:
        return []
    login = pl.col("login")
    whole = (pl.col("display_name"), pl.col("first_name") + " " + pl.col("last_name"), login, pl.col("email"))
    parts = (pl.col("first_name"), pl.col("last_name"), login.str.split("@").list.first())
    return [
        *(_words(table, WordKind.PERSON, name, login) for name in (*whole, pl.col("id"))),
        *(_words(table, WordKind.PERSON_PART, name, login) for name in parts),
        *_values(table, schema),
    ]


def _values(table: pl.DataFrame, schema: GraphSchema) -> list[pl.DataFrame]:
    found = []
    for column, kind in _text_attributes(schema).items():
        values = table.get_column(column).drop_nulls()
        if kind is ColumnType.STRING_LIST:
            values = values.explode().drop_nulls()
        values = values.unique()
        if column in _VALUE_COLUMNS or len(values) <= _MOST_CUSTOM_VALUES:
            frame = pl.DataFrame({"id": values})
            found.append(_words(frame, WordKind.VALUE, pl.col("id"), pl.lit(column)))
    return found


def _text_attributes(schema: GraphSchema) -> dict[str, ColumnType]:
    text = (ColumnType.STRING, ColumnType.STRING_LIST)
    custom = {column: kind for column, kind in _custom_attributes(schema).items() if kind in text}
    return {**dict.fromkeys(_VALUE_COLUMNS, ColumnType.STRING), **custom}


def _custom_attributes(schema: GraphSchema) -> dict[str, ColumnType]:
    known = BASE_SCHEMA.node("User").columns
    return {column: kind for column, kind in schema.node("User").columns.items() if column not in known}


def _attributes(schema: GraphSchema) -> pl.DataFrame:
    custom = _custom_attributes(schema)
    return pl.DataFrame(
        {
            "kind": [WordKind.ATTRIBUTE.value] * len(custom),
            "name": [column.removeprefix("custom_").replace("_", " ") for column in custom],
            "id": list(custom),
            "detail": [kind.value for kind in custom.values()],
        },
        schema=_WORDS,
    )


def _named_things(tables: Path) -> list[pl.DataFrame]:
    found = []
    for label, (kind, name, detail) in _NAMED.items():
        table = _table(tables, label)
        if table is not None:
            found += [_words(table, kind, pl.col(column), pl.col(detail)) for column in (name, "id")]
    return found


class Vocabulary:
    """The words of one snapshot, in memory. Reading is safe from any thread; nothing changes after `load`."""

    def __init__(self, words: pl.DataFrame) -> None:
        self._words = words.select(*_WORDS)
        self._keys: list[str] = words.get_column("key").to_list()

    @classmethod
    def load(cls, file: Path) -> Vocabulary:
        """The words in `file`, as `write_vocabulary` left them. Raises SnapshotDamaged."""
        try:
            return cls(pl.read_parquet(file))
        except (OSError, pl.exceptions.PolarsError) as error:
            name = file.parent.name.removeprefix("snap-")
            raise SnapshotDamaged(
                f"The words of snapshot {name} cannot be read ({error}). Run `holdfast sync` to replace it."
            ) from error

    def __len__(self) -> int:
        return len(self._keys)

    def named(self, key: str, limit: int = 50) -> tuple[TenantWord, ...]:
        """Up to `limit` things whose name has that key, people in parts last."""
        start = bisect_left(self._keys, key)
        end = start
        while end < len(self._keys) and end - start < limit and self._keys[end] == key:
            end += 1
        return self._read(start, end)

    def beginning_with(self, key: str, limit: int = 5) -> tuple[TenantWord, ...]:
        """Up to `limit` things whose key begins with `key`: what somebody may have meant."""
        start = bisect_left(self._keys, key)
        end = start
        while end < len(self._keys) and end - start < limit and self._keys[end].startswith(key):
            end += 1
        return self._read(start, end)

    def continues(self, key: str) -> bool:
        """Whether a name goes on after the words of `key`; where not, no longer name need be tried."""
        longer = f"{key} "
        place = bisect_left(self._keys, longer)
        return place < len(self._keys) and self._keys[place].startswith(longer)

    def of_kind(self, kind: WordKind) -> tuple[TenantWord, ...]:
        """Every word of a kind; meant for kinds of which there are few."""
        rows = self._words.filter(pl.col("kind") == kind.value).rows()
        return tuple(TenantWord(WordKind(k), name, id_, detail) for k, name, id_, detail in rows)

    def _read(self, start: int, end: int) -> tuple[TenantWord, ...]:
        if start == end:
            return ()
        rows = self._words.slice(start, end - start).rows()
        return tuple(TenantWord(WordKind(k), name, id_, detail) for k, name, id_, detail in rows)
