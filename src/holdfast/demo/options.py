"""How the demo tenant behaves on the wire: whom it lets in, how fast it may be asked, what goes wrong on purpose."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

# A fixed, documented word: the demo tenant protects nothing.
DEMO_TOKEN = "demo-token"  # noqa: S105
DEMO_CLIENT_ID = "0oaholdfastdemoclient"


class Plan(StrEnum):
    """Whose published rate limits apply; in the order of Okta's own table."""

    INTEGRATOR_FREE = "integrator_free"
    ONE_APP = "one_app"
    ENTERPRISE = "enterprise"
    WORKFORCE = "workforce"


class RateLimitOptions(BaseModel):
    """Rate limits by bucket and window, and the concurrency limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(True, description="Off: no limit and no X-Rate-Limit headers")
    plan: Plan = Field(Plan.WORKFORCE, description="Whose limits apply")
    # A real API token gets half by default; the demo's administrator gave it everything.
    share: float = Field(1.0, gt=0, le=1, description="Part of each limit that this client gets")
    window: timedelta = Field(timedelta(seconds=60), gt=timedelta(0), description="Length of a window")
    concurrent: int | None = Field(None, ge=1, description="Requests at the same time; unset: as many as the plan has")


class FaultOptions(BaseModel):
    """What goes wrong on purpose; the same seed and the same order of requests give the same faults."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int = Field(0, description="Decides which requests are hit")
    latency: timedelta = Field(timedelta(0), ge=timedelta(0), description="Every answer waits this long")
    jitter: timedelta = Field(timedelta(0), ge=timedelta(0), description="And up to this much longer")
    slow_rate: float = Field(0.0, ge=0, le=1, description="Share of answers that take `slow_by` longer")
    slow_by: timedelta = Field(timedelta(seconds=2), ge=timedelta(0), description="How much longer those take")
    error_rate: float = Field(0.0, ge=0, le=1, description="Share of requests answered 500")
    throttle_rate: float = Field(0.0, ge=0, le=1, description="Share of requests answered 429")
    cut_rate: float = Field(0.0, ge=0, le=1, description="Share of answers cut in the middle of their body")
    forbidden: tuple[str, ...] = Field((), description="Shell patterns of paths that are answered 403")
    forbidden_rate: float = Field(0.0, ge=0, le=1, description="Share of single things that are always answered 403")
    gone: tuple[str, ...] = Field((), description="Shell patterns of paths that are answered 404")
    gone_rate: float = Field(0.0, ge=0, le=1, description="Share of single things that are always answered 404")
    broken: tuple[str, ...] = Field((), description="Shell patterns of paths that are always answered 500")
    flaky: tuple[str, ...] = Field((), description="Shell patterns of paths that are answered 500 at first")
    flaky_tries: int = Field(2, ge=1, description="How often each of those addresses is answered 500")
    storm_rate: float = Field(
        0.0, ge=0, le=1, description="Share of rate-limit windows whose rest is answered 429, as if others had used it"
    )
    shifting_pages: float = Field(
        0.0, ge=0, le=1, description="Share of ends of pages whose last thing moves to the next page while one reads"
    )


class TenantOptions(BaseModel):
    """Everything about the served tenant that is not the company itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(0, ge=0, le=65_535, description="Port to listen on; 0: a free one")
    token: SecretStr = Field(SecretStr(DEMO_TOKEN), description="The API token (SSWS) that is let in")
    client_id: str = Field(DEMO_CLIENT_ID, description="The OAuth service app that is let in")
    public_key_file: Path | None = Field(None, description="That app's public key (PEM or JWK); unset: no OAuth")
    request_log: Path | None = Field(None, description="JSON-lines file that gets one line for every request")
    rate_limits: RateLimitOptions = RateLimitOptions()
    faults: FaultOptions = FaultOptions()
