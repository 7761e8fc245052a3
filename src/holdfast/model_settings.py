"""Which language models are asked, where they are, and what a question may spend on them."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

from holdfast.setting_types import LOOPBACK, Duration, Group, comma_parted


def _is_an_address(url: str) -> str:
    try:
        address = urlsplit(url)
        is_one = address.scheme in {"https", "http"} and address.hostname and address.port != 0
    except ValueError:
        is_one = False
    if not is_one or not url.isprintable() or " " in url:
        raise ValueError("write it as https://models.acme.com/v1, without quotes or blanks")
    if address.username or address.password or address.query or address.fragment:
        raise ValueError("write the address alone, with no key, query or fragment in it")
    return url.rstrip("/")


def _fits_a_header(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if not text or not text.isascii() or not text.isprintable() or set(text) & set(" \"'"):
        raise ValueError("a key has no blanks, quotes, line ends or accents; copy it again")
    return key


ModelNames = Annotated[tuple[str, ...], NoDecode]
Address = Annotated[str, AfterValidator(_is_an_address)]
Key = Annotated[SecretStr, AfterValidator(_fits_a_header)]
_PROVIDERS = ("openai", "anthropic", "google", "local")


class ModelSettings(Group):
    """Which language models plan, write and format; without any, rules do.

    A model is named `provider:model`: `openai:…`, `anthropic:…`, `google:…`, or `local:…` for any server that speaks
    OpenAI's Chat Completions (`HOLDFAST_MODELS__LOCAL_URL`). Several, separated by commas, are tried in order.
    """

    default: ModelNames = Field((), description="Models in order, e.g. `openai:gpt-5.2,anthropic:claude-opus-5`")
    reasoning: ModelNames = Field((), description="Models that plan and format, in order; empty: the default")
    coding: ModelNames = Field((), description="Models that write queries, in order; empty: the default")
    openai_api_key: Key | None = Field(None, description="Key of OpenAI")
    openai_url: Address | None = Field(
        None, description="Another address that speaks OpenAI's Responses API, e.g. `https://models.acme.com/v1`"
    )
    anthropic_api_key: Key | None = Field(None, description="Key of Anthropic")
    anthropic_url: Address | None = Field(
        None, description="Another address that speaks Anthropic's Messages API; `/v1/messages` is added"
    )
    google_api_key: Key | None = Field(None, description="Key of Google's Gemini API")
    google_url: Address | None = Field(
        None, description="Another address that speaks the Gemini API; `/v1beta/models/…` is added"
    )
    local_url: Address | None = Field(None, description="Address of a local server, e.g. `http://127.0.0.1:11434/v1`")
    local_api_key: Key | None = Field(None, description="Key of the local server, where it wants one")
    timeout: Duration = Field(timedelta(seconds=90), gt=timedelta(), description="Time limit of one call, in seconds")
    max_output_tokens: int = Field(4_000, ge=256, description="Tokens that one call may write")
    max_tokens: int = Field(60_000, ge=1_000, description="Tokens that one question may use, read and written")
    max_cost_usd: float | None = Field(None, gt=0, description="US dollars that one question may cost, where known")
    send_rows: bool = Field(
        True, description="Tell models some of the rows that were found, and people's names near a question"
    )
    preplan: bool = Field(True, description="Ask a model first what is meant and what is ambiguous")
    fallback_to_offline: bool = Field(False, description="Go on by rules where no model gives a usable answer")

    @field_validator("default", "reasoning", "coding", mode="before")
    @classmethod
    def _split_at_commas(cls, names: object) -> object:
        return comma_parted(names)

    @field_validator("default", "reasoning", "coding")
    @classmethod
    def _name_a_provider(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            provider, _, model = name.partition(":")
            if provider not in _PROVIDERS or not model or len(name.split()) > 1:
                # It may be a key in the wrong place, so it is not repeated.
                raise ValueError(f"write each as provider:model, with a provider of {', '.join(_PROVIDERS)}")
        return names

    @model_validator(mode="after")
    def _keys_do_not_travel_in_the_clear(self) -> Self:
        for provider in _PROVIDERS:
            address = urlsplit(getattr(self, f"{provider}_url") or "")
            key = getattr(self, f"{provider}_api_key")
            if address.scheme == "http" and address.hostname not in LOOPBACK and key is not None:
                raise ValueError(
                    f"HOLDFAST_MODELS__{provider.upper()}_API_KEY must not travel in the clear: write https:// in "
                    f"HOLDFAST_MODELS__{provider.upper()}_URL"
                )
        return self

    @model_validator(mode="after")
    def _providers_have_their_keys(self) -> Self:
        needed = {name.partition(":")[0] for name in (*self.default, *self.reasoning, *self.coding)}
        for provider in sorted(needed):
            field = "local_url" if provider == "local" else f"{provider}_api_key"
            if getattr(self, field) is None:
                raise ValueError(f"a model of {provider} is named: set HOLDFAST_MODELS__{field.upper()}")
        if (self.reasoning or self.coding) and not self.default and not (self.reasoning and self.coding):
            raise ValueError("set HOLDFAST_MODELS__DEFAULT, or both HOLDFAST_MODELS__REASONING and __CODING")
        return self

    @property
    def for_reasoning(self) -> tuple[str, ...]:
        """Models that plan and format, in order; empty where rules do."""
        return self.reasoning or self.default

    @property
    def for_coding(self) -> tuple[str, ...]:
        """Models that write queries, in order; empty where rules do."""
        return self.coding or self.default

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every key, in clear: no log line may hold one."""
        keys = (self.openai_api_key, self.anthropic_api_key, self.google_api_key, self.local_api_key)
        return tuple(key.get_secret_value() for key in keys if key is not None)
