"""`make bench`: run every benchmark, or those named; print a table and write JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import platform
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import psutil
import structlog
from rich.console import Console
from rich.table import Table

from benchmarks import (
    api_calls,
    graph,
    guard,
    live_log,
    models,
    page,
    parsing,
    presentations,
    question,
    rows,
    sandbox,
    sync,
    viewers,
)
from benchmarks.measurement import Measurement

RESULTS = Path(__file__).parent / "results"

BENCHMARKS: dict[str, Callable[[Path], Awaitable[list[Measurement]]]] = {
    "guard": guard.measure,
    "page": page.measure,
    "parsing": parsing.measure,
    "graph": graph.measure,
    "models": models.measure,
    "presentations": presentations.measure,
    "question": question.measure,
    "rows": rows.measure,
    "sandbox": sandbox.measure,
    "sync": sync.measure,
    "api_calls": api_calls.measure,
    "live_log": live_log.measure,
    "viewers": viewers.measure,
}


async def _run(names: list[str]) -> dict[str, list[Measurement]]:
    found: dict[str, list[Measurement]] = {}
    for name in names:
        with tempfile.TemporaryDirectory(prefix="holdfast-bench-") as folder:
            found[name] = await BENCHMARKS[name](Path(folder))
    return found


def _table(found: dict[str, list[Measurement]]) -> Table:
    table = Table("benchmark", "figure", "measured", "target", "met", "note")
    for name, measurements in found.items():
        for m in measurements:
            sign = "≤" if m.at_most else "≥"
            target = "" if m.target is None else f"{sign} {m.target:g} {m.unit}"
            met = {None: "", True: "yes", False: "NO"}[m.meets]
            table.add_row(name, m.name, f"{m.value:.4g} {m.unit}", target, met, m.note)
    return table


def main() -> None:
    """Run and report."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; none: all")
    names = parser.parse_args().names or list(BENCHMARKS)
    if unknown := set(names) - set(BENCHMARKS):
        parser.error(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join(BENCHMARKS)}")
    # The product's log lines would bury the table, and show rows of the tenant on the way.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    found = asyncio.run(_run(names))
    Console().print(_table(found))
    now = datetime.now(UTC)
    RESULTS.mkdir(exist_ok=True)
    file = RESULTS / f"{now:%Y%m%d-%H%M%S}.json"
    machine = {
        "cpus": psutil.cpu_count(),
        "memory_bytes": psutil.virtual_memory().total,
        "python": platform.python_version(),
    }
    report = {
        "at": now.isoformat(),
        "machine": machine,
        "measurements": {name: [m.model_dump() for m in measured] for name, measured in found.items()},
    }
    file.write_text(json.dumps(report, indent=2) + "\n")
    Console().print(f"Written to {file}")


if __name__ == "__main__":
    main()
