"""Whether a process that a test watches has ended; between two looks at one, it may."""

from __future__ import annotations

import psutil


def ended(process: psutil.Process) -> bool:
    """Gone, or a zombie: where nobody reaps orphans, a dead one stays listed."""
    try:
        return not process.is_running() or bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True
