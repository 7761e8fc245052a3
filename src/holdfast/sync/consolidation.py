"""From finished pages to the rows that the tables are made of, and that later incremental syncs build on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import polars as pl

from holdfast.errors import SyncInconsistent
from holdfast.sync.families import FAMILIES, WHOLE, Family
from holdfast.sync.folders import ROWS_FORM, FamilyReads, Reads, SyncFolder
from holdfast.sync.parents import AGEING, Base, carried_over, parents_of
from holdfast.sync.tables import FamilyRows


@dataclass(frozen=True)
class Consolidated:
    """The rows of every family, and what became of the reads."""

    families: dict[str, FamilyRows]
    reads: Reads

    def carried_over(self, started: datetime) -> dict[str, datetime]:
        """Families with rows that may have changed since they were read, and when the oldest of them was."""
        return {name: family.oldest for name, family in self.reads.families.items() if family.oldest < started}


def consolidate(folder: SyncFolder, tenant: str, started: datetime, base: Base | None) -> Consolidated:
    """All rows of a sync that read everything, kept in its folder. Blocks for seconds; again after a crash is safe.

    Raises SyncInconsistent where a family is not finished or a page is damaged, StorageFull.
    """
    families: dict[str, FamilyRows] = {}
    reads: dict[str, FamilyReads] = {}
    for family in FAMILIES.values():
        rows, carried = _rows_of(family, folder, base)
        families[family.name] = rows
        oldest = started
        if base is not None and carried and family.name in AGEING:
            oldest = base.reads.families[family.name].oldest
        reads[family.name] = FamilyReads(unknown=dict(rows.unknown), gone=tuple(sorted(rows.gone)), oldest=oldest)
    everything = Reads(form=ROWS_FORM, tenant=tenant, families=reads)
    folder.keep_rows({name: rows.frame for name, rows in families.items()}, everything)
    return Consolidated(families, everything)


def _rows_of(family: Family, folder: SyncFolder, base: Base | None) -> tuple[FamilyRows, frozenset[str]]:
    pages = folder.pages(family.name)
    listing = pages.listing()
    carried = carried_over(family, folder, base) if base is not None else frozenset[str]()
    if not listing.family_unknown:
        _see_that_all_was_read(family, folder, listing.settled | carried)
    frame = folder.page_rows(family.name)
    if base is not None and carried:
        # A parent that was read all the same (it changed between two attempts) has its own pages.
        still = carried - listing.pages.keys()
        frame = pl.concat([base.folder.rows(family.name).filter(pl.col("parent_id").is_in(still)), frame])
    reasons = pages.reasons()
    unknown = {WHOLE: reasons[WHOLE]} if WHOLE in reasons else reasons
    return FamilyRows(frame, unknown, listing.gone), carried


def _see_that_all_was_read(family: Family, folder: SyncFolder, settled: frozenset[str]) -> None:
    missing = [parent for parent in parents_of(family, folder) if parent not in settled]
    if missing:
        raise SyncInconsistent(
            f"{len(missing):,} read(s) of {family.name} are not finished, the first is {missing[0] or 'its list'}. "
            "Nothing was published; run `holdfast sync` again."
        )
