"""Questions for the live tenant: what is asked of it in so many words, and what only it can tell."""

from __future__ import annotations

from holdfast.answer import NeedsClarification, Refused
from holdfast.offline.live.log.questions import log_question
from holdfast.offline.reading.parse import Parse
from holdfast.offline.wording import Wording
from holdfast.plan import Plan


def live_question(parse: Parse, wording: Wording) -> Plan | Refused | NeedsClarification | None:
    """What a question means that the snapshot cannot answer; None where the live tenant cannot either."""
    return log_question(parse, wording)
