"""What `holdfast doctor` says of one part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.text import Text

Verdict = Literal["ok", "note", "bad"]

_STYLES: dict[Verdict, tuple[str, str]] = {"ok": ("✓", "green"), "note": ("!", "yellow"), "bad": ("✗", "red")}


@dataclass(frozen=True)
class Check:
    """What was looked at, how it is, and what to do."""

    part: str
    verdict: Verdict
    finding: str


def show(console: Console, check: Check) -> None:
    """One line for a check."""
    sign, style = _STYLES[check.verdict]
    console.print(Text(f"{sign} {check.part:<15} ", style=style) + Text(check.finding))
