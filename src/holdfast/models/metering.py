"""Every request to a model passes here: held against what may be spent, timed, written down and logged."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta

import structlog
from pydantic import ConfigDict, TypeAdapter
from pydantic_ai.exceptions import (
    ContentFilterError,
    ModelAPIError,
    ModelConnectionError,
    ModelHTTPError,
    ModelRequestTimeout,
    OutputTokenLimitExceeded,
    UnexpectedModelBehavior,
)
from pydantic_ai.messages import ModelMessage, ModelResponse, ModelResponsePart
from pydantic_ai.models import Model, ModelRequestParameters
from pydantic_ai.models.wrapper import WrapperModel
from pydantic_ai.settings import ModelSettings
from pydantic_ai.usage import RequestUsage

from holdfast.answer import ModelUsage
from holdfast.models.prices import cost_usd, usage_of
from holdfast.spending import Ledger

log = structlog.get_logger()

# The clients take a reply as it comes, so one of another form fails anywhere in what reads it.
_MISREAD = (UnexpectedModelBehavior, TypeError, AttributeError, LookupError, ValueError, AssertionError)
_PARTS = TypeAdapter(list[ModelResponsePart], config=ConfigDict(revalidate_instances="always"))
UNREADABLE = "it answered in a form that is not that of its API"


class MeteredModel(WrapperModel):
    """One model for one task.

    The agent loop forgets what a run used when the run fails, and cannot tell which of several models used it, so the
    ledger is written here, request by request.
    """

    def __init__(self, wrapped: Model, name: str, ledger: Ledger, timeout: timedelta, prompt: str) -> None:
        super().__init__(wrapped)
        self._name = name
        self._ledger = ledger
        self._timeout = timeout
        self._prompt = prompt

    async def request(
        self,
        messages: list[ModelMessage],
        model_settings: ModelSettings | None,
        model_request_parameters: ModelRequestParameters,
    ) -> ModelResponse:
        """One request. Raises ModelBudgetSpent before it, and what pydantic-ai raises."""
        self._ledger.see_that_more_may_be_spent()
        started = time.perf_counter()
        self._ledger.in_flight += 1
        # So it stays where the call is cancelled.
        usage, outcome = ModelUsage.unmeasured(1), "abandoned"
        try:
            response, usage = await self._within_time(messages, model_settings, model_request_parameters)
            outcome = response.finish_reason or "stop"
        except ModelAPIError as error:
            usage, outcome = _spent_by_failure(self._name, error), type(error).__name__
            raise
        finally:
            self._ledger.in_flight -= 1
            self._write_down(usage, started, outcome)
        _see_that_it_is_whole(response)
        return response

    async def _within_time(
        self, messages: list[ModelMessage], settings: ModelSettings | None, parameters: ModelRequestParameters
    ) -> tuple[ModelResponse, ModelUsage]:
        """A server that sends a byte now and then never meets a client's own time-out, which is one of silence."""
        seconds = self._timeout.total_seconds()
        try:
            async with asyncio.timeout(seconds):
                response = await super().request(messages, settings, parameters)
            _PARTS.validate_python(response.parts)
            return response, usage_of(self._name, response.model_name, response.usage)
        except TimeoutError:
            raise ModelRequestTimeout(self.model_name, seconds) from None
        except _MISREAD as error:
            raise ModelAPIError(self.model_name, UNREADABLE) from error

    def _write_down(self, usage: ModelUsage, started: float, outcome: str) -> None:
        self._ledger.add(usage)
        log.info(
            "model_call",
            model=self._name,
            prompt=self._prompt,
            outcome=outcome,
            seconds=round(time.perf_counter() - started, 3),
            **usage.model_dump(exclude={"calls", "part_cost_usd"}),
        )


def _spent_by_failure(name: str, error: ModelAPIError) -> ModelUsage:
    """A request that was refused or never sent costs nothing; of one that broke off nobody knows."""
    unsent = isinstance(error, ModelConnectionError) and error.phase in {"pool", "connect"}
    if isinstance(error, ModelHTTPError) or unsent:
        return ModelUsage(calls=1, input_tokens=0, output_tokens=0, cost_usd=cost_usd(name, None, RequestUsage()))
    return ModelUsage.unmeasured(1)


def _see_that_it_is_whole(response: ModelResponse) -> None:
    """Half an answer is none: the agent loop would ask for another, and the next would be cut at the same place."""
    if response.finish_reason == "length":
        raise OutputTokenLimitExceeded("cut off at the limit of tokens")
    if response.finish_reason == "content_filter":
        raise ContentFilterError("withheld by the provider's filter")
