"""An answer of a million rows, formatted and exported, beside the same done by hand in Polars.

Both give the same CSV, byte for byte (which is checked). Each run has a process of its own, so that memory is its own;
the two take turns, and the quickest of each counts, because other work on the machine only ever adds.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.measurement import Measurement
from holdfast.answer import ArtifactRef, Column, Effort, Generated, SnapshotRef, StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.contracts import FormatRequest
from holdfast.export import export
from holdfast.formatter import Written, format_rows
from holdfast.plan import CypherStep, Plan
from holdfast.presentation import Presentation

ROWS = 1_000_000
ROUNDS = 3
SHOWN = ["login", "first_name", "last_name", "department", "status", "title", "last_login", "active", "logins"]
_DATE_AND_WORDS = [
    {"op": "date_text", "column": "last_login", "zone": "Europe/Berlin"},
    {"op": "words", "column": "active"},
]
_BY_NAME = {"op": "sort", "by": [{"column": "last_name"}, {"column": "login"}]}


@dataclass(frozen=True)
class _Case:
    """A recipe, and the same by hand as one query that ends in a CSV file."""

    title: str
    operations: Sequence[dict[str, Any]]
    shown: Sequence[str]
    by_hand: Callable[[dict[str, pl.LazyFrame]], pl.LazyFrame]


def _readable(rows: pl.LazyFrame) -> pl.LazyFrame:
    moment = pl.col("last_login").dt.replace_time_zone("UTC").dt.convert_time_zone("Europe/Berlin")
    return rows.with_columns(
        moment.dt.strftime("%Y-%m-%d %H:%M"),
        pl.when("active")
        .then(pl.lit("yes"))
        .when(~pl.col("active"))
        .then(pl.lit("no"))
        .otherwise(pl.lit("unknown"))
        .alias("active"),
    )


def _by_name(rows: pl.LazyFrame) -> pl.LazyFrame:
    names = ("last_name", "login")
    keys = [key for name in names for key in (pl.col(name).str.to_lowercase(), pl.col(name))]
    return rows.sort(keys, nulls_last=True, maintain_order=True)


def _listed(rows: pl.LazyFrame, name: str) -> pl.LazyFrame:
    texts = pl.col(name).list.drop_nulls().list.unique()
    ordered = texts.list.eval(pl.element().sort_by(pl.element().str.to_lowercase(), pl.element()))
    return rows.with_columns(ordered.list.join(", ").fill_null(""))


def _three_steps(steps: dict[str, pl.LazyFrame]) -> pl.LazyFrame:
    rows = steps["people"]
    for step, name in (("groups", "group"), ("roles", "role")):
        gathered = steps[step].group_by("user_id", maintain_order=True).agg(name)
        rows = rows.join(gathered, on="user_id", how="left", maintain_order="left")
    return _listed(_listed(_readable(rows), "group"), "role")


def _join(step: str, column: str) -> list[dict[str, Any]]:
    on = [{"left": "user_id", "right": "user_id"}]
    return [{"op": "join", "step": step, "on": on, "take": [{"column": column}]}, {"op": "list_text", "column": column}]


CASES = {
    "plain": _Case("one step", _DATE_AND_WORDS, SHOWN, lambda steps: _readable(steps["people"])),
    "sorted": _Case(
        "one step, sorted", [_BY_NAME, *_DATE_AND_WORDS], SHOWN, lambda steps: _readable(_by_name(steps["people"]))
    ),
    "joined": _Case(
        "three steps joined",
        [*_join("groups", "group"), *_join("roles", "role"), *_DATE_AND_WORDS],
        [*SHOWN, "group", "role"],
        _three_steps,
    ),
}


async def measure(folder: Path) -> list[Measurement]:
    """Both ways of every case, and the exports to the other formats."""
    write_steps(folder)
    found: list[Measurement] = []
    for name, case in CASES.items():
        runs = [(await _run(folder, name, "hand"), await _run(folder, name, "ours")) for _ in range(ROUNDS)]
        if {ours["digest"] for _, ours in runs} != {hand["digest"] for hand, _ in runs}:
            raise AssertionError(f"The two ways to {case.title} give different files.")
        hand, ours = (min(run[way]["seconds"] for run in runs) for way in (0, 1))
        peak = max(ours["peak_bytes"] for _, ours in runs) / 2**20
        cpu = min(run["cpu_seconds"] for _, run in runs) / min(run["cpu_seconds"] for run, _ in runs)
        note = f"{ours:.2f} s, by hand {hand:.2f} s, to the same CSV; in processor time {cpu:.2f} x"
        found += [
            Measurement(name=f"{case.title}: against by hand", value=ours / hand, unit="x", target=1.5, note=note),
            Measurement(name=f"{case.title}: memory", value=peak, unit="MiB", target=2_048),
        ]
    for file_format in ("parquet", "json", "xlsx"):
        run = await _run(folder, "plain", file_format)
        note = f"memory at most {run['peak_bytes'] / 2**20:.0f} MiB"
        name = f"export to {file_format}"
        found.append(Measurement(name=name, value=run["seconds"], unit="s", target=None, note=note))
    return found


def write_steps(folder: Path, rows: int = ROWS) -> None:
    """Three steps of a question: so many people, two groups each, a role of each."""
    number = pl.int_range(rows, eager=True)
    start = pl.Series([datetime(2026, 1, 1, tzinfo=UTC)]).dt.replace_time_zone(None).gather(number * 0)
    people = pl.DataFrame(
        {
            "user_id": pl.select(pl.format("00u{}", number))["literal"],
            "login": pl.select(pl.format("person{}@example.com", number.hash(1) % (10 * rows)))["literal"],
            "first_name": pl.select(pl.format("First{}", number % 997))["literal"],
            "last_name": pl.select(pl.format("Last{}", number.hash(2) % 50_000))["literal"],
            "department": pl.Series(["Finance", "Engineering", "Sales", "Legal", "Support"]).gather(number % 5),
            "status": pl.Series(["ACTIVE", "ACTIVE", "SUSPENDED", "DEPROVISIONED"]).gather(number % 4),
            "title": pl.select(pl.format("Title {}", number % 300))["literal"],
            "last_login": start + (number * 1_000_003 % 31_536_000).cast(pl.Duration("ms")) * 1_000,
            "active": number % 3 == 0,
            "logins": number % 977,
        }
    )
    twice = pl.concat([number, number])
    ids = people["user_id"]
    groups = pl.DataFrame(
        {"user_id": ids.gather(twice), "group": pl.select(pl.format("Group {}", twice.hash(3) % 3_000))["literal"]}
    )
    roles = pl.DataFrame(
        {"user_id": ids.gather(number * 7 % rows), "role": pl.select(pl.format("Role {}", number % 9))["literal"]}
    )
    for name, frame in (("people", people), ("groups", groups), ("roles", roles)):
        ArtifactStore(folder / "artifacts").write(f"q-1/{name}", frame)


async def _run(folder: Path, case: str, way: str) -> dict[str, Any]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.presentations", str(folder), case, way, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"The benchmark of {case} by {way} ended with {process.returncode}.")
    return dict(json.loads(out))


def _by_hand(folder: Path, case: _Case, to: Path) -> None:
    steps = {name: pl.scan_parquet(folder / f"artifacts/q-1/{name}.parquet") for name in ("people", "groups", "roles")}
    headings = {name: name.replace("_", " ").capitalize() for name in case.shown}
    case.by_hand(steps).select(case.shown).rename(headings).sink_csv(to, engine="streaming")


def _ours(folder: Path, case: _Case, to: Path, file_format: str) -> None:
    store = ArtifactStore(folder / "artifacts")
    choose = {"op": "choose", "columns": [{"column": name} for name in case.shown]}
    recipe = {"source": "people", "operations": [*case.operations, choose], "summary": "{rows:person|people}."}
    written = Written(Presentation.model_validate(recipe), "a benchmark", "by hand")
    answer = format_rows(_request(folder), written, store)
    assert answer.rows is not None
    export(store.scan(answer.rows), answer.headers, file_format, to)


def _request(folder: Path) -> FormatRequest:
    nothing = Effort(seconds=0, peak_memory_bytes=0)
    steps = tuple(
        CypherStep(id=name, entity=name, operation="list", parameters={}, query_context="")
        for name in ("people", "groups", "roles")
    )
    results = tuple(
        StepResult(
            step_id=step.id,
            rows=_kept(f"q-1/{step.id}", folder),
            samples=(),
            generated=Generated(language="cypher", text="", author="a benchmark"),
            effort=nothing,
        )
        for step in steps
    )
    return FormatRequest(
        correlation_id="q-1",
        question="Who is there?",
        plan=Plan(steps=steps, reasoning="", confidence=1),
        snapshot=SnapshotRef(id="s", synced_at=datetime.now(UTC)),
        results=results,
        gaps=(),
    )


def _kept(key: str, folder: Path) -> ArtifactRef:
    file = folder / f"artifacts/{key}.parquet"
    rows = pl.scan_parquet(file)
    columns = tuple(Column(name=name, dtype=str(dtype)) for name, dtype in rows.collect_schema().items())
    row_count = rows.select(pl.len()).collect().item()
    return ArtifactRef(key=key, row_count=row_count, size_bytes=file.stat().st_size, columns=columns)


def main() -> None:
    """One run, told as JSON: a folder with the steps, a case, and `hand`, `ours` or a format."""
    folder, case, way = Path(sys.argv[1]), CASES[sys.argv[2]], sys.argv[3]
    to = folder / f"answer-{way}"
    started, cpu_before = time.perf_counter(), time.process_time()
    if way == "hand":
        _by_hand(folder, case, to)
    else:
        _ours(folder, case, to, "csv" if way == "ours" else way)
    seconds = time.perf_counter() - started
    cpu = time.process_time() - cpu_before
    # In kibibytes, where benchmarks run.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    with to.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    print(json.dumps({"seconds": seconds, "cpu_seconds": cpu, "peak_bytes": peak, "digest": digest}))


if __name__ == "__main__":
    main()
