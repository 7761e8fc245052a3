"""The words of an SQL query, each with its place; what cannot be told apart for certain is refused.

Strings and quoted names are read and written anew with the one escape that SQL has, the doubled quote.
"""

from __future__ import annotations

import re
from typing import Literal, cast

from holdfast.errors import QueryRefused
from holdfast.query_words import MAX_CHARACTERS, MAX_TOKENS, Token, TokenKind, refusal

_SPACE = " \t\r\n"
_TOKEN = re.compile(
    r"""
    [ \t\r\n]*+(?:
    (?P<word>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<string>'(?:[^']|'')*+')
  | (?P<quoted>"(?:[^"]|"")++")
  | (?P<number>(?:\d+\.\d+|\.\d+|\d+)(?:[eE][+-]?\d+)?(?![A-Za-z0-9_]))
  | (?P<comment>--|/\*)
  | (?P<symbol><>|!=|<=|>=|::|\|\||//|[-+*/%=<>,.:;()\[\]])
    )
    """,
    re.ASCII | re.DOTALL | re.VERBOSE,
)
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_ADVICE = {
    "'": "the string that begins here never ends; a quote inside is doubled",
    '"': "the quoted name that begins here is empty or never ends; a quote inside is doubled",
    "`": 'names are quoted with "',
    "$": "parameters are not allowed, write the value itself",
    "?": "parameters are not allowed, write the value itself",
}


def tokens_of(query: str) -> list[Token]:
    """Every token of `query`. Raises QueryRefused for comments, unknown characters and too long queries."""
    if len(query) > MAX_CHARACTERS:
        raise QueryRefused(f"The query has {len(query):,} characters; {MAX_CHARACTERS:,} are allowed.")
    tokens: list[Token] = []
    position, end = 0, len(query.rstrip(_SPACE))
    while position < end:
        match = _TOKEN.match(query, position)
        if match is None:
            raise _unknown_character(query, position)
        kind = cast("TokenKind | Literal['comment']", match.lastgroup)
        text, start = match[kind], match.start(kind)
        if kind == "comment":
            raise refusal(query, start, "comments are not allowed")
        if kind in ("string", "quoted") and (bad := _UNPRINTABLE.search(text)):
            raise refusal(query, start, f"a text holds the control character U+{ord(bad[0]):04X}")
        tokens.append(Token(kind, text, _name(kind, text), start))
        position = match.end()
    if len(tokens) > MAX_TOKENS:
        raise QueryRefused(f"The query has {len(tokens):,} words and signs; {MAX_TOKENS:,} are allowed.")
    return tokens


def quoted(name: str) -> str:
    """A name as it stands in a query."""
    return '"' + name.replace('"', '""') + '"'


def _name(kind: TokenKind, text: str) -> str:
    if kind == "word":
        return text.upper()
    return text[1:-1].replace('""', '"') if kind == "quoted" else ""


def _unknown_character(query: str, position: int) -> QueryRefused:
    while query[position] in _SPACE:
        position += 1
    character = query[position]
    reason = _ADVICE.get(character)
    if reason is None:
        shown = repr(character) if character.isprintable() else f"U+{ord(character):04X}"
        reason = f"the character {shown} is not allowed outside a text"
    return refusal(query, position, reason)
