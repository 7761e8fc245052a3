from pathlib import Path

import polars as pl
import pytest

from holdfast.errors import SnapshotDamaged
from holdfast.graph.schema import BASE_SCHEMA, ColumnType
from holdfast.graph.vocabulary import Vocabulary, WordKind, name_key, write_vocabulary

SCHEMA = BASE_SCHEMA.with_user_attributes({"hire_date": ColumnType.STRING, "skills": ColumnType.STRING_LIST})

POLARS: dict[ColumnType, type[pl.DataType] | pl.DataType] = {
    ColumnType.STRING: pl.String,
    ColumnType.BOOL: pl.Boolean,
    ColumnType.INT64: pl.Int64,
    ColumnType.DOUBLE: pl.Float64,
    ColumnType.TIMESTAMP: pl.Datetime("us"),
    ColumnType.STRING_LIST: pl.List(pl.String),
}


@pytest.fixture
def vocabulary(tmp_path: Path) -> Vocabulary:
    people = [
        {"id": "u1", "login": "dana@acme.example", "first_name": "Dana", "last_name": "O'Brien", "skills": ["Go", "C"]},
        {"id": "u2", "login": "zoe@acme.example", "first_name": "Zoë", "last_name": "Brûlé", "department": "Finance"},
    ]
    columns = {name: POLARS[kind] for name, kind in SCHEMA.node("User").columns.items()}
    pl.DataFrame(people, schema=columns, orient="row").write_parquet(tmp_path / "User.parquet")
    groups = [{"id": "g1", "name": "Finance", "type": "OKTA_GROUP"}, {"id": "g2", "name": "🚀", "type": "OKTA_GROUP"}]
    columns = {name: POLARS[kind] for name, kind in SCHEMA.node("Group").columns.items()}
    pl.DataFrame(groups, schema=columns, orient="row").write_parquet(tmp_path / "Group.parquet")
    write_vocabulary(tmp_path, SCHEMA, tmp_path / "vocabulary.parquet")
    return Vocabulary.load(tmp_path / "vocabulary.parquet")


def test_a_name_is_found_without_its_case_accents_and_punctuation(vocabulary: Vocabulary) -> None:
    assert [w.id for w in vocabulary.named(name_key("zoe BRULE"))] == ["u2"]
    assert [w.id for w in vocabulary.named(name_key("Dana O’Brien"))] == ["u1"]


def test_a_name_that_fits_two_things_gives_both(vocabulary: Vocabulary) -> None:
    assert {w.kind for w in vocabulary.named("finance")} == {WordKind.GROUP, WordKind.VALUE}


def test_a_name_of_one_emoji_is_a_name(vocabulary: Vocabulary) -> None:
    assert [w.id for w in vocabulary.named(name_key("🚀"))] == ["g2"]


def test_a_part_of_a_name_is_marked_as_one(vocabulary: Vocabulary) -> None:
    assert {w.kind for w in vocabulary.named("dana")} == {WordKind.PERSON_PART}
    assert vocabulary.continues("dana")
    assert not vocabulary.continues("dana o brien")


def test_custom_attributes_and_the_values_of_lists_are_words(vocabulary: Vocabulary) -> None:
    assert [(w.kind, w.id) for w in vocabulary.named("hire date")] == [(WordKind.ATTRIBUTE, "hire_date")]
    assert [(w.kind, w.id, w.detail) for w in vocabulary.named("go")] == [(WordKind.VALUE, "Go", "skills")]


def test_missing_tables_leave_only_the_words_of_the_schema(tmp_path: Path) -> None:
    write_vocabulary(tmp_path, SCHEMA, tmp_path / "vocabulary.parquet")
    words = Vocabulary.load(tmp_path / "vocabulary.parquet")
    assert len(words) == 2
    assert words.of_kind(WordKind.ATTRIBUTE)


@pytest.mark.parametrize("content", [None, b"", b"no parquet"])
def test_words_that_cannot_be_read_are_a_damaged_snapshot(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "snap-one" / "vocabulary.parquet"
    file.parent.mkdir()
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(SnapshotDamaged, match=r"words of snapshot one cannot be read .*Run `holdfast sync`"):
        Vocabulary.load(file)
