"""How a command ends: one number for programs, one sentence for people, never a traceback."""

from __future__ import annotations

import sys
import tempfile
import traceback
from datetime import UTC, datetime
from enum import IntEnum
from pathlib import Path

from holdfast.answer import Outcome
from holdfast.errors import (
    ExportRefused,
    FolderInUse,
    HoldfastError,
    InvalidQuestion,
    InvalidTransition,
    NoSnapshot,
    OktaRefused,
    OktaUnreachable,
    PlanRejected,
    PresentationRejected,
    ProgramRefused,
    QueryRefused,
    RerunRefused,
    ReviewRefused,
    SettingsError,
    StackNotRunning,
    TemporalUnavailable,
    UnknownExecution,
)
from starter.access.refusals import StoreAway, UnknownKey
from starter.schedules import ScheduleRefused, UnknownSchedule


class ExitCode(IntEnum):
    """What the number says; the same table stands in `holdfast --help`."""

    ANSWERED = 0
    USAGE = 2
    REFUSED = 3
    FAILED = 4
    UNREACHABLE = 5
    # What a shell reports for a program that Ctrl-C ended.
    INTERRUPTED = 130


_WRONG_USAGE: tuple[type[HoldfastError], ...] = (
    InvalidQuestion,
    SettingsError,
    UnknownExecution,
    UnknownKey,
    UnknownSchedule,
    ScheduleRefused,
    PlanRejected,
    QueryRefused,
    ProgramRefused,
    PresentationRejected,
    ExportRefused,
    RerunRefused,
)
_CODES: tuple[tuple[tuple[type[HoldfastError], ...], ExitCode], ...] = (
    (_WRONG_USAGE, ExitCode.USAGE),
    ((InvalidTransition, ReviewRefused), ExitCode.REFUSED),
    (
        (StackNotRunning, StoreAway, FolderInUse, TemporalUnavailable, NoSnapshot, OktaUnreachable, OktaRefused),
        ExitCode.UNREACHABLE,
    ),
)


def code_of_error(error: HoldfastError) -> ExitCode:
    """The exit code of an error that was raised on purpose."""
    for kinds, code in _CODES:
        if isinstance(error, kinds):
            return code
    return ExitCode.FAILED


def code_of_failure(error_type: str | None) -> ExitCode:
    """The exit code of a workflow that failed with an error of this name, as Temporal carries it."""
    if error_type == "SyncCancelled":
        return ExitCode.REFUSED
    for kinds, code in _CODES:
        if error_type in {kind.__name__ for kind in kinds}:
            return code
    return ExitCode.FAILED


def code_of_outcome(outcome: Outcome) -> ExitCode:
    """The exit code of a question that ended."""
    match outcome:
        case Outcome.ANSWERED:
            return ExitCode.ANSWERED
        case Outcome.REFUSED | Outcome.NEEDS_CLARIFICATION | Outcome.CANCELLED:
            return ExitCode.REFUSED
        case Outcome.FAILED:
            return ExitCode.FAILED


def log_unexpected(error: Exception, folder: Path) -> Path:
    """Write the trace of an error that nobody foresaw, and return the file; a temporary one if `folder` is closed."""
    entry = f"{datetime.now(UTC).isoformat()} {sys.argv[1:2]}\n{''.join(traceback.format_exception(error))}\n"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "errors.log"
        with file.open("a", encoding="utf-8") as log:
            log.write(entry)
    except OSError:
        with tempfile.NamedTemporaryFile(
            "w", prefix="holdfast-", suffix=".log", delete=False, encoding="utf-8"
        ) as spare:
            spare.write(entry)
        return Path(spare.name)
    return file
