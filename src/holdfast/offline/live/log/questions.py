"""Questions of the system log: how they are read."""

from __future__ import annotations

from holdfast.answer import NeedsClarification, Refused
from holdfast.offline.reading.parse import Parse
from holdfast.offline.wording import Wording
from holdfast.plan import Plan


def log_question(parse: Parse, wording: Wording) -> Plan | Refused | NeedsClarification | None:
    """What a question of the system log means; None where it is none, or is not understood completely."""
    return None
