"""Every setting, grouped and frozen; read once in `worker.py` or `starter` and passed on from there."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path
from typing import Literal

from platformdirs import user_data_path
from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from holdfast.errors import SettingsError


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class OktaSettings(_Group):
    """Which tenant is read, and as whom: an API token, or a service app with a private key."""

    url: str | None = Field(None, description="The tenant, e.g. https://acme.okta.com; unset: the demo tenant")
    token: SecretStr | None = Field(None, description="API token (SSWS)")
    client_id: str | None = Field(None, description="OAuth service app, instead of a token")
    private_key_file: Path | None = Field(None, description="The service app's private key (PEM or JWK)")
    scopes: tuple[str, ...] = Field((), description="OAuth scopes; empty: every read scope the sync needs")
    concurrency: int = Field(20, ge=1, le=75, description="Requests at the same time")
    rate_limit_share: float = Field(1.0, gt=0, le=1, description="Part of each rate limit that Holdfast may use")


class TemporalSettings(_Group):
    """Which Temporal is used; without an address, `holdfast up` runs an embedded one."""

    address: str | None = Field(None, description="host:port of a Temporal frontend; unset: the embedded server")
    namespace: str = Field("default", description="Temporal namespace")
    binary: Path | None = Field(None, description="The temporal binary to run embedded, before any other")
    port: int | None = Field(None, description="Port of the embedded server; unset: a free one")
    ui_port: int | None = Field(None, description="Port of the embedded web UI; unset: a free one")


class GraphSettings(_Group):
    """The stored snapshot and the limits under which it is asked."""

    engine: Literal["ladybug", "kuzu"] = Field("ladybug", description="Graph engine; kuzu warns (ADR 0002)")
    query_timeout: timedelta = Field(timedelta(seconds=30), description="Time limit of one generated query")
    query_memory_bytes: int = Field(2 << 30, description="Memory that one query may add to its process")
    max_rows: int = Field(1_000_000, ge=1, description="Rows that one step may return")
    workers: int = Field(2, ge=1, description="Query processes kept ready")
    keep_snapshots: int = Field(3, ge=1, description="Published snapshots kept")


class ApprovalSettings(_Group):
    """When a person must look at a plan before it runs."""

    policy: Literal["never", "low_confidence", "always"] = Field(
        "low_confidence", description="Which plans wait for a review"
    )
    min_confidence: float = Field(0.7, ge=0, le=1, description="Below this a plan waits (low_confidence)")


class DemoSettings(_Group):
    """The demo tenant that `holdfast up` serves when no Okta tenant is configured."""

    seed: int = Field(7, description="Same seed and size: same company")
    users: int = Field(1_000, ge=10, le=1_000_000, description="People in the company")
    port: int | None = Field(None, description="Its port; unset: a free one")


class Settings(BaseSettings):
    """All settings. Environment: HOLDFAST_<GROUP>__<NAME>; or `config.toml` in the data folder."""

    model_config = SettingsConfigDict(env_prefix="HOLDFAST_", env_nested_delimiter="__", frozen=True, extra="ignore")

    data_dir: Path = Field(
        default_factory=lambda: user_data_path("holdfast"), description="Everything that Holdfast keeps"
    )
    max_parallel_steps: int = Field(4, ge=1, le=50, description="Steps of one question at the same time")
    okta: OktaSettings = OktaSettings()
    temporal: TemporalSettings = TemporalSettings()
    graph: GraphSettings = GraphSettings()
    approval: ApprovalSettings = ApprovalSettings()
    demo: DemoSettings = DemoSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment wins over `config.toml`, what the caller passes wins over both."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, _config_file())


def _config_file() -> Path:
    data_dir = os.environ.get("HOLDFAST_DATA_DIR")
    return (Path(data_dir) if data_dir else user_data_path("holdfast")) / "config.toml"


def load_settings(**overrides: object) -> Settings:
    """Read settings once. Raises SettingsError, which names each wrong setting and what it may be."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [
            f"HOLDFAST_{'__'.join(str(part).upper() for part in problem['loc'])}: {problem['msg']}"
            for problem in error.errors()
        ]
        raise SettingsError("Settings cannot be used. " + "; ".join(lines)) from error
