"""How a passed limit is told: which one, and what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from holdfast.sandbox.limits import SandboxLimits

LIMITS = SandboxLimits(computing=timedelta(seconds=7), memory_bytes=64 << 20, recursion=50, calls=12_345)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("feed time limit exceeded: 7.1s > 7s", "longer than 7 s"),
        ("memory limit exceeded: 70000000 bytes > 67108864 bytes", "more than 64 MiB of memory"),
        # Where one value alone is larger than all the interpreter may have.
        ("the worker exceeded its memory limit and was terminated", "more than 64 MiB of memory"),
        ("maximum recursion depth exceeded", "more than 50 deep"),
        ("suspension limit 25690 exceeded", "more than 12,345 times"),
    ],
)
def test_each_limit_is_named_with_its_bound(words: str, told: str) -> None:
    assert told in str(LIMITS.told(words))


def test_other_words_are_about_no_limit() -> None:
    assert LIMITS.told("list index out of range") is None
