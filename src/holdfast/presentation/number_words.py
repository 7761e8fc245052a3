"""Numbers in English words: twelve, twenty-one, a hundred and five, two thousand, the fourth."""

from __future__ import annotations

import re

_ONES = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth"
_SMALL = {word: value for value, word in enumerate(_ONES.split())}
_ROUND = {word: 10 * value for value, word in enumerate(_TENS.split(), start=2)}
_LARGE = {"hundred": 100, "thousand": 10**3, "million": 10**6, "billion": 10**9}
_PLACES = {word: value for value, word in enumerate(_ORDINALS.split(), start=1)}
_TO_NINETY = {**_SMALL, **_ROUND, **_PLACES}
# "first name", "a second factor" and "third-party" count nothing.
_PLACES_ALONE = frozenset(word for word, value in _PLACES.items() if value > 3)

_WORD = "|".join([*_TO_NINETY, *_LARGE, "dozen"])
WORD_RUN = rf"\b(?i:(?:{_WORD})s?(?:(?:[\s-]+and[\s-]+|[\s-]+)(?:{_WORD})s?)*)\b"
# "one" is a pronoun more often than a number; so it counts, and at the beginning of a sentence before a thing.
_COUNTS_ONE = re.compile(r"(?i:\b(?:only|just|exactly|precisely|there\s+(?:is|was))\s+)$")


def numbers_of_words(run: str, before: str) -> list[tuple[str, int]]:
    """The numbers of a run of number words, each as typed and its value; `before` is the text before the run.

    `twenty-one` is one number, `five, six` are two; "one", "first", "second" and "third" alone are none.
    """
    found: list[_Number] = []
    for word in re.finditer(r"[A-Za-z]+", run):
        if word[0].lower() == "and":
            found[-1].before_and()
        elif not found or not found[-1].takes(word[0].lower(), word.end()):
            found.append(_Number(word.start()))
            found[-1].takes(word[0].lower(), word.end())
    befores = (before, *("" for _ in found))
    return [(run[n.start : n.end], n.value) for n, said in zip(found, befores, strict=False) if n.counts_after(said)]


class _Number:
    """A number as its words come in."""

    def __init__(self, start: int) -> None:
        self.start = self.end = start
        self._words: list[str] = []
        # What is multiplied by its thousands or millions already, and the hundreds that words still add to.
        self._closed = 0
        self._open = 0
        # What the next small word must be below to belong to this number.
        self._room = 100
        self._least = 10**12
        self._ended = False

    @property
    def value(self) -> int:
        """What its words say."""
        return self._closed + self._open

    def takes(self, word: str, end: int) -> bool:
        """Whether the word, which ends there, goes on with this number; if so it is taken."""
        single = word if word in {*_TO_NINETY, *_LARGE, "dozen"} else word.removesuffix("s")
        taken = not self._ended and self._added(single)
        if taken:
            self._words.append(single)
            self.end = end
            self._ended = single in _PLACES or single == "dozen" or single != word
        return taken

    def before_and(self) -> None:
        """An "and" follows: a hundred and five is one number, twenty and five are two."""
        self._ended = self._ended or self._words[-1] not in _LARGE

    def _added(self, word: str) -> bool:
        """Add the word if it fits behind what is there."""
        starts = not self._words
        if word == "dozen" and (self._open or starts):
            self._open = max(self._open, 1) * 12
        elif word == "hundred" and (0 < self._open < 100 or starts):
            self._open, self._room = max(self._open, 1) * 100, 100
        elif word in _LARGE and word != "hundred" and _LARGE[word] < self._least and (self._open or starts):
            self._closed, self._open = self._closed + max(self._open, 1) * _LARGE[word], 0
            self._least, self._room = _LARGE[word], 1_000
        elif word in _TO_NINETY and (0 < _TO_NINETY[word] < self._room or starts):
            self._open, self._room = self._open + _TO_NINETY[word], 10 if word in _ROUND else 1
        else:
            return False
        return True

    def counts_after(self, before: str) -> bool:
        """Whether it is a number, after this text, and no pronoun or place."""
        if len(self._words) > 1:
            return True
        if self._words[0] == "one":
            return _COUNTS_ONE.search(before) is not None
        return self._words[0] not in _PLACES or self._words[0] in _PLACES_ALONE
