"""Questions that begin with what stands last in others: "in which groups is Dana", "by which path can she open Box"."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from holdfast.offline.grammar.names import attribute_names
from holdfast.offline.grammar.questions import asked_from
from holdfast.offline.links import Kind
from holdfast.offline.parse import Parse

_PREPOSITIONS: Final = frozenset({"in", "into", "to", "of", "on"})
_ASKING: Final = frozenset({"which", "what", "whom", "whose", "how"})


def unfronted(parse: Parse) -> list[Parse]:
    """The question with the words in front put last: "which groups is Dana in", "can Dana open Box by which path"."""
    found = []
    for begin in asked_from(parse):
        for end in _fronts(parse, begin):
            tokens = (*parse.tokens[:begin], *parse.tokens[end:], *parse.tokens[begin:end])
            found.append(replace(parse, tokens=tokens, furthest=0, kept={}, readings=0))
    return found


def _fronts(parse: Parse, at: int) -> list[int]:
    ends = [read.end for read in parse.phrases(parse.lexicon.path_adverbs, at)]
    for each in parse.phrases(parse.lexicon.each, at):
        # "By department, the median number of groups"
        ends += [name.end for name in attribute_names(parse, each.end, Kind.PERSON) if parse.mark(",", name.end)]
    keys = [token.key for token in parse.tokens[at : at + 2]]
    if len(keys) == 2 and keys[0] in _PREPOSITIONS and keys[1] in _ASKING:
        ends.append(at + 1)
    return [end for end in ends if end < len(parse.tokens)]
