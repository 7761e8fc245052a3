"""The words of `lexicon.toml`, indexed by their first word."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.resources import files
from typing import Any, Generic, NamedTuple, TypeVar

from holdfast.offline.meaning.links import LINKS, Kind, Link
from holdfast.offline.reading.tokens import Token, tokenise

T = TypeVar("T")


class Phrases(Generic[T]):
    """Phrases of one or more words, each with what it means."""

    def __init__(self, entries: Iterable[tuple[str, T]]) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], T]]] = defaultdict(list)
        self._first: list[tuple[str, T]] = []
        for phrase, meaning in entries:
            keys = tuple(token.key for token in tokenise(phrase))
            if all(known != meaning for _, known in self._first):
                self._first.append((phrase, meaning))
            if (keys, meaning) not in self._by_first[keys[0]]:
                self._by_first[keys[0]].append((keys, meaning))

    def at(self, tokens: Sequence[Token], start: int) -> list[tuple[T, int]]:
        """Every phrase that stands at `start`, with the place after it."""
        if start >= len(tokens) or tokens[start].quoted:
            return []
        return [
            (meaning, start + len(keys))
            for keys, meaning in self._by_first.get(tokens[start].key, ())
            if len(keys) == 1 or _stands(keys, tokens, start)
        ]

    def phrases(self) -> Iterable[str]:
        """Every phrase, its words with one space between."""
        return [" ".join(keys) for entries in self._by_first.values() for keys, _ in entries]

    def words(self) -> Iterator[str]:
        """Every word of every phrase."""
        for entries in self._by_first.values():
            for keys, _ in entries:
                yield from keys

    def first_words(self) -> list[tuple[str, T]]:
        """The first phrase that the lexicon has for each meaning: how to say it."""
        return self._first


def _stands(keys: tuple[str, ...], tokens: Sequence[Token], start: int) -> bool:
    end = start + len(keys)
    return end <= len(tokens) and all(k == t.key and not t.quoted for k, t in zip(keys, tokens[start:end], strict=True))


class ColumnValue(NamedTuple):
    """An adjective: a column and the value that it must have."""

    column: str
    value: str


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The words by what they are good for; tables by kind hold what fits things of that kind."""

    filler: Phrases[None]
    asking: Phrases[None]
    closing: Phrases[None]
    also: Phrases[None]
    owners: Phrases[None]
    # "Paths" after "and", "with their"; "by which path" by itself.
    path_nouns: Phrases[None]
    path_adverbs: Phrases[None]
    # "(Admin role) assignments": each with its path.
    role_assignments: Phrases[None]
    # directly, group
    ways: Phrases[str]
    whole: Phrases[None]
    no: Phrases[None]
    counting: Phrases[None]
    each: Phrases[None]
    breakdown: Phrases[None]
    headcount: Phrases[None]
    size_of: Phrases[None]
    # most, fewest, top, bottom, largest, smallest, size, by, count_after
    ranking: Phrases[str]
    # newest, oldest, newest_first, oldest_first, sorted, by, then, ascending, descending, alphabetically
    sorting: Phrases[str]
    # none, any, every; before a row of names
    quantified: Phrases[str]
    # and, or, and_not
    connecting: Phrases[str]
    who: Phrases[None]
    auxiliaries: Phrases[None]
    negation: Phrases[None]
    nouns: Phrases[Kind]
    nobody: Phrases[Kind]
    # "members of Finance": the noun's link to what follows "of".
    outlines: Phrases[Link]
    links: Mapping[Kind, Phrases[Link]]
    having: Phrases[str]
    suffixes: Phrases[Link]
    only: Phrases[None]
    # second, any: after what somebody has only, "(SMS) as a second factor"; after what it is, "(SMS) only".
    as_factor: Phrases[str]
    only_after: Phrases[str]
    # What may be unread, by its marker's column; known, unknown.
    markers: Mapping[Kind, Phrases[str]]
    unread: Phrases[str]
    bounds: Phrases[str]
    numbers: Mapping[str, int]
    empty: Mapping[Kind, Phrases[Link]]
    linked: Mapping[Kind, Phrases[Link]]
    values: Mapping[Kind, Phrases[ColumnValue]]
    # Adjectives for flags: "built-in", "unregistered".
    flags: Mapping[Kind, Phrases[ColumnValue]]
    # "Protected only by the catch-all rule"; "require MFA" (yes, no); "(which rule) put (Dana in Sales)".
    only_catch_all: Phrases[None]
    provisioning: Phrases[None]
    provisioning_features: tuple[str, ...]
    requires_mfa: Phrases[str]
    put: Phrases[None]
    phishing_resistant: Phrases[None]
    phishing_resistant_types: tuple[str, ...]
    user_types: Phrases[str]
    attributes: Mapping[Kind, Phrases[str]]
    times: Mapping[Kind, Phrases[str]]
    # "With no login since May": nouns for what a time tells of.
    time_nouns: Mapping[Kind, Phrases[str]]
    # "Whose password was changed in May": things of somebody, and what happened to them.
    told_things: Mapping[Kind, Phrases[str]]
    told_verbs: Mapping[Kind, Phrases[str]]
    # Says by itself that something happened, with a time: "active in the last 7 days".
    busy: Mapping[Kind, Phrases[str]]
    signing_on: Phrases[None]
    quiet: Mapping[Kind, Phrases[str]]
    # Contractors "working as", before a job title.
    employed: Phrases[None]
    # Nouns for the account of somebody who is spoken of: "people with an active account".
    accounts: Phrases[None]
    # With contractors "as direct reports", with Dana "as their manager", with "the same manager as" Dana.
    reporting: Phrases[None]
    as_manager: Phrases[None]
    same_manager: Phrases[None]
    # Dana's "details".
    details: Phrases[None]
    # Dana's "peers".
    colleagues: Phrases[None]
    # With "an empty" title.
    blank: Phrases[None]
    # "New" users this year; "joiners" this year.
    new: Phrases[None]
    newcomers: Phrases[None]
    # Adjectives that are nouns as well: "leavers".
    noun_values: Mapping[Kind, Phrases[ColumnValue]]
    # Before a value that stands beside its attribute: "belonging to (the Finance department)".
    attached: Phrases[None]
    # whose, is, is_not, contains, starts, ends, does_not, missing, present, named
    comparing: Phrases[str]
    # Numbers and comparisons: percentage, coverage, median, …; see `[figuring]`.
    figuring: Phrases[str]
    # "E-mail", "phone": attributes that are looked at together for duplicates.
    pools: Phrases[str]
    pooled: Mapping[str, tuple[str, ...]]
    flows: Phrases[str]
    places: Phrases[None]
    yes_no: Phrases[None]
    change: Phrases[None]
    # "(Dana should be) suspended": what an order has done.
    changed: Phrases[None]

    @cached_property
    def tables(self) -> tuple[Phrases[Any], ...]:
        """Every table of phrases."""
        found = [t for value in vars(self).values() for t in (value.values() if isinstance(value, dict) else [value])]
        return tuple(table for table in found if isinstance(table, Phrases))


def _plain(words: Iterable[str]) -> Phrases[None]:
    return Phrases((word, None) for word in words)


def _by_meaning(section: Mapping[str, Any]) -> Phrases[str]:
    return Phrases((word, name) for name, words in section.items() if isinstance(words, list) for word in words)


def _by_kind(section: Mapping[str, Mapping[str, Sequence[str]]]) -> dict[Kind, Phrases[str]]:
    found = {Kind(kind): _by_meaning(words) for kind, words in section.items()}
    return {kind: found.get(kind, Phrases(())) for kind in Kind}


def _told(
    section: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]], part: str
) -> dict[str, dict[str, Sequence[str]]]:
    return {kind: {column: words[part] for column, words in told.items()} for kind, told in section.items()}


def _links_by_kind(entries: Iterable[tuple[Link, Sequence[str]]]) -> dict[Kind, Phrases[Link]]:
    found = list(entries)
    return {
        kind: Phrases((word, link) for link, words in found if LINKS[link].source is kind for word in words)
        for kind in Kind
    }


def _constant(value: str) -> tuple[str, ...]:
    """A value as Okta writes it: `APP_GROUP`, and with spaces."""
    return (value, value.replace("_", " ")) if value.replace("_", "").isalnum() and value.isupper() else ()


def _values(section: Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]) -> dict[Kind, Phrases[ColumnValue]]:
    return {
        kind: Phrases(
            (word, ColumnValue(column, value))
            for column, values in section.get(kind.value, {}).items()
            for value, words in values.items()
            for word in (*words, *_constant(value))
        )
        for kind in Kind
    }


@cache
def lexicon() -> Lexicon:
    """The lexicon, read once."""
    # Long, since it has a line for each table of the file, in the file's order: parted it would be harder to check.
    data = tomllib.loads(files(__package__).joinpath("lexicon.toml").read_text(encoding="utf-8"))
    numbers = {name: words for name, words in data["numbers"].items() if name != "words"}
    return Lexicon(
        filler=_plain(data["filler"]["words"]),
        asking=_plain(data["asking"]["words"]),
        closing=_plain(data["closing"]["words"]),
        also=_plain(data["also"]["words"]),
        owners=_plain(data["also"]["owners"]),
        path_nouns=_plain(data["paths"]["nouns"]),
        path_adverbs=_plain(data["paths"]["adverbs"]),
        role_assignments=_plain(data["paths"]["role_assignments"]),
        ways=_by_meaning(data["ways"]),
        whole=_plain(data["whole"]["words"]),
        no=_plain(data["no"]["words"]),
        counting=_plain(data["counting"]["words"]),
        each=_plain(data["counting"]["each"]),
        breakdown=_plain(data["counting"]["breakdown"]),
        headcount=_plain(data["counting"]["headcount"]),
        size_of=_plain(data["counting"]["size_of"]),
        ranking=_by_meaning(data["ranking"]),
        sorting=_by_meaning(data["sorting"]),
        quantified=_by_meaning(data["quantified"]),
        connecting=_by_meaning({k: v for k, v in data["connecting"].items() if k in ("and", "or", "and_not")}),
        who=_plain(data["connecting"]["who"]),
        auxiliaries=_plain(data["connecting"]["auxiliaries"]),
        negation=_plain(data["connecting"]["not"]),
        nouns=Phrases((word, Kind(kind)) for kind, words in data["nouns"].items() for word in words),
        nobody=Phrases((word, Kind(kind)) for kind, words in data["nobody"].items() for word in words),
        outlines=Phrases((word, Link(link)) for link, words in data["outlines"].items() for word in words),
        links=_links_by_kind((Link(link), words) for link, words in data["links"].items()),
        having=_by_meaning(data["having"]),
        only=_plain(data["only"]["words"]),
        as_factor=_by_meaning(data["only"]["as"]),
        only_after=_by_meaning(data["only"]["after"]),
        markers=_by_kind(data["markers"]),
        unread=_by_meaning(data["unread"]),
        suffixes=Phrases((word, Link(link)) for link, words in data["suffixes"].items() for word in words),
        bounds=_by_meaning(numbers),
        numbers=data["numbers"]["words"],
        empty=_links_by_kind((Link(entry["link"]), entry["words"]) for entry in data["empty"].values()),
        linked=_links_by_kind((Link(k), words) for section in data["linked"].values() for k, words in section.items()),
        values=_values(data["values"]),
        flags=_values(data["flags"]),
        only_catch_all=Phrases(
            (f"{verb} {what}", None) for verb in data["catch_all"]["only_by"] for what in data["catch_all"]["rule"]
        ),
        provisioning=_plain(data["provisioning"]["words"]),
        provisioning_features=tuple(data["provisioning"]["values"]),
        requires_mfa=_by_meaning(data["requires_mfa"]),
        put=_plain(data["put"]["words"]),
        phishing_resistant=_plain(data["phishing_resistant"]["words"]),
        phishing_resistant_types=tuple(data["phishing_resistant"]["values"]),
        user_types=_by_meaning(data["user_types"]),
        attributes=_by_kind(data["attributes"]),
        times=_by_kind(data["times"]),
        time_nouns=_by_kind(data["time_nouns"]),
        told_things=_by_kind(_told(data["told"], "things")),
        told_verbs=_by_kind(_told(data["told"], "verbs")),
        busy=_by_kind(data["busy"]),
        signing_on=_plain(data["signing_on"]["words"]),
        quiet=_by_kind(data["quiet"]),
        **{name: _plain(words) for name, words in data["people"].items()},
        noun_values=_values(data["noun_values"]),
        attached=_plain(data["places"]["attached"]),
        comparing=_by_meaning(data["comparing"]),
        figuring=_by_meaning(data["figuring"]),
        pools=_by_meaning(data["pools"]["words"]),
        pooled={name: tuple(columns) for name, columns in data["pools"]["columns"].items()},
        flows=_by_meaning(data["flows"]),
        places=_plain(data["places"]["words"]),
        yes_no=_plain(data["yes_no"]["words"]),
        change=_plain(data["change"]["words"]),
        changed=_plain(data["change"]["done"]),
    )
