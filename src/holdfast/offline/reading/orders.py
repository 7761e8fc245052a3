"""Whether a text orders a change of the tenant instead of asking: "remove Dana", "Dana should be an admin"."""

from __future__ import annotations

from typing import Final

from holdfast.graph.vocabulary import WordKind
from holdfast.offline.meaning.links import Kind
from holdfast.offline.reading.parse import Parse

# After these an order may begin; what is asked for stands before.
_POLITE: Final = frozenset(
    {
        "and",
        "then",
        "please",
        "to",
        "you",
        ",",
        "kindly",
        "now",
        "also",
        "just",
        "go",
        "help",
        "immediately",
        "quickly",
        "i'll",
        "we'll",
        "lets",
        "must",
        "should",
    }
)
# "Dana should be suspended", "have Dana removed", "I want Dana deactivated": something else than what is.
_WISHES: Final = frozenset(
    {
        "should",
        "must",
        "shall",
        "ought",
        "needs",
        "need",
        "want",
        "wants",
        "like",
        "have",
        "get",
        "make",
        "let",
        "would",
        "could",
    }
)
_ASKED_FOR: Final = frozenset(
    {
        "who",
        "whom",
        "whose",
        "which",
        "what",
        "when",
        "where",
        "how",
        "is",
        "are",
        "does",
        "do",
        "did",
        "can",
    }
)


_GIVING: Final = frozenset({"give", "get", "need", "want", "provide"})
# "Give the names of …", "give all contractors", but "give Dana …".
_LISTED: Final = (["a"], ["an"], ["the"], ["all"], ["every"], ["only"], ["just"], ["any"])
# "(Give me everyone) with direct access to Box".
_HAD_BY: Final = frozenset(
    {"with", "without", "have", "has", "having", "had", "no", "lack", "lacking", "whose", "gives", "giving", "give"}
    | {"given", "gain", "gained", "granted", "grant", "got", "gets", "that", "who", "which", "of", "and", "or", "'s"}
)
_FURTHER: Final = frozenset({"and", "then", "please", ",", "them", "it", "should", "must"})
_THEM: Final = frozenset({"them", "it", "him", "her", "those", "these"})


_BEFORE_AN_ORDER: Final = frozenset({"please", "kindly", "can", "could", "would", "will", "you", "now", "just", "then"})


def asks(parse: Parse) -> bool:
    """Whether nothing but a question begins so and no order follows it: "which tokens are about to expire"."""
    keys = [token.key for token in parse.tokens]
    return keys[:1] in (["which"], ["what"], ["who"]) and not _FURTHER.intersection(keys)


def begins_as_order(parse: Parse) -> bool:
    """Whether the first word is a verb that orders, though it may also say how things are linked: "grant Luis …"."""
    first = next((i for i, token in enumerate(parse.tokens) if token.key not in _BEFORE_AN_ORDER), 0)
    keys = ["" if token.quoted else token.key for token in parse.tokens]
    pulls = keys[first : first + 1] == ["pull"] and "access" in (keys[-1], *keys[first + 1 : first + 2])
    if pulls or keys[first : first + 1] == ["open"] or _gives(parse, keys, first):
        # "Who can open Box" begins otherwise.
        return True
    orders = parse.lexicon.change.at(parse.tokens, first)
    links = any(table.at(parse.tokens, first) for table in parse.lexicon.links.values())
    return bool(orders) and links and not parse.lexicon.asking.at(parse.tokens, first)


def _gives(parse: Parse, keys: list[str], first: int) -> bool:
    """ "Give contractors access to Box", "I need Salesforce", "get me super admin": what is to be had, not shown."""
    begin = first + int(keys[first : first + 1] in (["i"], ["we"]))
    verb = keys[begin] if begin < len(keys) else ""
    if verb not in _GIVING:
        return False
    shown_to = keys[begin + 1 : begin + 2] in (["me"], ["us"])
    at = begin + 1 + int(shown_to)
    if verb == "give" and not shown_to and keys[at : at + 1] not in _LISTED:
        return True
    if keys[at : at + 1] == ["to"]:
        return False
    for place in range(at, len(keys) - 1):
        if keys[place : place + 2] == ["access", "to"] and not _HAD_BY.intersection(keys[max(at, place - 2) : place]):
            return True
    article = at + int(keys[at : at + 1] in (["a"], ["the"], ["an"]))
    begin = article + int(keys[article : article + 1] == ["role"])
    end = len(keys) - int(keys[-1] == "role")
    named = [n.end for n in parse.names(article) if all(word.kind is WordKind.APPLICATION for word in n.words)]
    roles = [role for _, role in parse.lexicon.values[Kind.ROLE].at(parse.tokens, begin)]
    return len(keys) in named or (end in roles and not keys[end - 1].endswith("s"))


def is_order(parse: Parse) -> bool:
    """Whether an order to change something stands at the beginning, after a polite word, or as a wish."""
    keys = [token.key for token in parse.tokens]
    if any(_orders_them(parse, keys, at) for at in range(len(keys))):
        return True
    begins = [0, *(i + 1 for i, key in enumerate(keys) if key in _POLITE and not parse.tokens[i].quoted)]
    # "SMS and push": push is a factor there.
    named = parse.lexicon.values[Kind.FACTOR]
    for at in begins:
        orders = [end for _, end in parse.lexicon.change.at(parse.tokens, at)]
        # "Let me see" asks; "give" alone orders.
        asks = [end for _, end in parse.lexicon.asking.at(parse.tokens, at)]
        if orders and max(orders) >= max(asks, default=0) and not (at and named.at(parse.tokens, at)):
            return True
    return _is_wish(parse, keys)


def _orders_them(parse: Parse, keys: list[str], at: int) -> bool:
    """ "(Who is in Sales?) remove them": wherever it stands."""
    return any(end < len(keys) and keys[end] in _THEM for _, end in parse.lexicon.change.at(parse.tokens, at))


def puts_in_order(respelt: tuple[tuple[str, str], ...]) -> bool:
    """Whether a word that orders was taken for one that tells: "pause group rules" does not ask for paused ones."""
    return any(word in (f"{typed.lower()}d", f"{typed.lower()}ed") for typed, word in respelt)


def _is_wish(parse: Parse, keys: list[str]) -> bool:
    """ "Dana should not have Box", "I want Dana deactivated", "Luis needs to be added to Sales"."""
    if keys and keys[0] not in _ASKED_FOR and ("should" in keys or "must" in keys):
        return True
    wished = next((i for i, key in enumerate(keys) if key in _WISHES), len(keys))
    return any(parse.lexicon.changed.at(parse.tokens, at) for at in range(wished + 1, len(keys)))
