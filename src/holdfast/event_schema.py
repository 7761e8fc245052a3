"""The JSON schema of what a viewer receives. `python -m holdfast.event_schema > docs/events.schema.json` writes it."""

from __future__ import annotations

import json
import sys
from typing import Any

from holdfast.events import VERSION, AnyDelivered

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def event_schema() -> dict[str, Any]:
    """The schema of one event, as it is sent. Properties that it does not name may be added within a version."""
    generated = AnyDelivered.model_json_schema(mode="serialization")
    return {
        "$schema": _DIALECT,
        "$id": f"urn:holdfast:events:{VERSION}",
        **generated,
        "title": "Event",
        "version": VERSION,
    }


def as_text() -> str:
    """The schema as it stands in the documentation."""
    return json.dumps(event_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(as_text())
