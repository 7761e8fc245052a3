from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from holdfast.errors import SettingsError
from holdfast.settings import (
    ApprovalSettings,
    DemoSettings,
    GraphSettings,
    OktaSettings,
    Settings,
    TemporalSettings,
    as_environment,
    load_settings,
    unknown_variables,
)
from starter.settings_view import markdown, settings_view
from tests.unit.rendered import rendered

ROOT = Path(__file__).parents[2]
# What an environment variable can carry.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)


@pytest.fixture(autouse=True)
def _environment_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("HOLDFAST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOLDFAST_DATA_DIR", str(tmp_path))


def test_the_documented_table_is_the_models() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == markdown(), (
        "run: holdfast settings --markdown > docs/settings.md"
    )


def test_the_environment_wins_over_the_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("max_parallel_steps = 7\n[demo]\nseed = 3\nusers = 90\n")
    monkeypatch.setenv("HOLDFAST_DEMO__SEED", "5")
    loaded = load_settings()
    assert (loaded.max_parallel_steps, loaded.demo.seed, loaded.demo.users) == (7, 5, 90)


def test_a_folder_given_by_the_caller_is_where_the_file_is_looked_for(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("max_parallel_steps = 7\n")
    other = tmp_path / "other"
    other.mkdir()
    assert load_settings(data_dir=other).max_parallel_steps == 4


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("HOLDFAST_OKTA__TOKN", "x", "did you mean HOLDFAST_OKTA__TOKEN?"),
        ("HOLDFAST_OKTA__URL", "https://acme.okta.com", "needs a way in: set HOLDFAST_OKTA__TOKEN"),
        ("HOLDFAST_OKTA__URL", "acme.okta.com", "https://acme.okta.com"),
        ("HOLDFAST_OKTA__URL", "http://acme.okta.com", "in the clear"),
        ("HOLDFAST_OKTA__TOKEN", "x", "set HOLDFAST_OKTA__URL"),
        ("HOLDFAST_TEMPORAL__ADDRESS", "somewhere", "host:port"),
        ("HOLDFAST_GRAPH__WORKERS", "0", "HOLDFAST_GRAPH__WORKERS"),
        ("HOLDFAST_GRAPH__ENGINE", "neo4j", "'ladybug' or 'kuzu'"),
        ("HOLDFAST_GRAPH__QUERY_TIMEOUT", "soon", "HOLDFAST_GRAPH__QUERY_TIMEOUT"),
        ("HOLDFAST_GRAPH", "{", "graph"),
    ],
)
def test_a_wrong_setting_is_named_with_the_way_out(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, said: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert said in str(refusal.value)


def test_a_wrong_secret_is_not_repeated_in_the_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLDFAST_OKTA__TOKEN", "00very-secret")
    monkeypatch.setenv("HOLDFAST_OKTA__CLIENT_ID", "00very-secret")
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert "very-secret" not in str(refusal.value) + str(refusal.value.__cause__)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[okta\n", "cannot be read"),
        ("typo = 1\n", "typo is not a setting"),
        ("[grahp]\nworkers = 2\n", "did you mean graph?"),
        ("[graph]\nworker = 2\n", "did you mean HOLDFAST_GRAPH__WORKERS?"),
        ('data_dir = "/tmp"\n', "HOLDFAST_DATA_DIR"),
    ],
)
def test_a_file_that_is_not_understood_whole_is_refused_by_its_name(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "config.toml").write_text(text)
    with pytest.raises(SettingsError) as refusal:
        load_settings()
    assert said in str(refusal.value)
    assert "config.toml" in str(refusal.value)


def test_variables_that_nothing_reads_are_pointed_out_and_those_of_groups_left_to_loading() -> None:
    found = unknown_variables(
        {
            "HOLDFAST_DATADIR": "x",
            "HOLDFAST_SERVICE_HOST": "x",
            "HOLDFAST_DEMO__SEED": "1",
            "HOLDFAST_OKTA": "{}",
            "X": "",
        }
    )
    assert [sentence.split()[0] for sentence in found] == ["HOLDFAST_DATADIR", "HOLDFAST_SERVICE_HOST"]
    assert "HOLDFAST_DATA_DIR" in found[0]


WAYS_IN = st.one_of(
    st.builds(lambda: {}),
    st.builds(lambda token: {"url": "https://acme.okta.com", "token": SecretStr(token)}, TEXTS),
    st.builds(
        lambda client: {"url": "http://127.0.0.1:80", "client_id": client, "private_key_file": Path("/k.pem")}, TEXTS
    ),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    way_in=WAYS_IN,
    scopes=st.lists(st.from_regex(r"okta\.[a-z]{1,9}\.read", fullmatch=True), max_size=3),
    timeout=st.timedeltas(min_value=timedelta(milliseconds=1), max_value=timedelta(days=2)),
    port=st.none() | st.integers(1, 65_535),
    policy=st.sampled_from(["never", "low_confidence", "always"]),
    seed=st.integers(-1_000, 1_000),
)
def test_a_child_reads_the_very_settings_that_it_was_given(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    way_in: dict[str, object],
    scopes: list[str],
    timeout: timedelta,
    port: int | None,
    policy: str,
    seed: int,
) -> None:
    given_settings = Settings(
        data_dir=tmp_path,
        okta=OktaSettings.model_validate({**way_in, "scopes": tuple(scopes)}),
        temporal=TemporalSettings(address=None, port=port),
        graph=GraphSettings(query_timeout=timeout),
        approval=ApprovalSettings.model_validate({"policy": policy}),
        demo=DemoSettings(seed=seed),
    )
    with monkeypatch.context() as child:
        for name, text in as_environment(given_settings).items():
            child.setenv(name, text)
        assert load_settings() == given_settings


def test_the_view_names_sources_and_hides_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("[demo]\nseed = 3\n")
    monkeypatch.setenv("HOLDFAST_OKTA__URL", "https://acme.okta.com")
    monkeypatch.setenv("HOLDFAST_OKTA__TOKEN", "00very-secret")
    lines = rendered(settings_view(load_settings())).splitlines()
    shown = {line.split()[0]: line for line in lines if line.startswith("HOLDFAST")}
    assert "(set, not shown)" in shown["HOLDFAST_OKTA__TOKEN"]
    assert shown["HOLDFAST_OKTA__URL"].split()[-1] == "environment"
    assert shown["HOLDFAST_DEMO__SEED"].split()[-2:] == ["3", "config.toml"]
    assert shown["HOLDFAST_DEMO__USERS"].split()[-1] == "default"
    assert "very-secret" not in str(shown)
