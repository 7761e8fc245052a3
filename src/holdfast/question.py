"""What may be asked at all, before anyone tries to understand it."""

from __future__ import annotations

import unicodedata

from holdfast.answer import MAX_QUESTION_CHARACTERS
from holdfast.errors import InvalidQuestion


def checked_text(text: str) -> str:
    """The question without surrounding space. Raises InvalidQuestion where it is empty, too long or no text."""
    stripped = text.strip()
    if not stripped:
        raise InvalidQuestion("The question is empty. Ask for example: which contractors never logged in?")
    if any(unicodedata.category(character) == "Cs" for character in stripped):
        # What Python makes of bytes on the command line that are no UTF-8; it cannot be stored or sent.
        raise InvalidQuestion("The question holds bytes that are no UTF-8 text. Type it in a UTF-8 terminal.")
    if len(stripped) > MAX_QUESTION_CHARACTERS:
        raise InvalidQuestion(
            f"The question has {len(stripped):,} characters; at most {MAX_QUESTION_CHARACTERS:,} are read. "
            "Ask it in fewer words."
        )
    return stripped
