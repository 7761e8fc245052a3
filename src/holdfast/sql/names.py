"""Which words of a query are names that it gives itself."""

from __future__ import annotations

from itertools import pairwise

from holdfast.query_words import NOTHING, Token
from holdfast.sql.vocabulary import CONTEXTUAL, KEYWORDS

_NAMES = ("word", "quoted")


def folded(token: Token) -> str:
    """As names are compared: an engine does not tell cases apart."""
    return spelt(token).casefold()


def spelt(token: Token) -> str:
    """A name without its quotes."""
    return token.text if token.kind == "word" else token.name


def given_names(tokens: list[Token]) -> set[str]:
    """Names that the query gives: after AS or LAMBDA, in WITH, and aliases that follow a name or a parenthesis."""
    given: set[str] = set()
    for index, (before, token) in enumerate(pairwise(tokens), start=1):
        after = tokens[index + 1] if index + 1 < len(tokens) else NOTHING
        if token.kind in _NAMES:
            follows_value = before.text == ")" or before.kind == "quoted" or _is_free(before)
            if before.name in ("AS", "LAMBDA", "WITH") or after.name == "AS" or (follows_value and _is_free(token)):
                given.add(folded(token))
        elif token.text == "(" and before.kind in _NAMES and index >= 2:
            given.update(_listed_names(tokens, index))
    return given


def _listed_names(tokens: list[Token], opening: int) -> set[str]:
    """The names of columns in `AS t(a, b)` and `WITH t(a, b) AS (`."""
    closing = next((i for i in range(opening, len(tokens)) if tokens[i].text == ")"), len(tokens) - 1)
    inside = tokens[opening + 1 : closing]
    defines = [token.text.upper() for token in tokens[closing + 1 : closing + 3]] == ["AS", "("]
    if tokens[opening - 2].name != "AS" and not defines:
        return set()
    return {folded(token) for token in inside if token.kind in _NAMES}


def _is_free(token: Token) -> bool:
    return token.kind == "quoted" or (
        token.kind == "word" and token.name not in KEYWORDS and token.name not in CONTEXTUAL
    )
