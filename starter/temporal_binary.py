"""Find the `temporal` program that runs embedded, or get it once for every clone on this machine."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from platformdirs import user_cache_path

from holdfast.errors import SettingsError, TemporalUnavailable
from starter.go_programs import go_install, has_go, only_one

# Later versions of the CLI carry a `replace` line and cannot be built by `go install`.
TEMPORAL_CLI_VERSION = "1.5.1"
_MODULE = f"github.com/temporalio/cli/cmd/temporal@v{TEMPORAL_CLI_VERSION}"
# The oldest server that Holdfast is tested with.
_OLDEST_SERVER = (1, 29)
# The program is 200 MB: from a cold, busy disk its first start takes seconds.
_VERSION_TIMEOUT_S = 30
# Nothing of the download on disk after this long: there is no network, or it swallows what is sent.
_DOWNLOAD_STALLED_S = 10
# The archive is some 60 MB.
_DOWNLOAD_TIMEOUT_S = 180
_PROJECT = Path(__file__).resolve().parent.parent


def find_temporal(
    configured: Path | None,
    *,
    project: Path = _PROJECT,
    cache: Path | None = None,
    fetch: bool = True,
    tell: Callable[[str], None] = lambda line: None,
) -> Path:
    """The first of: the setting, PATH, the project's `.tools/`, the cache, the SDK's download, `go install`.

    With `fetch` false nothing is downloaded or built. `tell` receives a line for the person before anything slow.
    Raises SettingsError for a configured program that cannot be used and TemporalUnavailable when there is none.
    """
    cached = (cache or user_cache_path("holdfast")) / f"temporal-{TEMPORAL_CLI_VERSION}"
    if configured is not None:
        if fault := _fault(configured):
            raise SettingsError(f"HOLDFAST_TEMPORAL__BINARY cannot be used: {configured} {fault}.")
        return configured
    on_path = shutil.which("temporal")
    candidates = [Path(on_path)] if on_path else []
    for candidate in [*candidates, project / ".tools" / "temporal", cached]:
        if not candidate.exists():
            continue
        fault = _fault(candidate)
        if fault is None:
            return candidate
        tell(f"{candidate} {fault}; looking further.")
    if fetch and _fetch(cached, tell):
        return cached
    raise TemporalUnavailable(
        "No usable `temporal` program was found. Install Temporal's CLI (https://docs.temporal.io/cli) so that "
        "`temporal` is on the PATH, or name it in HOLDFAST_TEMPORAL__BINARY, or install Go and start again: "
        "Holdfast then builds it once. HOLDFAST_TEMPORAL__ADDRESS uses a server that runs already."
    )


def _fault(binary: Path) -> str | None:
    """What is wrong with it, as the rest of a sentence; None for a program that can be used."""
    try:
        run = subprocess.run(  # noqa: S603 - running what the person configured or installed is the purpose
            [binary, "--version"], capture_output=True, text=True, timeout=_VERSION_TIMEOUT_S, check=False
        )
    except FileNotFoundError:
        return "does not exist"
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"does not run ({error})"
    if run.returncode != 0:
        return f"does not run (`--version` ended with {run.returncode}: {run.stderr.strip()[-300:]})"
    server = re.search(r"Server (\d+)\.(\d+)", run.stdout)
    if server is None:
        return "is not Temporal's CLI (`--version` names no server)"
    if (int(server[1]), int(server[2])) < _OLDEST_SERVER:
        return f"is too old (server {server[1]}.{server[2]}, needed is {'.'.join(map(str, _OLDEST_SERVER))})"
    return None


def _fetch(cached: Path, tell: Callable[[str], None]) -> bool:
    cached.parent.mkdir(parents=True, exist_ok=True)
    with only_one(cached.with_name(f"{cached.name}.lock"), tell):
        # Whoever held the lock before may have made it.
        if cached.exists() and _fault(cached) is None:
            return True
        with tempfile.TemporaryDirectory(dir=cached.parent, prefix="fetch-") as folder:
            made = _download(Path(folder), tell) or _build(Path(folder), tell)
            if made is None:
                return False
            if fault := _fault(made):
                tell(f"The temporal program that was fetched {fault}.")
                return False
            made.replace(cached)
            return True


# The SDK downloads only as a part of starting a server, and can not be cancelled: so in a process that can be killed.
_DOWNLOADER = """
import asyncio, sys
from temporalio.testing import WorkflowEnvironment
async def main():
    env = await WorkflowEnvironment.start_local(download_dest_dir=sys.argv[1], dev_server_download_version=sys.argv[2])
    await env.shutdown()
asyncio.run(main())
"""


def _download(folder: Path, tell: Callable[[str], None]) -> Path | None:
    """The SDK's own download; None, quietly, where there is no network."""
    tell("Downloading Temporal once …")
    child = subprocess.Popen(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", _DOWNLOADER, str(folder), f"v{TEMPORAL_CLI_VERSION}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    started = time.monotonic()
    try:
        while child.poll() is None:
            waited = time.monotonic() - started
            if waited > _DOWNLOAD_TIMEOUT_S or (waited > _DOWNLOAD_STALLED_S and not any(folder.iterdir())):
                return None
            time.sleep(0.1)
    finally:
        child.kill()
        child.wait()
    files = [file for file in folder.iterdir() if os.access(file, os.X_OK)]
    return files[0] if child.returncode == 0 and len(files) == 1 else None


def _build(folder: Path, tell: Callable[[str], None]) -> Path | None:
    if not has_go():
        return None
    tell("No download is possible here: building Temporal once, 1–4 minutes …")
    return folder / "temporal" if go_install([_MODULE], folder, tell) else None


def _main() -> int:
    """Get it ahead of time, so that no test waits for a build: `python -m starter.temporal_binary`."""

    def tell(line: str) -> None:
        sys.stderr.write(f"{line}\n")

    try:
        find_temporal(None, tell=tell)
    except TemporalUnavailable as error:
        tell(str(error))
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(_main())
