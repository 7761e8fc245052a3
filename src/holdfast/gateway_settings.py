"""Settings of the gateway: where it listens, and what it asks of those who call."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from holdfast.setting_types import Group, Port


class GatewaySettings(Group):
    """The gateway: the page, its HTTP interface and the streams of events."""

    host: str = Field("127.0.0.1", min_length=1, description="Address it listens on; loopback unless told otherwise")
    port: Port | None = Field(None, description="Its port; unset: the one it had last, or a free one")
    public_url: str | None = Field(
        None, description="Where browsers find it, e.g. `https://holdfast.acme.example`; unset: its own address"
    )
    tenant: str | None = Field(
        None, description="The tenant that is asked about, for a gateway that runs without the tenant's credentials"
    )
    temporal_ui_url: str | None = Field(None, description="Temporal's own UI, which the page links to")
    max_body_bytes: int = Field(1 << 20, ge=1 << 10, description="Largest request that is read")

    @field_validator("public_url", "temporal_ui_url")
    @classmethod
    def _is_an_address_of_the_web(cls, url: str | None) -> str | None:
        if url is not None:
            parts = urlsplit(url)
            if parts.scheme not in {"https", "http"} or not parts.hostname:
                raise ValueError("write it as https://host")
        return url
