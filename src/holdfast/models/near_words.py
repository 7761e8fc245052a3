"""The tenant's own words near a question: what a model is told instead of the whole vocabulary."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from threading import Lock
from typing import Final

from holdfast.graph.snapshots import Snapshot
from holdfast.graph.vocabulary import TenantWord, Vocabulary, WordKind, name_key

MOST_WORDS: Final = 24
# Things of one name that are listed; that there are more is itself worth knowing, so one more is looked up.
_OF_ONE_NAME: Final = 4
_BEGINNINGS: Final = 3
_CLOSE: Final = 2
_LONGEST_NAME: Final = 6
# A question has some twenty words; what comes later in a text of a thousand is not looked up.
_WORDS_READ: Final = 150
# A shorter beginning, a shorter part of a name, or a shorter word with a slip in it may be anything.
_SHORTEST_BEGINNING: Final = 4
_SHORTEST_WITHIN: Final = 3
_SHORTEST_SLIP: Final = 5
_ALIKE: Final = 0.8
# Each is compared with every word of every group and application: a question of slips only is nobody's.
_SLIPS_TRIED: Final = 12
# Names longer than this are told by nobody in a question; one must not crowd out the others.
_LONGEST_TEXT: Final = 200
# Kinds of which a tenant has at most some thousands, so that names may be looked into.
_SMALL_KINDS: Final = (
    WordKind.GROUP,
    WordKind.APPLICATION,
    WordKind.ROLE,
    WordKind.POLICY,
    WordKind.ZONE,
    WordKind.ATTRIBUTE,
    WordKind.VALUE,
)
_OF_PEOPLE: Final = frozenset({WordKind.PERSON, WordKind.PERSON_PART})
# Columns whose values are listed whole where there are few of them.
_CLOSED: Final = ("user_type", "department")
_FEW: Final = 15
_KEPT_SNAPSHOTS: Final = 2


@dataclass(frozen=True)
class NearWords:
    """`words` fit the text, the surest first; `closed` lists all values of columns that have few."""

    words: tuple[TenantWord, ...]
    closed: Mapping[str, tuple[str, ...]]


class TenantLexicon:
    """Looks words up in the vocabularies of snapshots. Safe to share between threads; the lookups block.

    With `people` false it names nobody: groups, applications, attributes and their values only.
    """

    def __init__(self, *, people: bool = True) -> None:
        self._kept_back = frozenset() if people else _OF_PEOPLE
        self._opened: dict[str, _Opened] = {}
        self._lock = Lock()

    def near(self, text: str, snapshot: Snapshot) -> NearWords:
        """At most `MOST_WORDS` of the tenant's words that `text` names, begins or misspells. Raises SnapshotDamaged."""
        opened = self._open(snapshot)
        near = [word for word in opened.near(name_key(text).split()) if word.kind not in self._kept_back]
        found = {(word.kind, word.id, word.detail): word for word in reversed(near)}
        return NearWords(tuple(reversed(found.values()))[:MOST_WORDS], opened.closed)

    def _open(self, snapshot: Snapshot) -> _Opened:
        name = str(snapshot.directory)
        with self._lock:
            opened = self._opened.pop(name, None) or _Opened(Vocabulary.load(snapshot.vocabulary_file))
            self._opened[name] = opened
            while len(self._opened) > _KEPT_SNAPSHOTS:
                del self._opened[next(iter(self._opened))]
        return opened


class _Opened:
    """One vocabulary, with the words within names of the small kinds."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._within: dict[str, list[TenantWord]] = defaultdict(list)
        values: dict[str, list[str]] = defaultdict(list)
        for kind in _SMALL_KINDS:
            for word in vocabulary.of_kind(kind):
                if word.id == word.name and kind is not WordKind.VALUE:
                    continue  # an id as a name is found whole or not at all
                if kind is WordKind.VALUE:
                    values[word.detail].append(word.name)
                for part in name_key(word.name).split():
                    self._within[part].append(word)
        few = {column: tuple(sorted(values[column])) for column in _CLOSED if 0 < len(values[column]) <= _FEW}
        self.closed: Mapping[str, tuple[str, ...]] = few

    def near(self, words: Sequence[str]) -> Iterator[TenantWord]:
        """Whole names, then parts of names, beginnings and slips; a word that was found is not looked for again."""
        words = words[:_WORDS_READ]
        read: set[int] = set()
        yield from self._whole(words, read)
        strange = [at for at in range(len(words)) if at not in read and words[at] not in _EVERYDAY]
        for find in (self._within_names, self._begun):
            for at in strange:
                if at not in read and (found := list(find(words, at))):
                    read.add(at)
                    yield from found
        for at in [at for at in strange if at not in read][:_SLIPS_TRIED]:
            yield from self._slips(words[at])

    def _whole(self, words: Sequence[str], read: set[int]) -> Iterator[TenantWord]:
        for length in range(min(_LONGEST_NAME, len(words)), 0, -1):
            for at in range(len(words) - length + 1):
                span = range(at, at + length)
                if read.issuperset(span) or (length == 1 and words[at] in _SHORT):
                    continue
                if found := self._named(" ".join(words[at : at + length])):
                    read.update(span)
                    yield from found

    def _named(self, key: str) -> list[TenantWord]:
        # The same name may be listed for one thing more than once: as a name, a login, an e-mail.
        return list(_tellable(self._vocabulary.named(key, _OF_ONE_NAME + 1)))

    def _begun(self, words: Sequence[str], at: int) -> Iterator[TenantWord]:
        two = " ".join(words[at : at + 2])
        for key in (two, words[at]):
            if len(key) >= _SHORTEST_BEGINNING and (found := self._vocabulary.beginning_with(key, _BEGINNINGS)):
                yield from _tellable(found)
                return

    def _within_names(self, words: Sequence[str], at: int) -> Iterator[TenantWord]:
        if len(words[at]) >= _SHORTEST_WITHIN:
            yield from _tellable(self._within.get(words[at], [])[:_OF_ONE_NAME])

    def _slips(self, word: str) -> Iterator[TenantWord]:
        if len(word) < _SHORTEST_SLIP:
            return
        likely = [part for part in self._within if abs(len(part) - len(word)) <= 2]
        for part in get_close_matches(word, likely, n=_CLOSE, cutoff=_ALIKE):
            yield from _tellable(self._within[part][:_CLOSE])


def _tellable(words: Iterable[TenantWord]) -> Iterator[TenantWord]:
    return (word for word in words if len(word.name) <= _LONGEST_TEXT)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Words of questions. A thing may be called so as a whole, but none is the beginning of a name, or one with a slip.
_EVERYDAY: Final = _words(
    """
    a about access account accounts active all also an and any app application applications apps are assigned at be
    been before but by can compare count created date day days did different direct directly do does each every factor
    factors find first for from give group groups had has have how in into is it last list log logged login made many
    me member members month months more most name names never no none not number of on one only open opens or other
    over people per person policies policy report reports role roles rule rules same share show sign signed since
    status tell than that the their them there these they this through time to top two type under user users was were
    what when where which who whom whose why will with without year years you
    """
)
# Alone these name nothing, though a tenant may call something so.
_SHORT: Final = frozenset(word for word in _EVERYDAY if len(word) <= 3)
