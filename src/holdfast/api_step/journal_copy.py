"""What a step of another question was answered, taken over: a retry asks the tenant nothing that it already told."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from holdfast.api_step.journal import locked
from holdfast.atomic_files import replacing


async def copy_journals(source: Path, target: Path) -> int:
    """Copy the journals of one step's folder to another's; how many there are. Nothing happens where there is none.

    A whole journal that is there already stays. An attempt that still runs on the source, because its question was
    ended from outside, is waited for, or what it is answered last would be asked again. Raises TransientError where it
    does not end, StorageFull.
    """
    if not await asyncio.to_thread(_journals, source):
        return 0
    async with locked(source), locked(target):
        return await asyncio.to_thread(_copied, source, target)


def _journals(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.journal"))


def _copied(source: Path, target: Path) -> int:
    journals = _journals(source)
    for journal in journals:
        if not (target / journal.name).exists():
            # Never a link: a journal grows in place, and two retries of one question would write into one file.
            with replacing(target / journal.name) as temporary:
                shutil.copyfile(journal, temporary)
                temporary.chmod(0o600)
    return len(journals)
