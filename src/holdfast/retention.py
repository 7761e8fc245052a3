"""What questions leave behind, and when it goes: rows and journals are kept for a time after their question ended."""

from __future__ import annotations

import shutil
from collections.abc import Set
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

log = structlog.get_logger()

# Each holds one folder a question, named like it.
KEPT_BY_QUESTION = ("artifacts", "journals")


def prune_questions(data_dir: Path, keep: timedelta, running: Set[str], now: datetime) -> tuple[str, ...]:
    """Remove the rows and journals of questions in which nothing was written for `keep`; their ids, in order.

    `running` are the questions that have not ended: nothing of theirs is touched, however long they wait for a person.
    Blocking: call it in a thread. A folder that another worker removes at the same time is no error.
    """
    written: dict[str, datetime] = {}
    for root in KEPT_BY_QUESTION:
        for folder in (data_dir / root).glob("*"):
            if folder.name not in running and (last := _last_written(folder)) is not None:
                written[folder.name] = max(last, written.get(folder.name, last))
    old = tuple(sorted(question for question, last in written.items() if now - last > keep))
    for question in old:
        for root in KEPT_BY_QUESTION:
            shutil.rmtree(data_dir / root / question, ignore_errors=True)
        log.info("pruned", correlation_id=question, last_written=written[question].isoformat())
    return old


def _last_written(folder: Path) -> datetime | None:
    try:
        latest = max(path.lstat().st_mtime for path in (folder, *folder.rglob("*")))
    except FileNotFoundError:
        return None
    return datetime.fromtimestamp(latest, UTC)
