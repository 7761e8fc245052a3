"""Whether a text orders a change of the tenant instead of asking: "remove Dana", "Dana should be an admin"."""

from __future__ import annotations

from typing import Final

from holdfast.offline.links import Kind
from holdfast.offline.parse import Parse

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


_THEM: Final = frozenset({"them", "it", "him", "her", "those", "these"})


_BEFORE_AN_ORDER: Final = frozenset({"please", "kindly", "can", "could", "would", "will", "you", "now", "just", "then"})


def begins_as_order(parse: Parse) -> bool:
    """Whether the first word is a verb that orders, though it may also say how things are linked: "grant Luis …"."""
    first = next((i for i, token in enumerate(parse.tokens) if token.key not in _BEFORE_AN_ORDER), 0)
    if first < len(parse.tokens) and parse.tokens[first].key == "open" and not parse.tokens[first].quoted:
        # "Who can open Box" begins otherwise.
        return True
    orders = parse.lexicon.change.at(parse.tokens, first)
    links = any(table.at(parse.tokens, first) for table in parse.lexicon.links.values())
    return bool(orders) and links and not parse.lexicon.asking.at(parse.tokens, first)


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


def _is_wish(parse: Parse, keys: list[str]) -> bool:
    """ "Dana should not have Box", "I want Dana deactivated", "Luis needs to be added to Sales"."""
    if keys and keys[0] not in _ASKED_FOR and ("should" in keys or "must" in keys):
        return True
    wished = next((i for i, key in enumerate(keys) if key in _WISHES), len(keys))
    return any(parse.lexicon.changed.at(parse.tokens, at) for at in range(wished + 1, len(keys)))
