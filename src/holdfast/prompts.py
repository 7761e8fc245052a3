"""Prompts: immutable files `prompts/<agent>/v<N>.md`, and the lock that holds what each of them said.

`python -m holdfast.prompts` writes new files into the lock. An edit of a locked file is refused: it is a new version.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from holdfast.errors import SettingsError

# Of the checkout; a wheel does not carry them.
PROMPTS = Path(__file__).resolve().parents[2] / "prompts"
_VERSION = re.compile(r"v(\d+)\.md")


@dataclass(frozen=True)
class Prompt:
    """One version of what an agent is told."""

    agent: str
    version: int
    text: str

    @property
    def name(self) -> str:
        """As answers name it: `planner/v1`."""
        return f"{self.agent}/v{self.version}"


class PromptLibrary:
    """The prompts of a folder."""

    def __init__(self, root: Path = PROMPTS) -> None:
        self._root = root

    def prompt(self, agent: str) -> Prompt:
        """The newest version of an agent's prompt. Raises SettingsError where there is none."""
        versions = {
            int(match[1]): file
            for file in (self._root / agent).glob("v*.md")
            if (match := _VERSION.fullmatch(file.name)) is not None
        }
        if not versions:
            raise SettingsError(
                f"There is no prompt {self._root / agent / 'v1.md'}: models need the `prompts` folder of the checkout. "
                "Run from there, or name no model to answer by rules."
            )
        version = max(versions)
        return Prompt(agent, version, versions[version].read_text(encoding="utf-8"))


def locked(root: Path = PROMPTS) -> dict[str, str]:
    """The lock: the sha256 of each prompt file, by its place under `prompts`; empty where there is none yet."""
    file = root / "LOCK"
    if not file.exists():
        return {}
    lines = (line.split("  ", 1) for line in file.read_text(encoding="utf-8").splitlines())
    return {name: digest for digest, name in lines}


def written(root: Path = PROMPTS) -> dict[str, str]:
    """The sha256 of every prompt file as it is now, by its place under `prompts`."""
    files = sorted(root.glob("*/v*.md"))
    return {file.relative_to(root).as_posix(): sha256(file.read_bytes()).hexdigest() for file in files}


def lock(root: Path = PROMPTS) -> list[str]:
    """Write the files that are new into the lock and say which they are.

    Raises SettingsError, and changes nothing, where a locked file was edited or removed.
    """
    before, now = locked(root), written(root)
    if changed := sorted(name for name, digest in before.items() if now.get(name) != digest):
        raise SettingsError(
            f"{', '.join(changed)}: a prompt is never edited or removed, because answers name the version they came "
            "from. Restore it, and write the change as a new version."
        )
    lines = [f"{digest}  {name}\n" for name, digest in sorted(now.items())]
    (root / "LOCK").write_text("".join(lines), encoding="utf-8")
    return sorted(set(now) - set(before))


def main() -> int:
    """Lock what is new; the exit code is 1 where an old prompt was changed."""
    try:
        new = lock()
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write("".join(f"locked {name}\n" for name in new) or "nothing is new\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
