"""What the command line says of itself."""

from __future__ import annotations

import pytest

from tests.unit.cli.runner import run

ALL = [
    *(["demo"], ["up"], ["down"], ["sync"], ["doctor"], ["settings"], ["tenant", "serve"], ["tenant", "export"]),
    *(["ask"], ["list"], ["status"], ["watch"], ["plan"], ["export"]),
    *(["pause"], ["resume"], ["cancel"], ["review"]),
]


@pytest.mark.parametrize("command", ALL)
def test_every_command_has_help_with_an_example(command: list[str]) -> None:
    shown = run(*command, "--help")
    assert shown.exit_code == 0
    assert "Example: holdfast " + " ".join(command) in " ".join(shown.stdout.split())


def test_the_exit_codes_are_in_the_help() -> None:
    shown = " ".join(run("--help").stdout.split())
    for words in ("0 answered", "2 wrong usage", "3 refused", "4 failed", "5 cannot reach"):
        assert words in shown
