"""The kinds of values that settings hold."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def _from_seconds(value: object) -> object:
    """Plain numbers are seconds, also as text; everything else is left to pydantic (ISO 8601: `PT30S`)."""
    if isinstance(value, str) and value.replace(".", "", 1).isdigit():
        return float(value)
    return value


def comma_parted(value: object) -> object:
    """Text is parted at its commas; everything else is left to pydantic."""
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


Duration = Annotated[timedelta, BeforeValidator(_from_seconds)]
Port = Annotated[int, Field(ge=1, le=65_535)]
Folder = Annotated[Path, AfterValidator(lambda path: path.expanduser().absolute())]


class Group(BaseModel):
    """Settings that belong together; nothing of what was written stands in a message."""

    # Inputs stay out of error messages: one of them is a token.
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
