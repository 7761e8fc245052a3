"""Words of people, models and the tenant, as they stand in Markdown: as text, never as markup."""

from __future__ import annotations

import re

# What Markdown takes for more than text where it stands in a line, and what begins a tag or an address.
_MARKUP = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~&:@])")
# An operator reads the beginning; the whole is in the answer.
_MOST_CHARACTERS = 300


def as_text(words: str, most: int = _MOST_CHARACTERS) -> str:
    """Words on one line that Markdown shows as they are, without what is too long. They begin no line."""
    line = " ".join(words.split())
    shown = line if len(line) <= most else f"{line[: most - 1]}…"
    return _MARKUP.sub(r"\\\1", shown)
