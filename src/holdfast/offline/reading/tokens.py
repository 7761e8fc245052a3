"""A question as words with their places, so that a refusal can name them as they were typed."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from holdfast.graph.vocabulary import folded, name_key

# Alternatives in order: a quoted name, a moment, an e-mail address or login, "w/o" and "w/", a contraction of "not" or
# of a verb, a possessive, a number with its decimals, a word, a mark that changes what is meant ("100+", "10%",
# "!active"), one symbol that stands for a word.
_TOKEN: Final = re.compile(
    r"""
      (?P<quoted>"[^"]*"|“[^”]*”|„[^“”]*[“”]|«[^»]*»|`[^`]*`|(?<![\w])'[^']+'(?!\w)|(?<![\w])‘[^’]+’(?!\w))
    | (?P<moment>\d{4}-\d{2}-\d{2}(?:[T\ ]\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:\s?(?:Z|UTC))?)?)
    | (?P<address>[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)*)
    | (?P<short>(?<!\w)w/o?(?!\w))
    | (?P<negated>\w+n['’]t\b)
    | (?P<verb>(?<=\w)['’](?:ve|re|m)(?!\w))
    | (?P<possessive>['’]s(?!\w)|(?<=s)['’](?![\w]))
    | (?P<word>\w+)
    | (?P<mark>>=|<=|!=|[,;()=<>&|/]|(?<=\d)[+%]|(?<=\s)\+(?=\s)|~(?=\d)|!(?=\w))
    | (?P<symbol>[^\s\w!-/:-@\[-`{-~‘’ʼ])
    """,
    re.VERBOSE,
)
_IRREGULAR: Final = {"can't": "can", "won't": "will", "shan't": "shall", "ain't": "is", "cannot": "can"}
_SHORT: Final = {"w/o": "without", "w/": "with", "ve": "have", "re": "are", "m": "am"}
# Words after which a possessive ending is a verb: "who's in Finance".
_IS_FOLLOWS: Final = frozenset({"who", "what", "that", "which", "there", "here", "it", "where"})


@dataclass(frozen=True)
class Token:
    """One word. `key` is what it is compared by; `text` stands in the question from `start` to `end`."""

    key: str
    text: str
    start: int
    end: int
    quoted: bool = False
    # How the key of a name that holds this word spells it; may be several words (an address) or none.
    name: str = ""
    # A mark that holds a text together, or ends a word cut off: "gmail.com", "Eng-".
    tail: str = ""


def tokenise(question: str) -> tuple[Token, ...]:
    """The words of a question. Punctuation that ends or separates sentences is left out, commas are kept."""
    found: list[Token] = []
    for match in _TOKEN.finditer(question):
        found.extend(_tokens(match, found[-1].key if found else ""))
        mark, following = question[match.end() : match.end() + 1], question[match.end() + 1 : match.end() + 2]
        if match["word"] and (mark == "-" or (mark in (".", "@") and following.isalnum())):
            found[-1] = replace(found[-1], tail=mark)
    return tuple(found)


def _tokens(match: re.Match[str], before: str) -> list[Token]:
    text, start, end = match[0], match.start(), match.end()
    plain = folded(text)
    if match["quoted"]:
        inner = text[1:-1]
        return [Token(inner, inner, start + 1, end - 1, quoted=True, name=name_key(inner))]
    if match["negated"] or plain == "cannot":
        verb = _IRREGULAR.get(plain, plain[:-3])
        return [Token(verb, text, start, end, name=verb), Token("not", text, start, end)]
    if match["possessive"]:
        key = "is" if before in _IS_FOLLOWS else "'s"
        return [Token(key, text, start, end, name="'s" if len(text) > 1 else "")]
    if match["short"] or match["verb"]:
        return [Token(_SHORT[plain.lstrip("'")], text, start, end)]
    if match["moment"]:
        return [Token(text, text, start, end, name=name_key(text))]
    key = "," if plain == ";" else plain
    return [Token(key, text, start, end, name=name_key(text) if match["mark"] is None else "")]
