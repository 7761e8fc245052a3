"""The sync history: one line of JSON for each sync that ended, oldest first."""

from __future__ import annotations

from pathlib import Path

from holdfast.atomic_files import replacing
from holdfast.sync_contracts import SyncRecord


class SyncHistory:
    """`history.jsonl` under the folder of syncs (`data_dir/sync`)."""

    def __init__(self, root: Path) -> None:
        self._file = root / "history.jsonl"

    def entries(self) -> tuple[SyncRecord, ...]:
        """Every sync that ended, oldest first; none before the first."""
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        return tuple(SyncRecord.model_validate_json(line) for line in lines)

    def append(self, record: SyncRecord) -> None:
        """Add a line, unless this sync has one already. Raises StorageFull, which leaves the file as it was."""
        known = self.entries()
        if any(entry.sync_id == record.sync_id for entry in known):
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        # Written anew and renamed: a line is never half there, and the file stays as short as the list of syncs.
        with replacing(self._file) as temporary:
            lines = "".join(f"{entry.model_dump_json()}\n" for entry in (*known, record))
            temporary.write_text(lines, encoding="utf-8")
