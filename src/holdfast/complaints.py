"""Why a value was not accepted, for a person: pydantic's reasons without its own trimmings."""

from __future__ import annotations

from pydantic import ValidationError


def complaints_of(error: ValidationError) -> str:
    """Every reason with its place: `steps.0.tool: Field required; confidence: Input should be a valid number`."""
    reasons = ((".".join(map(str, each["loc"])), each["msg"].removeprefix("Value error, ")) for each in error.errors())
    return "; ".join(f"{place}: {reason}" if place else reason for place, reason in reasons)
