"""The four kinds of provider, each a client with no retries of its own, an address and a limit on what it may answer.

A provider's library is imported when a model of it is named, because each takes a second and thirty megabytes.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import cached_property
from typing import TYPE_CHECKING

import httpx2
from pydantic import SecretStr
from pydantic_ai.models import Model

from holdfast.setting_types import LOOPBACK
from holdfast.settings import ModelSettings

if TYPE_CHECKING:
    from pydantic_ai.providers.anthropic import AnthropicProvider
    from pydantic_ai.providers.google import GoogleProvider
    from pydantic_ai.providers.openai import OpenAIProvider
    from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

OPENAI_URL = "https://api.openai.com/v1"
ANTHROPIC_URL = "https://api.anthropic.com"
GOOGLE_URL = "https://generativelanguage.googleapis.com"

# Ten times what 100,000 tokens take: nothing that a model writes comes near it, so what does is not a model's answer.
MAX_REPLY_BYTES = 4 << 20
# A provider is reached within this or not at all; how long it may think is a setting.
_CONNECT_SECONDS = 10.0
# What a server without a key is sent, since the client wants one.
_NO_KEY = "none"


# The clients send more by themselves: the system they run on, and whatever a shell's OPENAI_ORG_ID or
# ANTHROPIC_CUSTOM_HEADERS holds, also to an address that is not that provider's.
_HEADERS_SENT = frozenset(
    {
        "host",
        "connection",
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "user-agent",
        "anthropic-beta",
        "anthropic-version",
        "x-api-key",
        "x-goog-api-key",
        "x-server-timeout",
    }
)


class ReplyTooLarge(httpx2.TransportError):
    """A server sends more than a model could have written."""


class Redirected(httpx2.TransportError):
    """A server sends us elsewhere, where the question, and a key with it, is not sent."""


class Providers:
    """Makes models of the providers that the settings name, over one HTTP client."""

    def __init__(self, settings: ModelSettings) -> None:
        self._settings = settings
        self._http = httpx2.AsyncClient(
            timeout=httpx2.Timeout(settings.timeout.total_seconds(), connect=_CONNECT_SECONDS),
            # A small compressed reply could unfold to any size.
            headers={"Accept-Encoding": "identity"},
            event_hooks={"request": [_bared], "response": [_guarded]},
            # What is asked of a server on this machine does not travel to a proxy of the network.
            mounts={f"all://{f'[{host}]' if ':' in host else host}": None for host in LOOPBACK},
        )

    def model(self, name: str) -> Model:
        """The model of a name like `openai:gpt-5.2`; the settings have seen that its provider is set up."""
        provider, _, model = name.partition(":")
        match provider:
            case "openai":
                from pydantic_ai.models.openai import OpenAIResponsesModel, OpenAIResponsesModelSettings

                # What is asked of a tenant is not kept by the provider to be looked up again.
                private = OpenAIResponsesModelSettings(openai_store=False)
                return OpenAIResponsesModel(model, provider=self._openai, settings=private)
            case "anthropic":
                from pydantic_ai.models.anthropic import AnthropicModel

                return AnthropicModel(model, provider=self._anthropic)
            case "google":
                from pydantic_ai.models.google import GoogleModel

                return GoogleModel(model, provider=self._google)
            case _:
                from pydantic_ai.models.openai import OpenAIChatModel
                from pydantic_ai.profiles.openai import OpenAIModelProfile

                # Every server understands the older name of the limit; many know only that.
                older = OpenAIModelProfile(openai_chat_supports_max_completion_tokens=False)
                return OpenAIChatModel(model, provider=self._local, profile=older)

    async def close(self) -> None:
        """Close every connection."""
        await self._http.aclose()

    @cached_property
    def _openai(self) -> OpenAIProvider:
        from openai import AsyncOpenAI
        from pydantic_ai.providers.openai import OpenAIProvider

        return OpenAIProvider(
            openai_client=AsyncOpenAI(
                api_key=_clear(self._settings.openai_api_key),
                base_url=self._settings.openai_url or OPENAI_URL,
                max_retries=0,
                http_client=self._http,
            )
        )

    @cached_property
    def _anthropic(self) -> AnthropicProvider:
        from anthropic import AsyncAnthropic
        from pydantic_ai.providers.anthropic import AnthropicProvider

        return AnthropicProvider(
            anthropic_client=AsyncAnthropic(
                api_key=_clear(self._settings.anthropic_api_key),
                base_url=self._settings.anthropic_url or ANTHROPIC_URL,
                max_retries=0,
                http_client=self._http,
            )
        )

    @cached_property
    def _google(self) -> GoogleProvider:
        from google.genai.types import HttpRetryOptions
        from pydantic_ai.providers.google import GoogleProvider

        return GoogleProvider(
            api_key=_clear(self._settings.google_api_key),
            base_url=self._settings.google_url or GOOGLE_URL,
            http_client=self._http,
            retry_options=HttpRetryOptions(attempts=1),
        )

    @cached_property
    def _local(self) -> OpenAICompatibleProvider:
        from openai import AsyncOpenAI
        from pydantic_ai.providers.openai_compatible import OpenAICompatibleProvider

        return OpenAICompatibleProvider(
            "local",
            openai_client=AsyncOpenAI(
                api_key=_clear(self._settings.local_api_key),
                base_url=self._settings.local_url,
                max_retries=0,
                http_client=self._http,
            ),
        )


def _clear(key: SecretStr | None) -> str:
    return key.get_secret_value() if key is not None else _NO_KEY


async def _bared(request: httpx2.Request) -> None:
    """Send what a provider needs, and nothing that the settings do not say."""
    for name in [name for name in request.headers if name.lower() not in _HEADERS_SENT]:
        del request.headers[name]


async def _guarded(response: httpx2.Response) -> None:
    """Go nowhere else, and read no more than the limit, whatever the server sends."""
    if response.is_redirect:
        raise Redirected("the server redirects")
    if response.headers.get("Content-Encoding", "identity") != "identity":
        raise ReplyTooLarge("it is compressed, which was not asked for")
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = 0
        async for chunk in self._stream:
            read += len(chunk)
            if read > MAX_REPLY_BYTES:
                raise ReplyTooLarge(f"it is longer than {MAX_REPLY_BYTES:,} bytes")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
