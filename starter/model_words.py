"""What was asked of models, and who wrote the parts of an answer, as a person reads it."""

from __future__ import annotations

from collections.abc import Iterator

from holdfast.answer import Answer, ModelUsage
from starter.plain_text import visible

BY_RULES = "by rules"
_OFFLINE = "offline"
# Written in code: nobody composed the call of a special tool.
_SPECIAL = "special"
_BECAUSE = f"{_OFFLINE}, because "
_SMALLEST_SHOWN_USD = 0.0001


def usage_words(usage: ModelUsage) -> str:
    """`3 model calls, 6,120 tokens, $0.0123`; what a provider does not tell is said to be unknown, never left out."""
    parts = [_many(usage.calls, "model call")]
    if usage.tokens or not usage.unmeasured_calls:
        parts.append(_many(usage.tokens, "token"))
    if usage.unmeasured_calls:
        parts.append(f"tokens not told by {_many(usage.unmeasured_calls, 'call')}")
    parts.append(_cost(usage))
    return ", ".join(parts)


def author_words(author: str, usage: ModelUsage | None) -> str:
    """`by rules`, or `by openai:gpt-5.2 with planner/v1 (1 model call, …)`."""
    spent = f" ({usage_words(usage)})" if usage is not None else ""
    if author == _OFFLINE:
        return f"{BY_RULES}{spent}"
    if author.startswith(_BECAUSE):
        return f"{BY_RULES}, because {visible(author.removeprefix(_BECAUSE))}{spent}"
    return f"by {visible(author)}{spent}"


def was_by_models(author: str, usage: ModelUsage | None) -> bool:
    """Whether there is something to tell of an author: a model's name, what it cost, or why rules stood in for it."""
    return author not in {_OFFLINE, _SPECIAL} or usage is not None


def is_by_rules(author: str) -> bool:
    """Whether no model wrote it."""
    return author == _OFFLINE or author.startswith(_BECAUSE)


def stand_ins(answer: Answer) -> Iterator[str]:
    """A sentence for each reason why rules did what a model was to do, once."""
    authors = [answer.plan_author or "", answer.formatted.author if answer.formatted else ""]
    for reason in dict.fromkeys(author.removeprefix(_BECAUSE) for author in authors if author.startswith(_BECAUSE)):
        yield f"By rules, because {visible(reason)}"


def _cost(usage: ModelUsage) -> str:
    usd = usage.cost_usd
    if usd is None:
        return f"at least ${usage.part_cost_usd:.4f}" if usage.part_cost_usd >= _SMALLEST_SHOWN_USD else "cost unknown"
    if 0 < usd < _SMALLEST_SHOWN_USD:
        return f"under ${_SMALLEST_SHOWN_USD}"
    return f"${usd:.4f}" if usd else "$0"


def _many(count: int, thing: str) -> str:
    return f"{count:,} {thing}{'s' * (count != 1)}"
