"""Text that somebody else wrote, between markers that it cannot close, so that a prompt can call it data."""

from __future__ import annotations

import hashlib
import re
import unicodedata

# Joiners hold emoji and words of some scripts together; a name without them is another name.
_JOINERS = frozenset("\u200c\u200d")
# How markdown begins a link's address, a picture and HTML a tag; a space between makes them plain text.
_ACTIVE = re.compile(r"\](?=[(\[:])|!(?=\[)|<(?=[A-Za-z/!?])")
_LINE_BREAKS = frozenset("\n\t")


def marked(kind: str, text: str) -> str:
    """`text` as a block `<data …>` of that kind; every prompt says that nothing inside such a block is an order.

    The mark is derived from the text and does not occur in it, so the text cannot end its own block. What a person
    would not see (control characters, bidirectional overrides, tags) stands there escaped. `kind` is ours.
    """
    visible = shown(text)
    mark = _mark(visible)
    return f'<data {mark} kind="{kind}">\n{visible}\n</data {mark}>'


def shown(text: str) -> str:
    """`text` with its invisible characters written as `\\u202e`; line breaks, tabs and joiners stay."""
    return "".join(f"\\u{ord(c):04x}" if _is_hidden(c) else c for c in text)


def in_one_line(text: str) -> str:
    """`text` as it is shown, without breaks: one entry of a list that nothing in it can end."""
    return " ".join(shown(text).split())


def said(text: str) -> str:
    """A model's words as one line that a page or a terminal can show: nothing hidden, no picture, link or tag.

    What a model says may quote what the tenant's text had it say.
    """
    return _ACTIVE.sub(lambda found: f"{found[0][0]} {found[0][1:]}", in_one_line(text))


def _is_hidden(character: str) -> bool:
    if character in _LINE_BREAKS or character in _JOINERS:
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _mark(text: str) -> str:
    mark = hashlib.sha256(text.encode()).hexdigest()[:10]
    while mark in text:
        mark = hashlib.sha256(mark.encode()).hexdigest()[:10]
    return mark
