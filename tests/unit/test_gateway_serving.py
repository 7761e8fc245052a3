"""Where a gateway may listen, and what is said where it cannot."""

from __future__ import annotations

import pytest
import uvicorn

from holdfast.errors import SettingsError
from holdfast.settings import load_settings
from starter.gateway.serving import listening_socket


@pytest.mark.parametrize("host", ["192.0.2.77", "nowhere.invalid"])
def test_an_address_that_this_machine_has_not_is_one_sentence(host: str) -> None:
    with pytest.raises(SettingsError, match=f"cannot listen on {host}, port 8080 .*HOLDFAST_GATEWAY__HOST"):
        listening_socket(uvicorn.Config("nothing", host=host, port=8080, log_config=None))


def test_a_port_that_is_taken_is_one_sentence() -> None:
    with listening_socket(uvicorn.Config("nothing", host="127.0.0.1", port=0, log_config=None)) as first:
        port = first.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port} .*HOLDFAST_GATEWAY__PORT"):
            listening_socket(uvicorn.Config("nothing", host="127.0.0.1", port=port, log_config=None))


@pytest.mark.parametrize("url", ["nonsense", "holdfast.acme.example", "ftp://holdfast.acme.example", "https://"])
def test_a_public_address_is_one_of_the_web(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("HOLDFAST_GATEWAY__PUBLIC_URL", url)
    with pytest.raises(SettingsError, match="HOLDFAST_GATEWAY__PUBLIC_URL: write it as https://host"):
        load_settings()
