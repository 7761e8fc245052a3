"""Several named things at once: "none of Box, Zoom and Slack", "at least one of the groups A or B", "both A and B"."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.offline.grammar.combining import all_of, any_of, negated
from holdfast.offline.grammar.names import thing
from holdfast.offline.meaning import Condition, Linked, Selection
from holdfast.offline.meaning.links import LINKS, Link
from holdfast.offline.reading.parse import Parse, Read, rule


@rule
def several(parse: Parse, at: int, link: Link) -> Iterator[Read[Condition]]:
    """Linked to none, to any or to every one of a row of named things."""
    kind = LINKS[link].target
    # Not by `phrases`: where no names follow, nothing of this was understood.
    found = [read for start in parse.starts(at) for read in parse.lexicon.quantified.at(parse.tokens, start)]
    for word, end in found:
        known = [read for start in parse.starts(end) for read in parse.lexicon.nouns.at(parse.tokens, start)]
        nouns = [after for noun, after in known if noun is kind]
        for begin in (end, *nouns):
            for row in _row(parse, begin, link) if parse.names(begin) else ():
                every = all_of(row.value)
                assert every is not None
                said = {"none": negated(any_of(row.value)), "any": any_of(row.value), "every": every}[word]
                yield Read(said, row.end, row.cost)


def _row(parse: Parse, at: int, link: Link) -> Iterator[Read[tuple[Condition, ...]]]:
    """Two or more names, with commas, "and", "or", "nor" between them."""
    kind = LINKS[link].target
    rows: list[Read[tuple[Condition, ...]]] = [Read((), at)]
    while rows:
        row = rows.pop()
        begins = [row.end]
        if row.value:
            joined = parse.phrases(parse.lexicon.connecting, row.end)
            begins = [r.end for r in joined if r.value != "and_not" or parse.tokens[r.end - 1].key == "nor"]
        for begin in begins:
            for named in thing(parse, begin, kind):
                one = Linked(link=link, target=Selection(kind=kind, where=named.value))
                longer = Read((*row.value, one), named.end, row.cost + named.cost)
                rows.append(longer)
                if len(longer.value) > 1:
                    yield longer
