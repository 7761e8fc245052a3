"""Questions that begin with what stands last in others: "in which groups is Dana", "by which path can she open Box"."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from holdfast.offline.grammar.names import attribute_names
from holdfast.offline.grammar.questions import asked_from, whole_question
from holdfast.offline.meaning import AllOf, AnyOf, Asked, Compare, Condition, Missing, Not, Operator, Within
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse, Read

_PREPOSITIONS: Final = frozenset({"in", "into", "to", "of", "on"})
_ONLY: Final = frozenset({"only", "just"})
_ASKING: Final = frozenset({"which", "what", "whom", "whose", "how"})


def unfronted(parse: Parse) -> list[Parse]:
    """The question with the words in front put last: "which groups is Dana in", "can Dana open Box by which path"."""
    found = []
    for begin in asked_from(parse):
        for end in _fronts(parse, begin):
            tokens = (*parse.tokens[:begin], *parse.tokens[end:], *parse.tokens[begin:end])
            found.append(replace(parse, tokens=tokens, furthest=0, kept={}, readings=0))
    return found


def only_said(parse: Parse) -> list[Read[Asked]]:
    """ "Employees only", "only active users": of what is said of things by themselves "only" says nothing more."""
    found = []
    for at in {*(end for end in asked_from(parse) if end < len(parse.tokens)), len(parse.tokens) - 1}:
        if at >= 0 and parse.tokens[at].key in _ONLY and not parse.tokens[at].quoted:
            tokens = (*parse.tokens[:at], *parse.tokens[at + 1 :])
            readings = whole_question(replace(parse, tokens=tokens, furthest=0, kept={}, readings=0))
            found += [
                read for read in readings if read.value.mode == "list" and not _is_linked(read.value.subject.where)
            ]
    return found


def _is_linked(condition: Condition | None) -> bool:
    """Whether it speaks of other things, of which "only" would leave out some: "who can open only Box"."""
    match condition:
        case AllOf(conditions=parts) | AnyOf(conditions=parts):
            return any(_is_linked(part) for part in parts)
        case Not(condition=inner):
            return _is_linked(inner)
        case Compare(operator=operator):
            return operator is not Operator.IS
        case Within() | Missing():
            return False
        case _:
            return True


def _fronts(parse: Parse, at: int) -> list[int]:
    ends = [read.end for read in parse.phrases(parse.lexicon.path_adverbs, at)]
    for each in parse.phrases(parse.lexicon.each, at):
        # "By department, the median number of groups"
        ends += [name.end for name in attribute_names(parse, each.end, Kind.PERSON) if parse.mark(",", name.end)]
    keys = [token.key for token in parse.tokens[at : at + 2]]
    if len(keys) == 2 and keys[0] in _PREPOSITIONS and keys[1] in _ASKING:
        ends.append(at + 1)
    return [end for end in ends if end < len(parse.tokens)]
