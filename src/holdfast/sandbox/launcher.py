"""Run as `launcher LAYERS MEMORY_BYTES EXECUTABLE …`: gives up what a sandbox must not have, then becomes it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from holdfast.sandbox.confinement import Layer, confine, end_with_parent


def main() -> None:
    """Every layer that is asked for, or nothing runs."""
    names, memory_bytes, executable, *arguments = sys.argv[1:]
    # Standard input, output and error are the pool's; whatever else was inherited is nobody's business.
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    os.chdir("/")
    wanted = set(names.split(","))
    for layer in Layer:
        # In their order: the filter of calls comes last, since it refuses what the others need.
        if layer.name in wanted:
            confine(layer, executable=Path(executable), memory_bytes=int(memory_bytes))
        if layer is Layer.NAMESPACES:
            end_with_parent()
    os.execve(executable, [executable, *arguments], {})  # noqa: S606 - no shell is wanted, and no environment


if __name__ == "__main__":
    main()
