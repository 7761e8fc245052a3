"""Which models can be meant by the settings, and what is said where none can."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from holdfast.errors import SettingsError
from holdfast.settings import ModelSettings, as_environment, load_settings

KEY = "not-a-real-key-4b60"


@pytest.fixture(autouse=True)
def _environment_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("HOLDFAST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOLDFAST_DATA_DIR", str(tmp_path))


def model_settings(**values: Any) -> ModelSettings:
    return ModelSettings.model_validate(values)


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google"])
def test_two_settings_switch_a_provider_on(monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    monkeypatch.setenv("HOLDFAST_MODELS__DEFAULT", f"{provider}:a-model")
    monkeypatch.setenv(f"HOLDFAST_MODELS__{provider.upper()}_API_KEY", KEY)
    models = load_settings().models
    assert models.for_reasoning == models.for_coding == (f"{provider}:a-model",)


def test_a_local_server_is_switched_on_by_its_address_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_MODELS__DEFAULT", "local:llama3.2:3b")
    monkeypatch.setenv("HOLDFAST_MODELS__LOCAL_URL", "http://gpu.acme.com:8000/v1/")
    models = load_settings().models
    assert models.for_reasoning == ("local:llama3.2:3b",)
    assert models.local_url == "http://gpu.acme.com:8000/v1"


def test_roles_have_models_of_their_own_and_else_the_default() -> None:
    models = model_settings(
        default="openai:a", coding="openai:b, anthropic:c", openai_api_key=KEY, anthropic_api_key=KEY
    )
    assert models.for_reasoning == ("openai:a",)
    assert models.for_coding == ("openai:b", "anthropic:c")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"DEFAULT": "gpt-5.2"}, "HOLDFAST_MODELS__DEFAULT: write each as provider:model"),
        ({"DEFAULT": '"openai:gpt-5.2"'}, "HOLDFAST_MODELS__DEFAULT: write each as provider:model"),
        ({"DEFAULT": "mistral:large"}, "openai, anthropic, google, local"),
        ({"DEFAULT": "openai:gpt 5.2"}, "as provider:model"),
        ({"DEFAULT": "openai:a"}, "set HOLDFAST_MODELS__OPENAI_API_KEY"),
        ({"DEFAULT": "local:a"}, "set HOLDFAST_MODELS__LOCAL_URL"),
        ({"CODING": "openai:a", "OPENAI_API_KEY": KEY}, "set HOLDFAST_MODELS__DEFAULT"),
        ({"OPENAI_URL": "models.acme.com"}, "HOLDFAST_MODELS__OPENAI_URL: write it as https://"),
        ({"OPENAI_URL": "ftp://models.acme.com"}, "write it as https://"),
        ({"OPENAI_URL": "https://models.acme.com:port/v1"}, "HOLDFAST_MODELS__OPENAI_URL"),
        ({"GOOGLE_URL": "https://models.acme.com/?key=1"}, "the address alone"),
        ({"LOCAL_URL": "http://me:secret@127.0.0.1/v1"}, "the address alone"),
        ({"OPENAI_API_KEY": "two words"}, "HOLDFAST_MODELS__OPENAI_API_KEY: a key has no blanks"),
        ({"ANTHROPIC_API_KEY": "clé"}, "a key has no blanks"),
        ({"OPENAI_API_KEY": '"quoted"'}, "a key has no blanks, quotes"),
        ({"LOCAL_URL": "http://127.0.0.1:99999/v1"}, "HOLDFAST_MODELS__LOCAL_URL: write it as https://"),
        ({"LOCAL_URL": "http://[::1/v1"}, "write it as https://"),
        ({"LOCAL_URL": "http://my host/v1"}, "without quotes or blanks"),
        ({"MAX_COST_USD": "0"}, "HOLDFAST_MODELS__MAX_COST_USD"),
        ({"TIMEOUT": "0"}, "HOLDFAST_MODELS__TIMEOUT"),
    ],
)
def test_a_wrong_model_setting_is_named_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(f"HOLDFAST_MODELS__{name}", value)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert said in str(refusal.value)
    assert not any(value in str(refusal.value) for name, value in variables.items() if name.endswith("KEY"))


@pytest.mark.parametrize("provider", ["openai", "anthropic", "google", "local"])
def test_a_key_travels_in_the_clear_to_this_machine_only(provider: str) -> None:
    key = {f"{provider}_api_key": KEY}
    for address in ("https://models.acme.com/v1", "http://127.0.0.1:8000", "http://localhost:8000", "http://[::1]:80"):
        model_settings(**{f"{provider}_url": address}, **key)
    with pytest.raises(ValidationError, match=f"{provider.upper()}_API_KEY must not travel in the clear"):
        model_settings(**{f"{provider}_url": "http://models.acme.com/v1"}, **key)


def test_no_key_is_shown_by_a_repr_or_a_dump() -> None:
    models = model_settings(**{f"{name}_api_key": KEY for name in ("openai", "anthropic", "google", "local")})
    assert KEY not in f"{models!r} {models} {models.model_dump()} {models.model_dump_json()}"
    assert models.secrets == (KEY,) * 4


@given(
    st.text(st.characters(codec="ascii", exclude_categories=["Cc"], exclude_characters=" \"'"), min_size=1),
    st.lists(st.sampled_from(["openai:a", "local:b:7b", "google:models/c"]), min_size=1, unique=True),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
def test_a_child_process_reads_the_same_models(key: str, names: list[str]) -> None:
    models = model_settings(
        default=tuple(names),
        openai_api_key=key,
        google_api_key=key,
        local_url="http://127.0.0.1:1/v1",
        local_api_key=key,
    )
    whole = load_settings(models=models)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in as_environment(whole).items():
            patch.setenv(name, value)
        assert load_settings().models == models


def test_a_key_in_the_place_of_a_model_is_not_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_MODELS__DEFAULT", KEY)
    with pytest.raises(SettingsError) as refused:
        load_settings()
    assert KEY not in str(refused.value)
