"""`--fault` and `--limit` as a person writes them."""

from __future__ import annotations

import pytest
import typer

from holdfast.demo import FaultOptions, RateLimitOptions
from starter.commands.tenant import _read


def test_every_fault_can_be_asked_for_by_its_name() -> None:
    given = {name: "0.5" for name, field in FaultOptions.model_fields.items() if field.annotation is float}
    read = _read(FaultOptions, [f"{name}={value}" for name, value in given.items()], "--fault")
    assert read.model_dump(include=set(given)) == dict.fromkeys(given, 0.5)


def test_patterns_may_be_given_several_times() -> None:
    pairs = ["broken=/api/v1/zones", "flaky=/a", "broken=/api/v1/users/*/factors", "flaky_tries=4"]
    read = _read(FaultOptions, pairs, "--fault")
    assert read.broken == ("/api/v1/zones", "/api/v1/users/*/factors")
    assert (read.flaky, read.flaky_tries) == (("/a",), 4)


def test_the_limit_of_requests_at_the_same_time_is_a_whole_number() -> None:
    assert _read(RateLimitOptions, ["concurrent=5"], "--limit").concurrent == 5
    with pytest.raises(typer.BadParameter, match="concurrent"):
        _read(RateLimitOptions, ["concurrent=0"], "--limit")
    with pytest.raises(typer.BadParameter, match="unheard_of"):
        _read(FaultOptions, ["unheard_of=1"], "--fault")
