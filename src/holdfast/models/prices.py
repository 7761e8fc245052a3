"""What a model call cost."""

from __future__ import annotations

from genai_prices import calc_price
from pydantic_ai.usage import RequestUsage

from holdfast.answer import ModelUsage


def usage_of(name: str, answered_as: str | None, usage: RequestUsage) -> ModelUsage:
    """One call's tokens and price.

    `name` is the model as the settings name it, `answered_as` what the provider called it (often with a date). A
    provider that tells no tokens makes a call that is not measured, and its price is not known.
    """
    # No call reads nothing: some servers write zeros where they did not count.
    if usage.unmeasured_requests or usage.input_tokens == 0:
        return ModelUsage.unmeasured(1)
    return ModelUsage(
        calls=1,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_usd=cost_usd(name, answered_as, usage),
    )


def cost_usd(name: str, answered_as: str | None, usage: RequestUsage) -> float | None:
    """The list price in US dollars; None for a local model, and for one that no price is known of."""
    provider, _, model = name.partition(":")
    if provider == "local":
        return None
    for ref in (answered_as, model):
        if ref:
            try:
                return float(calc_price(usage, ref, provider_id=provider).total_price)
            except (LookupError, ValueError):
                continue
    return None
