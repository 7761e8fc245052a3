"""Settings of steps that read the live tenant."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from holdfast.setting_types import Duration, Group


class ApiSettings(Group):
    """Steps that read the live tenant: how much one may ask before a person is asked, and what its program may use."""

    calls_each: int = Field(
        2_000, ge=0, description="Calls that each read one thing (a person's factors …) one step may make unasked"
    )
    pages: int = Field(1_000, ge=0, description="Other calls (pages of lists) that one step may make unasked")
    minutes_at_limit: float = Field(
        5.0, gt=0, description="Minutes' worth of one of the tenant's rate limits that one step may use up unasked"
    )
    step_timeout: Duration = Field(
        timedelta(hours=6),
        gt=timedelta(),
        le=timedelta(hours=24),
        description="How long one step may wait for the tenant before a person is asked, in seconds",
    )
    computing_timeout: Duration = Field(
        timedelta(seconds=180), gt=timedelta(), description="Time that one program may compute, in seconds"
    )
    sandbox_memory_bytes: int = Field(256 << 20, ge=16 << 20, description="Memory of one program")
    sandboxes: int = Field(16, ge=1, description="Programs that run at the same time in one worker")
    max_rows: int = Field(1_000_000, ge=1, description="Rows that one step may return")
