"""What was answered is found again, whatever is killed, torn or asked in another order."""

from __future__ import annotations

import asyncio
import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.api_step import journal as journals
from holdfast.api_step.journal import Cost, Header, Kept, Slot, opened
from holdfast.api_step.journal_file import JournalFile
from holdfast.errors import StorageFull, TransientError

HEADER = Header("program", "prelude", "monty", datetime(2026, 11, 1, tzinfo=UTC), 1, ("list_users",))
COST = Cost("list_users", 1.0, 2.0, retries=1, received_bytes=10, waits=((1.0, 1.5),))

slots = st.builds(Slot, st.sampled_from(["a" * 32, "b" * 32, "c" * 32]), st.integers(1, 3), st.integers(0, 2))
answers = st.one_of(
    st.builds(
        Kept,
        st.binary(max_size=5_000),
        st.none() | st.text(max_size=20),
        ids=st.lists(st.text(max_size=8), max_size=5).map(tuple),
    ),
    st.builds(
        Kept,
        st.just(b""),
        refused=st.sampled_from(["forbidden", "not_found", "trouble"]),
        reason=st.text(max_size=30),
    ),
)


@contextmanager
def a_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name) / "journals" / "q" / "step"


async def kept_in(folder: Path, found: dict[Slot, Kept]) -> None:
    async with opened(folder, HEADER) as journal:
        await asyncio.gather(*(journal.keep(slot, answer, COST) for slot, answer in found.items()))


def journal_of(folder: Path) -> Path:
    (path,) = folder.glob("*.journal")
    return path


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.dictionaries(slots, answers, max_size=12), order=st.randoms(use_true_random=False))
def test_every_answer_is_found_again_in_whatever_order_it_is_asked_for(found: dict[Slot, Kept], order: object) -> None:
    async def story() -> None:
        with a_folder() as folder:
            await kept_in(folder, found)
            asked = sorted(found, key=lambda _: order.random())  # type: ignore[attr-defined]
            async with opened(folder, HEADER) as journal:
                assert [journal.find(slot) for slot in asked] == [found[slot] for slot in asked]
                assert journal.find(Slot("z" * 32, 1, 0)) is None
                assert list(journal.costs) == [COST] * len(found)

    asyncio.run(story())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.dictionaries(slots, answers, min_size=1, max_size=8), data=st.data())
def test_a_journal_that_is_cut_at_any_byte_keeps_what_was_whole_and_goes_on(
    found: dict[Slot, Kept], data: st.DataObject
) -> None:
    async def story() -> None:
        with a_folder() as folder:
            ends = await ends_of(folder, found)
            path = journal_of(folder)
            size = data.draw(st.integers(0, path.stat().st_size))
            os.truncate(path, size)
            whole = [slot for slot, end in ends.items() if end <= size]
            async with opened(folder, HEADER) as journal:
                assert [slot for slot in found if journal.find(slot) is not None] == whole
                for slot, answer in found.items():
                    if journal.find(slot) is None:
                        await journal.keep(slot, answer, COST)
            async with opened(folder, HEADER) as journal:
                assert {slot: journal.find(slot) for slot in found} == found

    asyncio.run(story())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(found=st.dictionaries(slots, answers, min_size=1, max_size=8), data=st.data())
def test_a_damaged_byte_is_never_believed(found: dict[Slot, Kept], data: st.DataObject) -> None:
    async def story() -> None:
        with a_folder() as folder:
            await kept_in(folder, found)
            path = journal_of(folder)
            content = bytearray(path.read_bytes())
            place = data.draw(st.integers(0, len(content) - 1))
            content[place] ^= data.draw(st.integers(1, 255))
            path.write_bytes(content)
            async with opened(folder, HEADER) as journal:
                assert all(journal.find(slot) in (None, answer) for slot, answer in found.items())

    asyncio.run(story())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(garbage=st.binary(min_size=1, max_size=200))
def test_garbage_at_the_end_is_cut_off(garbage: bytes) -> None:
    async def story() -> None:
        with a_folder() as folder:
            await kept_in(folder, {Slot("a" * 32, 1, 0): Kept(b"[]")})
            path = journal_of(folder)
            sound = path.read_bytes()
            path.write_bytes(sound + garbage)
            async with opened(folder, HEADER) as journal:
                assert len(journal) == 1
            assert path.read_bytes() == sound

    asyncio.run(story())


async def ends_of(folder: Path, found: dict[Slot, Kept]) -> dict[Slot, int]:
    """Where the record of each answer ends, which are written one after the other here."""
    ends: dict[Slot, int] = {}
    async with opened(folder, HEADER) as journal:
        for slot, answer in found.items():
            await journal.keep(slot, answer, COST)
            ends[slot] = journal_of(folder).stat().st_size
    return ends


async def test_an_answer_is_on_the_disk_before_anyone_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[int] = []
    real = os.fdatasync

    def watched(file: int) -> None:
        flushed.append(os.fstat(file).st_size)
        real(file)

    monkeypatch.setattr(os, "fdatasync", watched)
    async with opened(tmp_path / "q" / "s", HEADER) as journal:
        flushed.clear()
        await journal.keep(Slot("a" * 32, 1, 0), Kept(b"[1]"), COST)
        assert flushed == [journal_of(tmp_path / "q" / "s").stat().st_size]


async def test_answers_of_one_moment_share_one_flush(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushes: list[JournalFile] = []
    real = JournalFile.flush

    def watched(self: JournalFile) -> None:
        flushes.append(self)
        real(self)

    monkeypatch.setattr(JournalFile, "flush", watched)
    async with opened(tmp_path / "q" / "s", HEADER) as journal:
        await asyncio.gather(*(journal.keep(Slot("a" * 32, number, 0), Kept(b"[]"), COST) for number in range(1_000)))
    assert 1 < len(flushes) < 10


async def test_an_answer_outlives_a_process_that_is_killed_before_it_is_flushed(tmp_path: Path) -> None:
    folder = tmp_path / "q" / "s"
    async with opened(folder, HEADER) as journal:
        keeping = asyncio.create_task(journal.keep(Slot("a" * 32, 1, 0), Kept(b"[1]"), COST))
        await asyncio.sleep(0)
        content = journal_of(folder).read_bytes()
        await keeping
    assert journal_of(folder).read_bytes() == content


async def test_an_answer_whose_asker_was_cancelled_is_kept_all_the_same(tmp_path: Path) -> None:
    async with opened(tmp_path / "q" / "s", HEADER) as journal:
        keeping = asyncio.create_task(journal.keep(Slot("a" * 32, 1, 0), Kept(b"[]"), COST))
        await asyncio.sleep(0)
        keeping.cancel()
    async with opened(tmp_path / "q" / "s", HEADER) as journal:
        assert journal.find(Slot("a" * 32, 1, 0)) == Kept(b"[]")


async def test_what_was_forgotten_is_asked_again_and_its_call_still_counts(tmp_path: Path) -> None:
    slot = Slot("a" * 32, 1, 0)
    async with opened(tmp_path / "q" / "s", HEADER) as journal:
        await journal.keep(slot, Kept(b"", refused="trouble", reason="500"), COST)
        await journal.forget(slot)
        assert journal.find(slot) is None
    async with opened(tmp_path / "q" / "s", HEADER) as journal:
        assert journal.find(slot) is None
        assert len(journal.costs) == 1
        await journal.keep(slot, Kept(b"[]"), COST)
    async with opened(tmp_path / "q" / "s", HEADER) as journal:
        assert journal.find(slot) == Kept(b"[]")


async def test_another_program_begins_another_journal_and_says_so(tmp_path: Path) -> None:
    folder, slot = tmp_path / "q" / "s", Slot("a" * 32, 1, 0)
    other = Header("other program", "prelude", "monty", HEADER.now, 1, ("list_users",))
    async with opened(folder, HEADER) as journal:
        assert journal.note is None
        await journal.keep(slot, Kept(b"[]"), COST)
    async with opened(folder, other) as journal:
        assert journal.find(slot) is None
        assert journal.note is not None
        assert "another program" in journal.note
        note = journal.note
    async with opened(folder, other) as journal:
        assert journal.note == note
    async with opened(folder, HEADER) as journal:
        assert journal.find(slot) == Kept(b"[]")
        assert journal.note is None


@pytest.mark.parametrize(
    "change",
    [
        {"program": "x"},
        {"prelude": "x"},
        {"sandbox": "x"},
        {"now": datetime(2026, 11, 2, tzinfo=UTC)},
        {"seed": 2},
        {"endpoints": ("x",)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_whatever_a_program_depends_on_gives_its_journal_another_name(change: dict[str, object]) -> None:
    values = {name: getattr(HEADER, name) for name in Header.__dataclass_fields__}
    assert Header(**(values | change)).digest != HEADER.digest


async def test_one_attempt_at_a_time_has_the_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "q" / "s"
    async with opened(folder, HEADER):
        monkeypatch.setattr(journals, "_LOCK_WAIT_S", 0.2)
        with pytest.raises(TransientError, match="Another attempt at this step"):
            async with opened(folder, HEADER):
                pytest.fail("two attempts write the same journal")
        monkeypatch.setattr(journals, "_LOCK_WAIT_S", 60.0)
        waiting = asyncio.create_task(_opened_and_closed(folder))
        await asyncio.sleep(0.3)
        assert not waiting.done()
    await waiting


async def _opened_and_closed(folder: Path) -> None:
    async with opened(folder, HEADER):
        pass


async def test_a_full_disk_is_told_as_such_and_loses_nothing_that_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, slot = tmp_path / "q" / "s", Slot("a" * 32, 1, 0)
    async with opened(folder, HEADER) as journal:
        await journal.keep(slot, Kept(b"[]"), COST)
        real = os.pwrite

        def half_then_full(file: int, data: bytes, offset: int) -> int:
            real(file, bytes(data)[: len(data) // 2], offset)
            raise OSError(errno.ENOSPC, "No space left on device")

        with monkeypatch.context() as full:
            full.setattr(os, "pwrite", half_then_full)
            with pytest.raises(StorageFull, match="HOLDFAST_DATA_DIR"):
                await journal.keep(Slot("b" * 32, 1, 0), Kept(b"[1]"), COST)
        await journal.keep(Slot("c" * 32, 1, 0), Kept(b"[2]"), COST)
    async with opened(folder, HEADER) as journal:
        assert journal.find(slot) == Kept(b"[]")
        assert journal.find(Slot("b" * 32, 1, 0)) is None
        assert journal.find(Slot("c" * 32, 1, 0)) == Kept(b"[2]")


async def test_a_disk_that_is_full_is_noticed_before_anything_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, slot = tmp_path / "q" / "s", Slot("a" * 32, 1, 0)
    await kept_in(folder, {slot: Kept(b"[1]")})
    before = journal_of(folder).read_bytes()
    real = os.pwrite

    def almost_full(file: int, data: bytes, offset: int) -> int:
        if offset + len(data) > len(before) + 10_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(file, data, offset)

    with monkeypatch.context() as full:
        full.setattr(os, "pwrite", almost_full)
        with pytest.raises(StorageFull, match="HOLDFAST_DATA_DIR"):
            async with opened(folder, HEADER):
                pass
    assert journal_of(folder).read_bytes() == before
    async with opened(folder, HEADER) as journal:
        assert journal.find(slot) == Kept(b"[1]")
    assert journal_of(folder).read_bytes() == before


async def test_a_page_of_a_thousand_events_takes_less_than_a_fifth_of_its_size(tmp_path: Path) -> None:
    page = (
        b"[" + b",".join(b'{"uuid":"%d","eventType":"user.session.start"}' % number for number in range(1_000)) + b"]"
    )
    async with opened(tmp_path / "q" / "s", HEADER) as journal:
        await journal.keep(Slot("a" * 32, 1, 0), Kept(page), COST)
        assert journal.find(Slot("a" * 32, 1, 0)) == Kept(page)
    assert journal_of(tmp_path / "q" / "s").stat().st_size < len(page) / 5


async def test_answers_of_a_tenant_are_nobody_elses_to_read(tmp_path: Path) -> None:
    folder = tmp_path / "journals" / "q" / "s"
    await kept_in(folder, {Slot("a" * 32, 1, 0): Kept(b"[]")})
    for path in (folder, folder.parent, folder.parent.parent):
        assert path.stat().st_mode & 0o077 == 0
    assert journal_of(folder).stat().st_mode & 0o077 == 0
