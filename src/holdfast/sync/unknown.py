"""What the tenant refused to tell: entries for the manifest, and sentences for the report."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import polars as pl

from holdfast.graph.manifest import UnknownRead
from holdfast.sync.families import FAMILIES, WHOLE

# The column that names a thing to a person.
_NAMES = {"User": "login", "Group": "name", "Application": "label", "Policy": "name"}
# Types of attributes are taken from their values then; and without the list of assignees the roles of everyone are
# marked unknown themselves.
_SPOKEN_FOR = frozenset({"user_types", "user_schemas", "role_assignees"})
_NAMED_IN_A_SENTENCE = 3
# The report crosses Temporal, whose payloads are limited; the manifest has every one.
_SENTENCES = 50


def unknown_reads(
    refusals: Mapping[str, Mapping[str, str]], nodes: Mapping[str, pl.DataFrame]
) -> tuple[UnknownRead, ...]:
    """One entry for each refusal: family → parent (WHOLE: all of it) → reason."""
    return tuple(
        UnknownRead(
            family=name,
            label=FAMILIES[name].label,
            relation=FAMILIES[name].relation,
            subject_id=None if parent == WHOLE else parent,
            subject_name=None if parent == WHOLE else names.get(parent),
            reason=reason,
        )
        for name, parents in refusals.items()
        if parents and name not in _SPOKEN_FOR
        for names in (_names_of(FAMILIES[name].label, list(parents), nodes),)
        for parent, reason in parents.items()
    )


def untold_owners(devices: pl.DataFrame) -> tuple[UnknownRead, ...]:
    """One entry for each device that the tenant listed without saying who uses it; one for all if it never says."""
    silent = devices.filter(pl.col("users").is_null()).select("id", "name")
    everything = 1 < silent.height == devices.height
    subjects = [(None, None)] if everything else silent.iter_rows()
    return tuple(
        UnknownRead(
            family="device_users",
            label="Device",
            relation="OWNS",
            subject_id=device_id,
            subject_name=name,
            reason="the tenant's list of devices does not say who uses them",
        )
        for device_id, name in subjects
    )


def in_sentences(unknown: Iterable[UnknownRead]) -> tuple[str, ...]:
    """One sentence for each family and reason, a few subjects named: short however many there are."""
    grouped: dict[tuple[str, str], list[UnknownRead]] = defaultdict(list)
    for read in unknown:
        grouped[(read.family, read.reason)].append(read)
    sentences = [_sentence(family, reason, reads) for (family, reason), reads in grouped.items()]
    more = len(sentences) - _SENTENCES
    return (*sentences[:_SENTENCES], *([f"And {more:,} more; all are in the snapshot's manifest."] if more > 0 else []))


def _sentence(family: str, reason: str, reads: list[UnknownRead]) -> str:
    what = family.replace("_", " ")
    if any(read.subject_id is None for read in reads):
        return f"All {what} are unknown: {reason}"
    named = ", ".join(read.subject_name or read.subject_id or "" for read in reads[:_NAMED_IN_A_SENTENCE])
    more = len(reads) - _NAMED_IN_A_SENTENCE
    return f"The {what} of {named}{f' and {more:,} more' if more > 0 else ''} are unknown: {reason}"


def _names_of(label: str, ids: list[str], nodes: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    found = nodes[label].filter(pl.col("id").is_in(ids)).select("id", pl.col(_NAMES.get(label, "id")).alias("name"))
    return dict(found.iter_rows())
