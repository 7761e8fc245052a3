"""What went wrong with a model, in our error tree: a sentence for a person, and never a key."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydantic import ValidationError
from pydantic_ai.exceptions import (
    AgentRunError,
    ContentFilterError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelConnectionError,
    ModelContextWindowExceededError,
    ModelHTTPError,
    ModelNotFoundError,
    ModelQuotaExceededError,
    ModelRequestTimeout,
    OutputTokenLimitExceeded,
)

from holdfast.errors import (
    ModelOutputRejected,
    ModelRefused,
    ModelUnavailable,
    PermanentError,
    SettingsError,
    TransientError,
)
from holdfast.logs import REDACTED
from holdfast.models.providers import Redirected, ReplyTooLarge
from holdfast.settings import ModelSettings

# A server's or a model's own words are a hint for a person; longer ones are cut.
_MAX_QUOTED = 400
# Nobody sits before a question for longer; a provider may ask for a day.
_LONGEST_WAIT = timedelta(minutes=5)
_ANEW = "Then start the worker anew: `holdfast down`, `holdfast up --detach`."
# 4xx that say "later", beside 429.
_LATER = frozenset({408, 409, 425, 429})


def failure(error: AgentRunError, name: str, settings: ModelSettings) -> PermanentError | TransientError:
    """What a run with the model `name` ended with.

    Made anew from what is known, and not chained to the cause: a provider's error body may hold what it was sent.
    """
    if isinstance(error, ModelAPIError):
        return _of_the_provider(error, name, settings)
    if isinstance(error, OutputTokenLimitExceeded):
        return ModelOutputRejected(
            f"{name} was cut off after {settings.max_output_tokens:,} tokens; raise HOLDFAST_MODELS__MAX_OUTPUT_TOKENS."
        )
    if isinstance(error, ContentFilterError):
        return ModelRefused(f"{name} would not answer: it, or its provider's filter, declined. Reword the question.")
    return ModelOutputRejected(
        f"{name} wrote what does not pass the checks, also after it was told why: {_quoted(_reason(error), settings)}"
    )


def _of_the_provider(error: ModelAPIError, name: str, settings: ModelSettings) -> PermanentError | TransientError:
    provider = name.partition(":")[0]
    if isinstance(error, ModelAuthenticationError):
        # What the provider says of a key may quote it.
        return SettingsError(
            f"{provider} does not accept the key for {name} ({_status(error)}): "
            f"mend HOLDFAST_MODELS__{provider.upper()}_API_KEY. {_ANEW}"
        )
    if isinstance(error, ModelNotFoundError):
        return SettingsError(
            f"{provider} knows no model {name.partition(':')[2]!r} ({_status(error)}): mend the name in the "
            f"HOLDFAST_MODELS__ settings, or the address HOLDFAST_MODELS__{provider.upper()}_URL. {_ANEW}"
        )
    if isinstance(error, ModelQuotaExceededError):
        return ModelRefused(f"The account at {provider} has used up its quota or credit ({_status(error)}).")
    if isinstance(error, ModelContextWindowExceededError):
        return ModelRefused(f"The question and what is known about it are more than {name} can read.")
    if isinstance(error, ModelHTTPError) and error.status_code < 500 and error.status_code not in _LATER:
        said = _quoted(_message(error.body), settings)
        return ModelRefused(f"{name} refused the request ({_status(error)}){': ' + said if said else ''}.")
    causes = list(_causes(error))
    if any(isinstance(cause, Redirected) for cause in causes):
        return SettingsError(
            f"The address of {provider} redirects elsewhere: set HOLDFAST_MODELS__{provider.upper()}_URL to where. "
            f"{_ANEW}"
        )
    if any(isinstance(cause, ReplyTooLarge) for cause in causes):
        return ModelOutputRejected(f"{name} sent a reply that is too large or packed to be a model's answer.")
    said = f"{name} is not available: {_why(error, settings)}"
    if error.retry_after is None:
        return ModelUnavailable(f"{said}.")
    if error.retry_after > _LONGEST_WAIT.total_seconds():
        return ModelRefused(f"{said}, with a wait of {error.retry_after:,.0f} seconds. Ask again then.")
    return ModelUnavailable(f"{said}.", retry_after=timedelta(seconds=error.retry_after))


def _reason(error: AgentRunError) -> str:
    """What was wrong with the second output; what a check said stands in it as it was said."""
    for cause in _causes(error):
        if isinstance(cause, ValidationError):
            return "; ".join(
                f"{'.'.join(map(str, problem['loc'])) or 'the whole'}: {problem['msg']}" for problem in cause.errors()
            )
    return str(error.__cause__ or error)


def _why(error: ModelAPIError, settings: ModelSettings) -> str:
    if isinstance(error, ModelHTTPError):
        return f"it answered with {_status(error)}"
    if isinstance(error, ModelRequestTimeout):
        return f"no answer within {error.timeout:g} seconds (HOLDFAST_MODELS__TIMEOUT)"
    if isinstance(error, ModelConnectionError):
        return "it cannot be reached" if error.phase in {"pool", "connect"} else "the connection broke off"
    return _quoted(error.message, settings)


def _status(error: ModelAPIError) -> str:
    return f"HTTP {error.status_code}" if isinstance(error, ModelHTTPError) else type(error).__name__


def _message(body: object) -> str:
    """The sentence in an error body: every provider has it as `message`, most of them under `error`."""
    inner = body.get("error", body) if isinstance(body, dict) else None
    message = inner.get("message") if isinstance(inner, dict) else None
    return message if isinstance(message, str) else ""


def _quoted(text: str, settings: ModelSettings) -> str:
    """Words of others in one line, cut, and without a key."""
    for secret in settings.secrets:
        text = text.replace(secret, REDACTED)
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _MAX_QUOTED else line[:_MAX_QUOTED] + " …"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
