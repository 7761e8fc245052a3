"""An answer as a file: csv, parquet, xlsx or json."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from shutil import copyfileobj
from tempfile import TemporaryDirectory
from types import MappingProxyType

import orjson
import polars as pl
from pydantic import JsonValue

from holdfast.answer import Header
from holdfast.atomic_files import is_storage_full, replacing
from holdfast.columns import column
from holdfast.errors import ExportRefused, StorageFull
from holdfast.presentation.cells import as_one_text
from holdfast.records import json_ready, json_records
from holdfast.xlsx import write_xlsx

# Records that stand in memory at a time while a file is written row by row.
_BATCH = 20_000
# A spreadsheet takes text that begins so for a formula, which could send the other cells elsewhere.
_FORMULA = r"^[=+\-@\t\r\n＝＋－＠]"


def export(rows: pl.LazyFrame | pl.DataFrame, headers: Sequence[Header], file_format: str, to: Path) -> None:
    """Write the shown columns of `rows` to the file `to`; a file that stood there is replaced whole or not at all.

    csv and xlsx are for people: the headings are their first row, lists are text, and text that a spreadsheet would
    take for a formula gets an apostrophe before it (numbers stay numbers). parquet and json are for programs: they
    carry the columns' own names, and lists as lists. Raises ExportRefused (unknown format, no such folder, too much
    for the format), StorageFull.
    """
    writer = _WRITERS.get(file_format)
    if writer is None:
        raise ExportRefused(f"There is no export to {file_format!r}. Choose one of {', '.join(FORMATS)}.")
    if not to.parent.is_dir():
        raise ExportRefused(f"There is no folder {to.parent}. Make it, or choose another.")
    if to.is_dir():
        raise ExportRefused(f"{to} is a folder. Name a file in it.")
    try:
        with _place(to) as temporary:
            writer(_shown(rows, headers), headers, temporary)
    except PermissionError as error:
        raise ExportRefused(f"{to} cannot be written: {error.strerror}. Choose another folder.") from error


@contextmanager
def _place(to: Path) -> Iterator[Path]:
    """Where to write what shall be at `to`: a file is replaced whole, a pipe or a device gets the bytes and stays."""
    if not to.exists() or (to.is_file() and Path("/dev") not in to.parents):
        # The file that a link leads to is meant, not the link.
        with replacing(to.resolve()) as temporary:
            yield temporary
        return
    with TemporaryDirectory(prefix="holdfast-") as folder:
        written = Path(folder) / "export"
        yield written
        try:
            with written.open("rb") as source, to.open("wb") as sink:
                copyfileobj(source, sink)
        except OSError as error:
            if is_storage_full(error):
                raise StorageFull(f"There is no space left in {to}. Choose another place.") from error
            raise


def content(rows: pl.LazyFrame | pl.DataFrame, headers: Sequence[Header]) -> list[dict[str, JsonValue]]:
    """The shown columns as JSON-able records keyed by `Header.value`: ISO datetimes with `Z`, lists as lists."""
    return json_records(_shown(rows, headers).collect(engine="streaming"))


def _shown(rows: pl.LazyFrame | pl.DataFrame, headers: Sequence[Header]) -> pl.LazyFrame:
    return rows.lazy().select(column(header.value) for header in headers)


def _write_parquet(rows: pl.LazyFrame, headers: Sequence[Header], to: Path) -> None:
    rows.sink_parquet(to, compression="zstd", engine="streaming")


def _write_csv(rows: pl.LazyFrame, headers: Sequence[Header], to: Path) -> None:
    with to.open("wb") as file:
        file.write(csv_heading(headers))
        _readable(rows).sink_csv(file, engine="streaming", include_header=False)


def _readable(rows: pl.LazyFrame) -> pl.LazyFrame:
    return _harmless(json_ready(_flat(rows)))


def csv_heading(headers: Sequence[Header]) -> bytes:
    """The first line of a csv file."""
    texts = {str(place): [text] for place, text in enumerate(_texts(headers))}
    return pl.DataFrame(texts).write_csv(include_header=False).encode()


def csv_lines(rows: pl.DataFrame) -> bytes:
    """Rows of the shown columns as lines of a csv file."""
    written = BytesIO()
    _readable(rows.lazy()).collect().write_csv(written, include_header=False)
    return written.getvalue()


def json_lines(rows: pl.DataFrame, *, is_first: bool) -> bytes:
    """Rows of the shown columns, at least one, as they stand in a json file between JSON_START and JSON_END."""
    return (b"\n" if is_first else b",\n") + b",\n".join(orjson.dumps(record) for record in json_records(rows))


JSON_START, JSON_END = b"[", b"\n]\n"


def _write_xlsx(rows: pl.LazyFrame, headers: Sequence[Header], to: Path) -> None:
    write_xlsx(_harmless(_flat(rows)), _texts(headers), to)


def _write_json(rows: pl.LazyFrame, headers: Sequence[Header], to: Path) -> None:
    with to.open("wb") as file:
        file.write(JSON_START)
        for frame in rows.collect_batches(chunk_size=_BATCH, maintain_order=True, engine="streaming"):
            if frame.height:
                file.write(json_lines(frame, is_first=file.tell() == len(JSON_START)))
        file.write(JSON_END)


def _flat(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Every cell one value: lists as text in the order they have, nested values as JSON."""
    return rows.with_columns(
        as_one_text(column(name), dtype).alias(name)
        for name, dtype in rows.collect_schema().items()
        if dtype.is_nested()
    )


def _harmless(rows: pl.LazyFrame) -> pl.LazyFrame:
    """The same rows without text that a spreadsheet would run."""
    names = [name for name, dtype in rows.collect_schema().items() if dtype == pl.String]
    return rows.with_columns(_harmless_text(column(name)).alias(name) for name in names)


def _harmless_text(text: pl.Expr) -> pl.Expr:
    return pl.when(text.str.contains(_FORMULA)).then(pl.concat_str(pl.lit("'"), text)).otherwise(text)


def _texts(headers: Sequence[Header]) -> list[str]:
    frame = pl.DataFrame({"text": [header.text for header in headers]}, schema={"text": pl.String})
    return _harmless(frame.lazy()).collect()["text"].to_list()


_WRITERS: Mapping[str, Callable[[pl.LazyFrame, Sequence[Header], Path], None]] = MappingProxyType(
    {"csv": _write_csv, "parquet": _write_parquet, "xlsx": _write_xlsx, "json": _write_json}
)

FORMATS = tuple(_WRITERS)
