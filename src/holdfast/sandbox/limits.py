"""What one program may use up, and how a passed limit is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class SandboxLimits:
    """Bounds of one run. Time is the program's own computing; waiting for the host does not count.

    `calls` are all those of the host: reads, pages, `load` and `progress`; `pending` are those that may wait for their
    answers at the same time. Many more would keep the host's loop from everything else for longer than a heartbeat.
    """

    computing: timedelta = timedelta(seconds=180)
    memory_bytes: int = 256 << 20
    recursion: int = 400
    result_bytes: int = 64 << 20
    printed_bytes: int = 64 << 10
    calls: int = 1_000_000
    pending: int = 20_000

    def told(self, words: str) -> str | None:
        """What Monty's `words` for a passed limit mean, and what to do; None where they are about something else."""
        if words.startswith(("feed time limit exceeded", "turn time limit exceeded")):
            return self.too_long()
        if words.startswith(("memory limit exceeded", "the worker exceeded its memory limit")):
            return (
                f"The program needs more than {self.memory_bytes / (1 << 20):,.0f} MiB of memory; keep less of what it "
                "reads (`fields=…`), a page at a time where there are many."
            )
        if words.startswith("maximum recursion depth exceeded"):
            return f"The program's functions call one another more than {self.recursion:,} deep; use a loop."
        if words.startswith("suspension limit"):
            return self.too_many_calls()
        return None

    def too_long(self) -> str:
        """For more computing than a run may do."""
        return f"The program computed longer than {self.computing.total_seconds():g} s; let it do less for each row."

    def too_many_calls(self) -> str:
        """For more calls of the host than a run may make."""
        return (
            f"The program calls the host more than {self.calls:,} times; let it read lists, not each thing by itself."
        )

    def too_many_pending(self) -> str:
        """For more calls at the same time than a host can hold."""
        return (
            f"The program waits for more than {self.pending:,} calls at the same time; gather some thousands, and then "
            "the next ones."
        )

    def too_much_printed(self) -> str:
        """For a flood of `print`."""
        return (
            f"The program prints more than {self.printed_bytes >> 10:,} KiB; print less, the rows belong in `result`."
        )

    def too_large_a_result(self) -> str:
        """For more rows than a step can hand on."""
        return (
            f"The rows of `result` take more than {self.result_bytes / (1 << 20):,.0f} MiB; return fewer of them, or "
            "fewer columns."
        )
