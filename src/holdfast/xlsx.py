"""Rows as an Excel workbook of one sheet, within Excel's limits or not at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from holdfast.columns import column
from holdfast.errors import ExportRefused

if TYPE_CHECKING:
    from typing_extensions import Buffer

# Excel's own limits: rows with the headings, columns, UTF-16 units in a cell, digits it keeps of a number, and the
# first day that it knows.
MAX_ROWS = 1_048_576
MAX_COLUMNS = 16_384
MAX_CELL = 32_767
_MAX_EXACT = 10**15
_FIRST_DAY = (1900, 3, 1)
# Rows that stand in memory at a time.
_BATCH = 20_000


def write_xlsx(rows: pl.LazyFrame, headings: Sequence[str], to: Path) -> None:
    """Write flat rows below their headings. Raises ExportRefused, which names the limit that they pass."""
    _refuse_what_does_not_fit(rows, headings)
    # Excel's format wants every part as a file of its own first: beside the result, where room was made for it.
    with TemporaryDirectory(dir=to.parent, prefix=f".{to.name}.") as parts, _File(to, "wb") as file:
        options = {"constant_memory": True, "tmpdir": parts, "use_zip64": True}
        book = xlsxwriter.Workbook(file, options)
        sheet = book.add_worksheet("Answer")
        heading = book.add_format({"bold": True})
        for place, text in enumerate(headings):
            sheet.write_string(0, place, text, heading)
        sheet.freeze_panes(1, 0)
        moment, day = (book.add_format({"num_format": f}) for f in ("yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"))
        _write_cells(sheet, rows, moment, day)
        book.close()
    if file.failure is not None:
        raise file.failure


class _File(FileIO):
    """A file that keeps the first failure for us: a zip file that met it would meet it again when it is collected."""

    failure: OSError | None = None

    def write(self, data: Buffer, /) -> int:
        left = memoryview(data)
        while left and self.failure is None:
            try:
                left = left[super().write(left) :]
            except OSError as error:
                self.failure = error
        return memoryview(data).nbytes


def _refuse_what_does_not_fit(rows: pl.LazyFrame, headings: Sequence[str]) -> None:
    if len(headings) > MAX_COLUMNS:
        raise ExportRefused(
            f"An xlsx sheet holds {MAX_COLUMNS:,} columns, the answer has {len(headings):,}. Export csv."
        )
    row_count = rows.select(pl.len()).collect(engine="streaming").item()
    if row_count >= MAX_ROWS:
        raise ExportRefused(
            f"An xlsx sheet holds {MAX_ROWS - 1:,} rows below its headings, the answer has {row_count:,}. Export csv."
        )
    texts = [name for name, dtype in rows.collect_schema().items() if dtype == pl.String]
    for name, heading in zip(rows.collect_schema().names(), headings, strict=True):
        if name in texts:
            _refuse_long_cells(rows.select(text=column(name)), heading)


def _refuse_long_cells(texts: pl.LazyFrame, heading: str) -> None:
    # A UTF-16 unit takes at least one byte of UTF-8, so shorter text always fits and only the rest is measured.
    doubtful = texts.with_row_index("row").filter(pl.col("text").str.len_bytes() > MAX_CELL)
    for row, text in doubtful.collect(engine="streaming").iter_rows():
        units = len(text.encode("utf-16-le")) // 2
        if units > MAX_CELL:
            raise ExportRefused(
                f"A cell of an xlsx sheet holds {MAX_CELL:,} characters; {heading!r} in row {row + 1:,} has {units:,}. "
                "Export csv."
            )


def _write_cells(sheet: Worksheet, rows: pl.LazyFrame, moment: Format, day: Format) -> None:
    def write_whole(row: int, place: int, value: int) -> None:
        if abs(value) < _MAX_EXACT:
            sheet.write_number(row, place, value)
        else:
            sheet.write_string(row, place, str(value))

    def write_time(row: int, place: int, value: date) -> None:
        if value.timetuple()[:3] < _FIRST_DAY:
            sheet.write_string(row, place, value.isoformat())
        else:
            sheet.write_datetime(row, place, value, moment if isinstance(value, datetime) else day)

    writers: dict[type, Callable[[int, int, Any], object]] = {
        str: sheet.write_string,
        bool: sheet.write_boolean,
        int: write_whole,
        float: sheet.write_number,
        datetime: write_time,
        date: write_time,
    }
    row = 0
    for frame in _plain(rows).collect_batches(chunk_size=_BATCH, maintain_order=True, engine="streaming"):
        for record in frame.iter_rows():
            row += 1
            for place, value in enumerate(record):
                if value is not None:
                    writers[type(value)](row, place, value)


def _plain(rows: pl.LazyFrame) -> pl.LazyFrame:
    """Cells of the types that a sheet has; times in UTC."""
    return rows.select(_plain_cell(column(name), dtype) for name, dtype in rows.collect_schema().items())


def _plain_cell(cell: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    if dtype.is_float():
        return pl.when(cell.is_finite()).then(cell)
    if isinstance(dtype, pl.Datetime) and dtype.time_zone is not None:
        return cell.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    if dtype.is_integer() or isinstance(dtype, pl.String | pl.Boolean | pl.Date | pl.Datetime):
        return cell
    return cell.cast(pl.String)
