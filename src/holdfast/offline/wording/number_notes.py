"""What a reader must know to take numbers and comparisons right."""

from __future__ import annotations

from datetime import datetime

from holdfast.offline.meaning import Alike, Breakdown, Flow, Holdings, Loss, Months, Numbers, Peers, Spread
from holdfast.offline.meaning.links import OPENED, OPENING, Kind
from holdfast.offline.number_columns import may_be_unknown


def number_notes(meaning: Numbers, now: datetime) -> list[str]:
    """The sentences for one answer."""
    match meaning:
        case Breakdown():
            return _of_breakdown(meaning)
        case Spread() | Peers():
            told = []
            if meaning.link in OPENING | OPENED:
                told.append("Deprovisioned people can open nothing: that counts as none.")
            if isinstance(meaning, Peers):
                told.append("The median is that of everybody with the same value, of every status.")
            return told
        case Months():
            return _of_months(meaning, now)
        case Alike():
            return ["Capital letters and spaces make no difference, nor do signs in a phone number."]
        case Holdings():
            return ["Only what could be read of both people is compared."]
        case Loss():
            told = ["Only what nothing else gives them is listed. Deprovisioned people have nothing left to lose."]
            if Kind.APPLICATION in meaning.kinds:
                told.append("An inactive application is listed, though nobody can open it now.")
            return told


def _of_breakdown(meaning: Breakdown) -> list[str]:
    told = []
    if meaning.matching is not None and may_be_unknown(meaning.matching):
        percent = ", and the percentage is of the others" if meaning.percent else ""
        told.append(f"Those of whom it could not be read are counted apart{percent}.")
    if meaning.by and (meaning.limit or meaning.ties or meaning.at_least is not None or meaning.at_most is not None):
        told.append("Those without a value are left out.")
    return told


def _of_months(meaning: Months, now: datetime) -> list[str]:
    told = []
    if Flow.JOINED in meaning.flows:
        told.append("Somebody joined when the account was created.")
    if Flow.LEFT in meaning.flows:
        told.append("Somebody left when the account was deprovisioned; accounts deleted since are not seen.")
    if meaning.end > now:
        told.append("The last month is not over yet.")
    return told
