"""The kinds of events of `events.toml`, and the ways to say that they happened."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final, Literal

from holdfast.offline.live.log.shapes import Ended, EventSet, Facet
from holdfast.offline.reading.lexicon import Phrases
from holdfast.offline.reading.tokens import tokenise

Slot = Literal["person", "group", "app", "role"]
_PIECE: Final = re.compile(r"\[([^\]]*)\]|\(([^)]*\|[^)]*)\)|(\{\w+\})|(\*)|([^\s\[{*]+)")
# What each end of an event is called in its outcome.
RESULTS: Final[Mapping[Ended, tuple[str, ...]]] = {
    Ended.ANY: (),
    Ended.SUCCESS: ("SUCCESS", "ALLOW"),
    Ended.FAILURE: ("FAILURE",),
    Ended.DENIAL: ("DENY",),
}


@dataclass(frozen=True)
class Kind:
    """A kind of events. `person` is the side of an event on which the one stands whom it is about."""

    name: str
    title: str
    types: tuple[str, ...]
    denials: tuple[str, ...]
    usual: tuple[str, ...]
    person: Literal["actor", "target"] | None
    shows: tuple[Facet, ...]

    def types_of(self, ended: Ended) -> tuple[str, ...]:
        """The event types; of denials also those that nothing else is written under."""
        return (*self.types, *self.denials) if ended is Ended.DENIAL else self.types

    def results(self, ended: Ended) -> tuple[str, ...]:
        """The outcomes that count; none: every one."""
        return self.usual if ended is Ended.USUAL else RESULTS[ended]


@dataclass(frozen=True)
class Frame:
    """One way to say that an event happened: words, the slots between them, and where "was" stands."""

    pieces: tuple[str, ...]
    event: EventSet
    # What it tells of whoever stands before it: that they did it, that it was done to them, that they got something.
    side: Literal["did", "was", "got"]


@dataclass(frozen=True, eq=False)
class EventWords:
    """All that `events.toml` holds."""

    kinds: Mapping[str, Kind]
    nouns: Phrases[str]
    # Frames by their first word; what begins with a slot by that slot: "{person}".
    frames: Mapping[str, tuple[Frame, ...]]
    # The same with the verb in its first form: "(did Dana) deny a push".
    asked: Mapping[str, tuple[Frame, ...]]
    outcomes: Phrases[Ended]
    outcomes_after: Phrases[Ended]
    facets: Phrases[Facet]
    facets_asked: Phrases[Facet]
    reasons: Phrases[str]
    words: Mapping[str, Phrases[None]]
    countries: Phrases[str]
    spellings: Mapping[str, tuple[str, ...]]
    # Type of an admin role → what a log calls it.
    role_labels: Mapping[str, str]

    @property
    def tables(self) -> tuple[Phrases[Any], ...]:
        """Every table of phrases, for telling which words of a question nothing reads."""
        plain = (self.nouns, self.outcomes, self.outcomes_after, self.facets, self.facets_asked, self.reasons)
        return (*plain, self.countries, *self.words.values())

    def frame_words(self) -> frozenset[str]:
        """Every word of every frame."""
        frames = [*self.frames.values(), *self.asked.values()]
        return frozenset(piece for found in frames for frame in found for piece in frame.pieces if piece[0] not in "{*")


def expanded(pattern: str) -> Iterator[tuple[str, ...]]:
    """Every sequence of words and slots that a pattern stands for."""
    found: list[tuple[str, ...]] = [()]
    for match in _PIECE.finditer(pattern):
        maybe, one_of, slot, was, word = match.groups()
        if maybe is not None or one_of is not None:
            choices = [_words(text) for text in (maybe or one_of).split("|")]
            choices += [()] if maybe is not None else []
        else:
            choices = [(slot or was,)] if slot or was else [_words(word)]
        found = [(*before, *choice) for before in found for choice in choices]
    yield from found


def _words(text: str) -> tuple[str, ...]:
    # A slot may stand inside a choice: "[to {app}]".
    return tuple(
        piece
        for part in re.split(r"(\{\w+\})", text)
        for piece in ([part] if part.startswith("{") else [token.key for token in tokenise(part)])
    )


def _frames(data: Mapping[str, Any], base: Mapping[str, str] | None) -> dict[str, tuple[Frame, ...]]:
    """By their first piece. With `base`, only those that begin with a verb, in its first form."""
    found: dict[str, dict[Frame, None]] = {}
    for name, kind in data["sets"].items():
        for frame in _frames_of(name, kind):
            pieces = frame.pieces
            if base is not None:
                if pieces[0] not in base or frame.side == "was":
                    continue
                pieces = _first_form(pieces, base)
            found.setdefault(pieces[0], {})[Frame(pieces, frame.event, frame.side)] = None
    return {first: tuple(frames) for first, frames in found.items()}


def _frames_of(name: str, kind: Mapping[str, Any]) -> Iterator[Frame]:
    ends = {"failed": Ended.FAILURE, "denied": Ended.DENIAL}
    sides: Mapping[str, Literal["did", "was", "got"]] = {"was": "was", "got": "got"}
    for key in ("did", "failed", "denied", "was", "got"):
        for pattern in kind.get(key, ()):
            for pieces in expanded(pattern):
                event = EventSet(name=name, ended=ends.get(key, Ended.USUAL))
                yield Frame(pieces, event, sides.get(key, "did"))


def _first_form(pieces: tuple[str, ...], base: Mapping[str, str]) -> tuple[str, ...]:
    """ "Really opened" → "really open"."""
    last = 1 if pieces[0] in ("really", "actually") else 0
    return tuple(base.get(piece, piece) if at <= last else piece for at, piece in enumerate(pieces))


def _phrases(section: Mapping[str, Iterable[str]]) -> Iterator[tuple[str, str]]:
    return ((word, name) for name, words in section.items() for word in words)


@cache
def event_words() -> EventWords:
    """The words, read once."""
    data = tomllib.loads(files(__package__).joinpath("events.toml").read_text(encoding="utf-8"))
    countries = data["countries"] | {name: [] for name in data["more_countries"]["names"]}
    return EventWords(
        kinds={name: _kind(name, kind) for name, kind in data["sets"].items()},
        nouns=Phrases((w, name) for name, kind in data["sets"].items() for w in (kind["title"], *kind["nouns"])),
        frames=_frames(data, None),
        asked=_frames(data, data["verbs"]),
        outcomes=Phrases((w, Ended(name)) for w, name in _phrases(data["outcomes"])),
        outcomes_after=Phrases((w, Ended(name)) for w, name in _phrases(data["outcomes_after"])),
        facets=Phrases((w, Facet(name)) for w, name in _phrases(data["facets"])),
        facets_asked=Phrases((w, Facet(name)) for w, name in _phrases(data["facets_asked"])),
        reasons=Phrases(_phrases(data["reasons"])),
        words={name: Phrases((word, None) for word in words) for name, words in data["words"].items()},
        countries=Phrases((word, name) for name, others in countries.items() for word in (name, *others)),
        spellings={name: (name, *others) for name, others in countries.items()},
        role_labels=data["role_labels"],
    )


def _kind(name: str, data: Mapping[str, Any]) -> Kind:
    return Kind(
        name=name,
        title=data["title"],
        types=tuple(data["types"]),
        denials=tuple(data.get("denials", ())),
        usual=tuple(data["usual"]),
        person=data.get("person"),
        shows=tuple(Facet(facet) for facet in data["shows"]),
    )


def kind_of(event: EventSet) -> Kind:
    """What an event set of a plan names. Raises KeyError for one that there is not."""
    return event_words().kinds[event.name]
