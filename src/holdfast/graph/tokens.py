"""The words of a Cypher query, each with its place; what cannot be told apart for certain is refused.

Strings are read and written anew with the two escapes on which both engines agree, so that no engine can see a
string end elsewhere than the guard did.
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
  | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
  | (?P<number>(?:\d+\.\d+|\.\d+|\d+)(?:[eE]-?\d+)?)
  | (?P<comment>/\*|//)
  | (?P<symbol><>|<=|>=|=~|->|<-|\.\.|[-+*/%^=<>.,:|()\[\]{};])
  | (?P<quoted>`[A-Za-z0-9 _.,:()/%#+-]+`)
    )
    """,
    re.ASCII | re.DOTALL | re.VERBOSE,
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))", re.DOTALL)
_ESCAPED = {"\\": "\\", "'": "'", '"': '"', "n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

_ADVICE = {
    "'": "the string that begins here never ends",
    '"': "the string that begins here never ends",
    "`": "a quoted name holds ASCII letters, digits, spaces and . , : ( ) / % # + - only and ends with `",
    "$": "parameters are not allowed, write the value itself",
    "!": "'!' is not allowed, inequality is written <>",
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
        if kind == "word":
            tokens.append(Token(kind, text, text.upper(), start))
        elif kind == "string":
            tokens.append(Token(kind, _string(query, text, start), "", start))
        elif kind == "comment":
            raise refusal(query, start, "comments are not allowed")
        else:
            tokens.append(Token(kind, text, text[1:-1] if kind == "quoted" else "", start))
        position = match.end()
    if len(tokens) > MAX_TOKENS:
        raise QueryRefused(f"The query has {len(tokens):,} words and signs; {MAX_TOKENS:,} are allowed.")
    return tokens


def _string(query: str, text: str, start: int) -> str:
    value = text[1:-1]
    if "\\" in value:
        value = _ESCAPE.sub(lambda escape: _unescaped(query, escape, start), value)
    if not value.isprintable() and (bad := _UNPRINTABLE.search(value)):
        raise refusal(query, start, f"a string holds the control character U+{ord(bad[0]):04X}")
    if "'" in value or "\\" in value:
        value = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{value}'"


def _unescaped(query: str, escape: re.Match[str], start: int) -> str:
    if escape[1]:
        return chr(int(escape[1], 16))
    if escape[2] not in _ESCAPED:
        raise refusal(query, start + 1 + escape.start(), rf"\{escape[2]} is no escape in a string; write \\ for \ ")
    return _ESCAPED[escape[2]]


def _unknown_character(query: str, position: int) -> QueryRefused:
    while query[position] in _SPACE:
        position += 1
    character = query[position]
    reason = _ADVICE.get(character)
    if reason is None:
        shown = repr(character) if character.isprintable() else f"U+{ord(character):04X}"
        reason = f"the character {shown} is not allowed outside a string"
    return refusal(query, position, reason)
