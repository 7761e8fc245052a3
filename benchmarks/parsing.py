"""How long rules take to read a question, over the whole bank, with the words of a tenant of 100,000 people."""

from __future__ import annotations

import statistics
from pathlib import Path
from time import perf_counter

import polars as pl

from benchmarks.measurement import Measurement
from evaluation.cases import bank
from evaluation.tenant import NOW, demo_tenant
from holdfast.graph.schema import GraphSchema
from holdfast.graph.vocabulary import Vocabulary, write_vocabulary
from holdfast.offline.planner import understood

PEOPLE = 100_000
TARGET_MS = 20.0
RUNS = 3
# Long, full of names, or full of words that join: what takes rules longest.
PATHOLOGICAL = (
    "people who can open " + " or ".join(["Box", "Zoom", "Slack", "Salesforce", "NetSuite", "Jira"] * 3),
    "users in Finance or Sales or Legal or HR or IT and in London or Berlin or Dublin and not in Support or Security",
    "active or suspended or locked out contractors or interns or employees in London or Berlin or in Finance or Sales",
    "users with groups with members with groups with members with apps with users with groups with apps",
    " ".join(["Maria", "Garcia", "Dana", "Whitfield", "Finance", "Sales", "Box", "Zoom"] * 9),
    "people " + "who are not in Sales and " * 15 + "active",
)


def vocabulary(folder: Path) -> tuple[Vocabulary, GraphSchema]:
    """The demo company's words with people of its names added, numbered so that their logins differ."""
    tenant = demo_tenant(7, 1_000, folder / "tenant")
    tables = folder / "tenant" / "tables"
    schema = tenant.snapshot.manifest.graph_schema
    known = pl.read_parquet(tables / "User.parquet")
    number = pl.int_range(len(known), PEOPLE, eager=True)
    first = known["first_name"].gather(number * 7 % len(known))
    last = known["last_name"].gather(number * 31 % len(known))
    more = known[(number % len(known)).to_list()].with_columns(
        id=pl.format("00u{}", number),
        login=pl.format("person{}@kelptide.example", number),
        email=pl.format("person{}@kelptide.example", number),
        first_name=first,
        last_name=last,
        display_name=pl.format("{} {}", first, last),
    )
    pl.concat([known, more]).write_parquet(tables / "User.parquet")
    write_vocabulary(tables, schema, folder / "vocabulary.parquet")
    return Vocabulary.load(folder / "vocabulary.parquet"), schema


async def measure(folder: Path) -> list[Measurement]:
    """The median and the 99th percentile over the bank, each question at its best of a few; and the longest of all."""
    words, schema = vocabulary(folder)
    times = {q: _best(q, words, schema) for q in dict.fromkeys(q for case in bank() for q in case.questions)}
    slowest = max(times, key=lambda question: times[question])
    note = f"{len(times)} questions, {len(words):,} names; the slowest: “{slowest}”, {times[slowest]:.1f} ms"
    hundredths = statistics.quantiles(times.values(), n=100)
    worst = max(_best(question, words, schema) for question in PATHOLOGICAL)
    return [
        Measurement(
            name="a question read, median",
            value=statistics.median(times.values()),
            unit="ms",
            target=TARGET_MS,
            note=note,
        ),
        Measurement(
            name="a question read, 99th percentile", value=hundredths[98], unit="ms", target=TARGET_MS, note=note
        ),
        Measurement(
            name="the worst that can be typed",
            value=worst,
            unit="ms",
            target=1_000,
            note="long rows of names and of joining words",
        ),
    ]


def _best(question: str, words: Vocabulary, schema: GraphSchema) -> float:
    found = []
    for _ in range(RUNS):
        begun = perf_counter()
        understood(question, words, schema, NOW)
        found.append((perf_counter() - begun) * 1e3)
    return min(found)
