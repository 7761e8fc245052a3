"""Temporal's server and its schema tool, built once for every clone on this machine."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

from holdfast.errors import TemporalUnavailable
from starter.go_programs import go_install, has_go, only_one

# The images of docker-compose.yml have the same version. Later ones want a newer Go than most systems have.
TEMPORAL_SERVER_VERSION = "1.31.0"
# What Go calls them, and what they are called in Temporal's images and in our scripts.
_PROGRAMS = {"server": "temporal-server", "sql": "temporal-sql-tool"}
_PACKAGES = [f"go.temporal.io/server/{path}@v{TEMPORAL_SERVER_VERSION}" for path in ("cmd/server", "cmd/tools/sql")]


def server_programs(*, cache: Path | None = None, fetch: bool = True, tell: Callable[[str], None]) -> Path:
    """The folder that has `temporal-server` and `temporal-sql-tool`; they are built where they are not there yet.

    With `fetch` false nothing is built. Raises TemporalUnavailable, which says what to install.
    """
    folder = (cache or user_cache_path("holdfast")) / f"temporal-server-{TEMPORAL_SERVER_VERSION}"
    if _is_complete(folder) or (fetch and _build(folder, tell)):
        return folder
    raise TemporalUnavailable(
        f"A cluster runs Temporal's server {TEMPORAL_SERVER_VERSION}, which is built by Go and was not built yet. "
        "Install Go 1.26 or newer (https://go.dev/dl), so that `go` is on the PATH, and start again; or run the same "
        "topology in containers: docker compose up."
    )


def _is_complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _PROGRAMS.values())


def _build(folder: Path, tell: Callable[[str], None]) -> bool:
    if not has_go():
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    with only_one(folder.with_name(f"{folder.name}.lock"), tell):
        # Whoever held the lock before may have made it.
        if _is_complete(folder):
            return True
        tell("Building Temporal's server once, 2–4 minutes …")
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="build-") as built:
            if not go_install(_PACKAGES, Path(built), tell):
                return False
            folder.mkdir(exist_ok=True)
            for made, name in _PROGRAMS.items():
                (Path(built) / made).replace(folder / name)
    return True


def environment_with(programs: Path) -> dict[str, str]:
    """Our environment with these programs before all others on the PATH."""
    return {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def _main() -> int:
    """Build them ahead of time, so that no test waits for it: `python -m starter.cluster.server_programs`."""

    def tell(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    try:
        server_programs(tell=tell)
    except TemporalUnavailable as error:
        tell(str(error))
        # A newcomer without Go runs every other test.
        return 5 if "CI" in os.environ else 0
    return 0


if __name__ == "__main__":
    sys.exit(_main())
