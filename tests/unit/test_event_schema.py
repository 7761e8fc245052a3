from __future__ import annotations

from pathlib import Path

from holdfast.event_schema import as_text, event_schema
from holdfast.events import VERSION

DOCUMENTED = Path(__file__).parents[2] / "docs" / "events.schema.json"


def test_the_documented_schema_is_the_one_that_is_generated() -> None:
    again = "Write it anew: python -m holdfast.event_schema > docs/events.schema.json"
    assert DOCUMENTED.read_text(encoding="utf-8") == as_text(), again


def test_the_schema_names_its_version_and_every_type_of_event() -> None:
    schema = event_schema()
    assert schema["version"] == VERSION
    assert set(schema["discriminator"]["mapping"]) == {
        "STATE",
        "PLAN-GENERATED",
        "REVIEW-REQUESTED",
        "REVIEW-DECIDED",
        "STEP-START",
        "STEP-PROGRESS",
        "STEP-END",
        "STEP-ERROR",
        "METADATA",
        "BATCH",
        "FINAL-RESULT",
    }
