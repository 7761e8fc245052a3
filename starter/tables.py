"""Tables that stay readable however narrow the terminal is, and lose nothing.

A table that does not fit is tried in this order, until one does: wrapped between words; with what is the same in
every row said once above it; wrapped also inside logins and names in capitals, at their joints; one record below the
other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table as RichTable
from rich.text import Text

# What rich puts between two columns of this box: a space of padding, the edge, a space of padding.
_GAP = 3
# A longer piece (a link, a key) is cut where the line ends.
_LONGEST_PIECE = 32

# What wrapping must keep together: a word with the space before it, or the part of a word up to its next joint.
_WORDS = re.compile(r"\s*\S+")
_JOINTS = re.compile(r"\s*(?:@?[^\s@_/-]+[_/-]*|[@_/-]+)")

Row = tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Texts that were made visible already, in columns; those of `numbers` stand at the right."""

    headings: Row
    rows: tuple[Row, ...]
    numbers: frozenset[int] = frozenset()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        # A pipe keeps one record on one line.
        width = options.max_width if console.is_terminal else None
        yield from _drawn(self, width)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Iterable[int] = ()) -> Table:
    """A table of texts that were made visible already; the columns of `numbers` stand at the right."""
    return Table(tuple(headings), tuple(tuple(row) for row in rows), frozenset(numbers))


def _drawn(whole: Table, width: int | None) -> Iterator[RenderableType]:
    if width is None or not whole.rows:
        yield _grid(whole, None, _WORDS)
        return
    same, rest = _without_the_same(whole)
    attempts = ((whole, (), _WORDS), (rest, same, _WORDS), (rest, same, _JOINTS))
    for columns, said, pieces in attempts:
        if (widths := _widths(columns, width, pieces)) is not None:
            if said:
                yield Text(f"In every row shown: {'; '.join(f'{name} {value}' for name, value in said)}\n", style="dim")
            yield _grid(columns, widths, pieces)
            return
    yield from _records(whole)


def _without_the_same(whole: Table) -> tuple[tuple[tuple[str, str], ...], Table]:
    """Name and value of the columns that say the same in every row, and the table without them."""
    is_same = [len(whole.rows) > 1 and len(set(column)) == 1 for column in zip(*whole.rows, strict=True)]
    kept = [index for index, same in enumerate(is_same) if not same]
    if not kept:
        return (), whole
    said = tuple((whole.headings[i], whole.rows[0][i] or "(none)") for i, same in enumerate(is_same) if same)
    rest = Table(
        headings=tuple(whole.headings[i] for i in kept),
        rows=tuple(tuple(row[i] for i in kept) for row in whole.rows),
        numbers=frozenset(new for new, old in enumerate(kept) if old in whole.numbers),
    )
    return said, rest


def _widths(columns: Table, width: int, pieces: re.Pattern[str]) -> list[int] | None:
    """What each column gets of `width` characters; None where their longest pieces do not fit beside each other."""
    texts = list(zip(columns.headings, *columns.rows, strict=True))
    widths = [max(_least(text, pieces) for text in column) for column in texts]
    wanted = [max(cell_len(text) for text in column) for column in texts]
    room = width - _GAP * (len(texts) - 1) - sum(widths)
    if room < 0:
        return None
    # Whoever lacks least gets first, so that as many columns as possible need not wrap.
    for index in sorted(range(len(texts)), key=lambda i: wanted[i] - widths[i]):
        given = min(room, wanted[index] - widths[index])
        widths[index] += given
        room -= given
    return widths


def _least(text: str, pieces: re.Pattern[str]) -> int:
    longest = max((cell_len(piece.strip()) for piece in pieces.findall(text)), default=1)
    return min(longest, _LONGEST_PIECE)


def _grid(columns: Table, widths: Sequence[int] | None, pieces: re.Pattern[str]) -> RichTable:
    shown = RichTable(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)

    def text(value: str, index: int) -> Text:
        # Text, never a string: rich reads markup in strings, and names may hold brackets.
        return Text(value if widths is None else _wrapped(value, widths[index], pieces))

    for index, heading in enumerate(columns.headings):
        justify: Literal["right", "left"] = "right" if index in columns.numbers else "left"
        width = None if widths is None else widths[index]
        shown.add_column(text(heading, index), justify=justify, overflow="fold", width=width)
    for row in columns.rows:
        shown.add_row(*(text(value, index) for index, value in enumerate(row)))
    return shown


def _wrapped(text: str, width: int, pieces: re.Pattern[str]) -> str:
    """The text in lines of at most `width`, broken between pieces; a longer piece keeps a line of its own."""
    lines = [""]
    for piece in pieces.findall(text):
        if cell_len(lines[-1] + piece) <= width or not lines[-1]:
            lines[-1] += piece if lines[-1] else piece.lstrip()
        else:
            lines.append(piece.lstrip())
    return "\n".join(lines)


def _records(whole: Table) -> Iterator[Text]:
    """One record below the other, each value beside the name of its column."""
    name_width = max(cell_len(heading) for heading in whole.headings)
    for number, row in enumerate(whole.rows):
        if number:
            yield Text()
        for heading, value in zip(whole.headings, row, strict=True):
            if value:
                yield Text(f"{heading}{' ' * (name_width - cell_len(heading))}  {value}")
