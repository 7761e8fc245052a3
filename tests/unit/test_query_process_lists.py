"""Columns of lists of which none holds anything: the engine leaves their items' buffers unwritten."""

from __future__ import annotations

from io import BytesIO

import polars as pl
import pyarrow as pa

from holdfast.disposable.inside import write_stream
from holdfast.graph.query_process import with_sound_lists


def test_a_column_of_lists_that_hold_nothing_is_read_back() -> None:
    unwritten = pa.Array.from_buffers(pa.string(), 0, [None, pa.py_buffer(b"\x10\x20\x30\x40"), pa.py_buffer(b"")])
    offsets, there = pa.py_buffer(bytes(16)), pa.py_buffer(b"\x02")
    lists = pa.ListArray.from_buffers(pa.list_(pa.string()), 3, [there, offsets], children=[unwritten])
    stream = BytesIO()
    write_stream(with_sound_lists(pa.table({"id": ["a", "b", "c"], "names": lists})), stream)
    assert pl.read_ipc_stream(stream.getvalue())["names"].to_list() == [None, [], None]
