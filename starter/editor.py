"""Let a person change a text in the editor they use."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from holdfast.errors import SettingsError


def edited_text(text: str, suffix: str) -> str | None:
    """The text as the person left it; None where it was not changed. Raises SettingsError without an editor."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR")
    if chosen is None and not sys.stdin.isatty():
        raise SettingsError("An editor needs a terminal: give a file in place of --edit, or set EDITOR.")
    editor = chosen or "vi"
    with tempfile.TemporaryDirectory(prefix="holdfast-") as folder:
        file = Path(folder) / f"edit{suffix}"
        file.write_text(text, encoding="utf-8")
        try:
            subprocess.run([*shlex.split(editor), str(file)], check=True)  # noqa: S603 - the person's own editor
        except (OSError, subprocess.CalledProcessError) as error:
            raise SettingsError(f"The editor {editor!r} could not be used ({error}); set EDITOR to another.") from error
        after = file.read_text(encoding="utf-8")
    return None if after == text else after
