"""A password for each role in PostgreSQL, made once: `python -m starter.cluster.passwords FOLDER`."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

from holdfast.atomic_files import replacing

# Who logs in at PostgreSQL: its owner, Temporal's server, and the gateways.
ROLES = ("postgres", "temporal", "holdfast")


def ensure_passwords(folder: Path) -> None:
    """Write `<role>/password` and `<role>/pgpass` (libpq's own format) under `folder`, unless they are there."""
    for role in ROLES:
        of_role = folder / role
        of_role.mkdir(parents=True, exist_ok=True)
        # The folder decides who may read it: in a container, a server runs as another user than the one who wrote it.
        _write_once(of_role / "password", secrets.token_urlsafe(32), mode=0o444)
        # libpq ignores one that others may read.
        _write_once(of_role / "pgpass", f"*:*:*:{role}:{password_of(folder, role)}\n", mode=0o600)


def _write_once(file: Path, text: str, mode: int) -> None:
    if file.exists():
        return
    with replacing(file) as fresh:
        fresh.touch(0o600)
        fresh.write_text(text, encoding="utf-8")
        fresh.chmod(mode)


def password_of(folder: Path, role: str) -> str:
    """The role's password."""
    return (folder / role / "password").read_text(encoding="utf-8")


if __name__ == "__main__":
    ensure_passwords(Path(sys.argv[1]))
