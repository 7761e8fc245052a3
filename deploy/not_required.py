"""Print the installed distributions that the named one does not need to run: `python not_required.py holdfast`."""

from __future__ import annotations

import sys
from importlib.metadata import distribution, distributions

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def required(root: str) -> set[str]:
    """Names of everything that `root` needs on this system, itself included, extras as they are asked for."""
    seen: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(root), "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        for text in distribution(name).requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                needed = canonicalize_name(requirement.name)
                waiting += [(needed, ""), *((needed, wanted) for wanted in requirement.extras)]
    return {name for name, _ in seen}


def main(root: str) -> None:
    """One name a line, as `uv pip uninstall --requirement` reads it."""
    installed = {canonicalize_name(found.metadata["Name"]) for found in distributions()}
    sys.stdout.writelines(f"{name}\n" for name in sorted(installed - required(root)))


if __name__ == "__main__":
    main(sys.argv[1])
