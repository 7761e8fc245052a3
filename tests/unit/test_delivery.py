"""How the rows of an answer reach a viewer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.answer import Answer, Effort, FormattedAnswer, Header, Outcome
from holdfast.artifacts import ArtifactStore
from holdfast.events import BATCH_ROWS, AnyDelivered, FinalResult
from starter.delivery import Ending
from starter.streams import FINAL_RESULT, Frame

NOON = datetime(2026, 11, 21, 12, 0, 0, 123456, tzinfo=UTC)
PLACE = 7
COUNTS = st.sampled_from([0, 1, BATCH_ROWS - 1, BATCH_ROWS, BATCH_ROWS + 1, 3 * BATCH_ROWS, 3 * BATCH_ROWS + 17])


def _ending(folder: Path, count: int | None) -> Ending:
    """The end of a question whose stream's last event has offset PLACE; None: it answers in words."""
    store = ArtifactStore(folder)
    formatted = None
    if count is not None:
        frame = pl.DataFrame(
            {
                "id": [f"u{n}" for n in range(count)],
                "seen": [NOON + timedelta(days=n) for n in range(count)],
                "groups": [["a", "b"]] * count,
                "secret": ["not shown"] * count,
            },
            schema={
                "id": pl.String,
                "seen": pl.Datetime("us", "UTC"),
                "groups": pl.List(pl.String),
                "secret": pl.String,
            },
        )
        formatted = FormattedAnswer(
            display_type="table",
            headers=tuple(Header(text=name.title(), value=name) for name in ("id", "seen", "groups")),
            rows=store.write("q-1/answer", frame),
            summary="",
            total_items=count,
            processing_method="script",
            effort=Effort(seconds=0, peak_memory_bytes=0),
        )
    answer = Answer(
        correlation_id="q-1",
        question="Who?",
        outcome=Outcome.ANSWERED,
        formatted=formatted,
        started=NOON,
        finished=NOON,
    )
    event = FinalResult(at=NOON, answer=answer)
    return Ending(Frame(PLACE, FINAL_RESULT, event.model_dump_json().encode()), store)


async def _frames(ending: Ending, start: int, *, with_rows: bool = True) -> list[Frame]:
    return [frame async for frame in ending.frames(start, with_rows=with_rows)]


@settings(max_examples=30)
@given(COUNTS, st.integers(0, PLACE + 8), st.booleans())
async def test_whoever_joins_at_an_offset_gets_exactly_the_tail(count: int, start: int, with_rows: bool) -> None:
    with TemporaryDirectory() as folder:
        everything = await _frames(_ending(Path(folder), count), 0, with_rows=with_rows)
        # Another gateway knows nothing of the first one and tells the same.
        tail = await _frames(_ending(Path(folder), count), start, with_rows=with_rows)
    assert tail == [frame for frame in everything if frame.offset >= start]


@settings(max_examples=10)
@given(COUNTS)
async def test_offsets_are_without_a_gap_and_every_row_comes_once_and_in_order(count: int) -> None:
    with TemporaryDirectory() as folder:
        frames = await _frames(_ending(Path(folder), count), 0)
    assert [frame.offset for frame in frames] == list(range(PLACE, PLACE + len(frames)))
    events = [orjson.loads(frame.data) for frame in frames]
    rows = [row for event in events for row in event.get("rows") or ()]
    assert [row["id"] for row in rows] == [f"u{n}" for n in range(count)]
    assert all(len(event["rows"]) <= BATCH_ROWS for event in events if event["type"] == "BATCH")
    assert (len(frames) == 1) == (count < BATCH_ROWS)
    for event in events:
        AnyDelivered.model_validate(event)


async def test_rows_hold_the_shown_columns_as_every_export_to_programs_does(tmp_path: Path) -> None:
    for count in (1, BATCH_ROWS):
        frames = await _frames(_ending(tmp_path, count), 0)
        rows = [row for frame in frames for row in orjson.loads(frame.data).get("rows") or ()]
        assert rows[0] == {"id": "u0", "seen": "2026-11-21T12:00:00.123456Z", "groups": ["a", "b"]}


async def test_a_viewer_that_wants_no_rows_gets_the_end_at_the_same_offset(tmp_path: Path) -> None:
    for count in (0, BATCH_ROWS - 1, 2 * BATCH_ROWS):
        ending = _ending(tmp_path, count)
        [bare] = await _frames(ending, 0, with_rows=False)
        assert bare.offset == (await _frames(ending, 0))[-1].offset
        assert orjson.loads(bare.data)["rows"] is None


async def test_an_answer_in_words_is_one_event(tmp_path: Path) -> None:
    [final] = await _frames(_ending(tmp_path, None), 0)
    assert (final.offset, orjson.loads(final.data)["rows"]) == (PLACE, None)


async def test_rows_that_go_away_between_two_batches_are_said_to_be_missing(tmp_path: Path) -> None:
    frames = _ending(tmp_path, 5 * BATCH_ROWS).frames(0, with_rows=True)
    seen = [await anext(frames), await anext(frames)]
    (tmp_path / "q-1" / "answer.parquet").unlink()
    rest = [frame async for frame in frames]
    assert [frame.type for frame in (*seen, *rest)] == ["METADATA", "BATCH", "FINAL-RESULT"]
    assert rest[0].offset == PLACE + 6
    assert "were removed" in orjson.loads(rest[0].data)["rows_missing"]
