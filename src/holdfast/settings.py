"""Every setting, grouped and frozen; read once in `worker.py` or `starter` and passed on from there."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from datetime import timedelta
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit

from platformdirs import user_data_path
from pydantic import (
    BaseModel,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSource

from holdfast.access_settings import AccessSettings
from holdfast.api_settings import ApiSettings
from holdfast.approval_settings import ApprovalSettings as ApprovalSettings
from holdfast.errors import SettingsError
from holdfast.gateway_settings import GatewaySettings
from holdfast.model_settings import ModelSettings as ModelSettings
from holdfast.setting_types import LOOPBACK, Duration, Folder, Group, Port, comma_parted

PREFIX = "HOLDFAST_"
_CONFIG_FILE = "config.toml"


class OktaSettings(Group):
    """Which tenant is read, and as whom: an API token, or a service app with a private key."""

    url: str | None = Field(None, description="The tenant, e.g. `https://acme.okta.com`; unset: the demo tenant")
    token: SecretStr | None = Field(None, description="API token (SSWS)")
    client_id: str | None = Field(None, description="OAuth service app, instead of a token")
    private_key_file: Folder | None = Field(None, description="The service app's private key (PEM or JWK)")
    scopes: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="OAuth scopes, separated by commas; empty: every read scope that the sync needs"
    )
    concurrency: int = Field(20, ge=1, le=75, description="Requests at the same time")
    rate_limit_share: float = Field(1.0, gt=0, le=1, description="Part of each rate limit that Holdfast may use")

    @field_validator("url")
    @classmethod
    def _is_the_address_of_a_tenant(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ValueError("a token must not travel in the clear: write https://")
        if parts.scheme not in {"https", "http"} or not parts.hostname or parts.path not in {"", "/"}:
            raise ValueError("write it as https://acme.okta.com, without a path")
        return url.rstrip("/")

    @field_validator("scopes", mode="before")
    @classmethod
    def _split_at_commas(cls, scopes: object) -> object:
        return comma_parted(scopes)

    @model_validator(mode="after")
    def _has_one_whole_way_in(self) -> Self:
        key_parts = (self.client_id is not None, self.private_key_file is not None)
        if self.url is None and (self.token or any(key_parts)):
            raise ValueError("credentials are set, but no tenant: set HOLDFAST_OKTA__URL")
        if any(key_parts) and not all(key_parts):
            raise ValueError("HOLDFAST_OKTA__CLIENT_ID and HOLDFAST_OKTA__PRIVATE_KEY_FILE go together: set both")
        if self.token and any(key_parts):
            raise ValueError("set HOLDFAST_OKTA__TOKEN or HOLDFAST_OKTA__CLIENT_ID, not both")
        if self.url is not None and not self.token and not any(key_parts):
            raise ValueError(
                "HOLDFAST_OKTA__URL needs a way in: set HOLDFAST_OKTA__TOKEN, or HOLDFAST_OKTA__CLIENT_ID "
                "and HOLDFAST_OKTA__PRIVATE_KEY_FILE"
            )
        return self


class TemporalSettings(Group):
    """Which Temporal is used; without an address, `holdfast up` runs an embedded one."""

    address: str | None = Field(None, description="host:port of a Temporal frontend; unset: the embedded server")
    namespace: str = Field("default", min_length=1, description="Temporal namespace")
    binary: Folder | None = Field(None, description="The temporal binary to run embedded, before any other")
    port: Port | None = Field(None, description="Port of the embedded server; unset: a free one")
    ui_port: Port | None = Field(None, description="Port of the embedded web UI; unset: a free one")

    @field_validator("address")
    @classmethod
    def _is_host_and_port(cls, address: str | None) -> str | None:
        if address is not None:
            host, _, port = address.rpartition(":")
            if not host or not port.isdigit():
                raise ValueError("write it as host:port, e.g. 127.0.0.1:7233")
        return address


class GraphSettings(Group):
    """The stored snapshot and the limits under which it is asked."""

    engine: Literal["ladybug", "kuzu"] = Field("ladybug", description="Graph engine; kuzu warns (ADR 0002)")
    query_timeout: Duration = Field(
        timedelta(seconds=30), gt=timedelta(), description="Time limit of one generated query, in seconds"
    )
    query_memory_bytes: int = Field(2 << 30, ge=64 << 20, description="Memory that one query may add to its process")
    max_rows: int = Field(1_000_000, ge=1, description="Rows that one step may return")
    workers: int = Field(2, ge=1, description="Query processes kept ready")
    keep_snapshots: int = Field(3, ge=1, description="Published snapshots kept")


class PresentationSettings(Group):
    """How much of what was found a model sees when it writes an answer's presentation; code fills every cell."""

    all_rows_up_to: int = Field(200, ge=0, description="Records over all steps up to which a model sees all of them")
    one_table_up_to: int = Field(100, ge=0, description="Records of a single step up to which it sees all of them")


class DemoSettings(Group):
    """The demo tenant that `holdfast up` serves when no Okta tenant is configured."""

    seed: int = Field(7, description="Same seed and size: same company")
    users: int = Field(1_000, ge=50, le=1_000_000, description="People in the company")
    log_events: int | None = Field(
        None, ge=0, le=5_000_000, description="Events in its system log; unset: as many as befit its size"
    )
    port: Port | None = Field(None, description="Its port; unset: a free one")


class Settings(BaseSettings):
    """All settings. Environment: HOLDFAST_<GROUP>__<NAME>; or `config.toml` in the data folder."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_nested_delimiter="__",
        env_ignore_empty=True,
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
    )

    data_dir: Folder = Field(
        default_factory=lambda: user_data_path("holdfast"), description="Everything that Holdfast keeps"
    )
    keep_answers: Duration = Field(
        timedelta(days=30), gt=timedelta(), description="How long rows and journals of an ended question are kept"
    )
    max_parallel_steps: int = Field(4, ge=1, le=50, description="Steps of one question at the same time")
    okta: OktaSettings = OktaSettings()
    temporal: TemporalSettings = TemporalSettings()
    graph: GraphSettings = GraphSettings()
    api: ApiSettings = ApiSettings()
    models: ModelSettings = ModelSettings()
    presentation: PresentationSettings = PresentationSettings()
    approval: ApprovalSettings = ApprovalSettings()
    gateway: GatewaySettings = GatewaySettings()
    access: AccessSettings = AccessSettings()
    demo: DemoSettings = DemoSettings()

    @property
    def secrets(self) -> tuple[str, ...]:
        """Every token and key, in clear: no log line may hold one."""
        own = (self.okta.token, self.access.store)
        return (*(secret.get_secret_value() for secret in own if secret), *self.models.secrets)

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
        file = config_file(init_settings().get("data_dir"))
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls, file)


def config_file(data_dir: Path | None = None) -> Path:
    """The optional file of the data folder; it need not exist."""
    folder = data_dir or os.environ.get(f"{PREFIX}DATA_DIR") or user_data_path("holdfast")
    return Path(folder).expanduser() / _CONFIG_FILE


def load_settings(**overrides: object) -> Settings:
    """Read settings once. Raises SettingsError, which names each wrong setting and what it may be."""
    data_dir = overrides.get("data_dir")
    file = config_file(data_dir if isinstance(data_dir, Path) else None)
    _check_file(file)
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        lines = [_complaint(problem["type"], problem["loc"], problem["msg"]) for problem in error.errors()]
        raise SettingsError(f"Settings cannot be used ({_seen_at(file)}). " + " ".join(lines)) from error
    except UnreadableSource as error:
        raise SettingsError(f"Settings cannot be read ({_seen_at(file)}): {error}.") from error


def _seen_at(file: Path) -> str:
    return f"environment and {file}" if file.exists() else "environment"


def _check_file(file: Path) -> None:
    """A file of ours that is not understood whole is not used in part."""
    if not file.exists():
        return
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}. Mend it, or remove it to use defaults.") from error
    if "data_dir" in content:
        raise SettingsError(f"{file} cannot set data_dir, which says where that file is: set {PREFIX}DATA_DIR.")
    known = [name for name in Settings.model_fields if name != "data_dir"]
    if unknown := sorted(set(content) - set(known)):
        named = " ".join(f"{name} is not a setting{_meant(name, known)}." for name in unknown)
        raise SettingsError(f"{file} cannot be used. {named}")


def _complaint(kind: str, loc: tuple[int | str, ...], message: str) -> str:
    name = variable(tuple(str(part) for part in loc))
    if kind == "extra_forbidden":
        return f"{name} is not a setting{_meant(name, known_variables())}."
    return f"{name}: {message.removeprefix('Value error, ')}."


def _meant(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1, cutoff=0.75)
    return f" (did you mean {close[0]}?)" if close else ""


def variable(path: tuple[str, ...]) -> str:
    """The environment variable of a setting, from its place in the model: `("okta", "url")`."""
    return PREFIX + "__".join(part.upper() for part in path)


class Leaf(NamedTuple):
    """One setting: its place in the model, and what the model says about it."""

    path: tuple[str, ...]
    field: FieldInfo


@cache
def leaves() -> tuple[Leaf, ...]:
    """Every setting, in the order of the model."""
    return tuple(_leaves(Settings, ()))


def _leaves(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[Leaf]:
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _leaves(kind, (*path, name))
        else:
            yield Leaf((*path, name), field)


def known_variables() -> list[str]:
    """Every environment variable that is read."""
    return [variable(leaf.path) for leaf in leaves()]


def unknown_variables(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each HOLDFAST_ variable that nothing reads.

    They are pointed out and not refused: a cluster that runs a service named `holdfast` puts its own
    `HOLDFAST_SERVICE_HOST` and the like into every container. A wrong name inside a group is refused by
    `load_settings`.
    """
    known = known_variables()
    accepted = {*known, *(variable((name,)) for name in Settings.model_fields)}
    groups = tuple(variable((name,)) + "__" for name in Settings.model_fields)
    return [
        f"{name} is not a setting{_meant(name.upper(), known)} and was ignored."
        for name in sorted(environment)
        if name.upper().startswith(PREFIX) and name.upper() not in accepted and not name.upper().startswith(groups)
    ]


def value_at(settings: Settings, path: tuple[str, ...]) -> Any:
    """The value of one setting."""
    value: Any = settings
    for part in path:
        value = getattr(value, part)
    return value


def as_environment(settings: Settings) -> dict[str, str]:
    """Variables from which `load_settings` reads these very settings again, secrets in clear: for a child process."""
    texts = {variable(leaf.path): _as_text(value_at(settings, leaf.path)) for leaf in leaves()}
    return {name: text for name, text in texts.items() if text is not None}


def _as_text(value: Any) -> str | None:
    match value:
        case None | ():
            return None
        case SecretStr():
            return value.get_secret_value()
        case timedelta():
            return repr(value.total_seconds())
        case tuple():
            return ",".join(value)
        case _:
            return str(value)
