"""Words of people, models and the tenant, as they stand in Markdown: as text, never as markup."""

from __future__ import annotations

import re

# What Markdown takes for more than text within a line, what begins a tag, an address or the cell of a table.
_MARKUP = re.compile(r"([\\`*_\[\]<>~&:@|])")
# What begins a heading, a list or a rule at the beginning of one.
_BEGINNING = re.compile(r"^(\d*)([#+\-=.)])")
# An operator reads the beginning; the whole is in the answer.
_MOST_CHARACTERS = 300


def as_text(words: str, most: int = _MOST_CHARACTERS) -> str:
    """Words on one line that Markdown shows as they are, without what is too long."""
    line = " ".join(words.split())
    shown = line if len(line) <= most else f"{line[: most - 1]}…"
    return _BEGINNING.sub(r"\1\\\2", _MARKUP.sub(r"\\\1", shown))
