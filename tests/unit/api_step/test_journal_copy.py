"""Journals that a retry takes over: whole copies, which grow apart."""

from __future__ import annotations

import asyncio
from pathlib import Path

from holdfast.api_step.journal import Kept, Slot, locked, opened
from holdfast.api_step.journal_copy import copy_journals
from tests.unit.api_step.test_journal import COST, HEADER, journal_of, kept_in

FIRST, SECOND = Slot("a" * 32, 1, 0), Slot("b" * 32, 1, 0)


async def found_in(folder: Path, slot: Slot) -> Kept | None:
    async with opened(folder, HEADER) as journal:
        return journal.find(slot)


async def test_a_copied_journal_has_every_answer_and_grows_apart(tmp_path: Path) -> None:
    old, new, other = (tmp_path / name / "live" for name in ("q-old", "q-new", "q-other"))
    await kept_in(old, {FIRST: Kept(b"1")})
    assert [await copy_journals(old, target) for target in (new, other)] == [1, 1]
    await kept_in(new, {SECOND: Kept(b"2")})
    assert await found_in(new, FIRST) == Kept(b"1")
    assert await found_in(new, SECOND) == Kept(b"2")
    assert await found_in(old, SECOND) is None
    assert await found_in(other, SECOND) is None
    assert journal_of(new).stat().st_mode & 0o077 == 0


async def test_copying_again_after_a_crash_loses_nothing_that_was_answered_since(tmp_path: Path) -> None:
    old, new = tmp_path / "q-old" / "live", tmp_path / "q-new" / "live"
    await kept_in(old, {FIRST: Kept(b"1")})
    await copy_journals(old, new)
    await kept_in(new, {SECOND: Kept(b"2")})
    await copy_journals(old, new)
    assert await found_in(new, SECOND) == Kept(b"2")


async def test_where_nothing_was_read_nothing_is_made(tmp_path: Path) -> None:
    assert await copy_journals(tmp_path / "q-old" / "live", tmp_path / "q-new" / "live") == 0
    assert list(tmp_path.iterdir()) == []


async def test_what_an_attempt_that_still_runs_is_answered_is_copied_too(tmp_path: Path) -> None:
    """Its question was ended from outside, and it hears of that with its next heartbeat."""
    old, new = tmp_path / "q-old" / "live", tmp_path / "q-new" / "live"
    await kept_in(old, {FIRST: Kept(b"1")})
    async with opened(old, HEADER) as journal:
        copying = asyncio.create_task(copy_journals(old, new))
        await asyncio.sleep(0.2)
        await journal.keep(SECOND, Kept(b"2"), COST)
        assert not copying.done()
    assert await copying == 1
    assert await found_in(new, SECOND) == Kept(b"2")
    async with locked(old), locked(new):
        assert sorted(path.name for path in new.iterdir()) == [".lock", journal_of(old).name]
