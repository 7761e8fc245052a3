"""`docker-compose.yml` and the Dockerfile: what no container engine is needed to see, held against `make cluster`."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # it ships no type information

from holdfast.settings import known_variables
from starter.cluster.cluster import GATEWAYS, JOBS, WORKERS
from starter.cluster.health import CHECKS
from starter.cluster.postgres import MAX_CONNECTIONS
from starter.cluster.server_programs import TEMPORAL_SERVER_VERSION
from starter.cluster.temporal_server import PORT_VARIABLES, same_everywhere, server_environment

ROOT = Path(__file__).resolve().parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("build") == "."}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
GATEWAY_SERVICES = ("gateway", "second-gateway")
# What only the gateways are told: who may, and how they are reached.
GATEWAY_GROUPS = ("HOLDFAST_GATEWAY__", "HOLDFAST_ACCESS__")


def environment(service: dict[str, Any]) -> dict[str, str]:
    return dict(service.get("environment", {}))


def instructions(name: str) -> list[str]:
    joined = DOCKERFILE.replace("\\\n", " ")
    return [line.split(maxsplit=1)[1] for line in joined.splitlines() if line.startswith(f"{name} ")]


def test_it_has_the_services_of_the_cluster_and_temporals_own_page() -> None:
    processes = {"postgres", "temporal", "tenant", "worker", *GATEWAY_SERVICES}
    assert set(SERVICES) == processes | set(JOBS) | {"schema", "temporal-ui"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_containers_run_the_commands_of_the_cluster(name: str) -> None:
    assert json.loads(instructions("ENTRYPOINT")[0]) == ["python", "-P", "-m"]
    if name == "tenant":
        assert "exec python -P -m starter tenant serve --port 8099 " in OURS[name]["entrypoint"][2]
        return
    module = {"worker": "worker", **dict.fromkeys(GATEWAY_SERVICES, "starter.gateway"), **JOBS}[name]
    assert OURS[name]["command"][0] == module
    assert find_spec(module) is not None


def test_there_are_as_many_workers_and_gateways_as_in_the_cluster() -> None:
    assert SERVICES["worker"]["deploy"]["replicas"] == len(WORKERS)
    assert len(GATEWAY_SERVICES) == len(GATEWAYS)


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_may_do_nothing_that_it_does_not_need(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert "privileged" not in service
    if name in OURS:
        assert service["user"] == "10001:10001" == instructions("USER")[-1]


def test_nothing_listens_on_anything_but_loopback() -> None:
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert set(published) == {*GATEWAY_SERVICES, "temporal-ui"}
    assert all(port.startswith("127.0.0.1:") for ports in published.values() for port in ports)


@pytest.mark.parametrize("name", GATEWAY_SERVICES)
def test_a_gateway_is_published_under_the_port_that_it_knows(name: str) -> None:
    # It refuses a request whose `Host` names another one.
    port = environment(SERVICES[name])["HOLDFAST_GATEWAY__PORT"]
    assert SERVICES[name]["ports"] == [f"127.0.0.1:{port}:{port}"]


def test_postgres_is_reached_by_those_who_need_it_and_by_nobody_outside() -> None:
    attached = {name for name, service in SERVICES.items() if "database" in service.get("networks", [])}
    assert attached == {"postgres", "databases", "schema", "temporal", *GATEWAY_SERVICES}
    assert COMPOSE["networks"]["database"] == {"internal": True}
    assert COMPOSE["networks"]["temporal"] == {"internal": True}


def test_every_variable_of_ours_is_a_setting() -> None:
    known = set(known_variables())
    named = {name for service in SERVICES.values() for name in environment(service) if name.startswith("HOLDFAST_")}
    assert named
    assert named <= known
    in_texts = set(re.findall(r"\$\{(HOLDFAST_\w+)", (ROOT / "docker-compose.yml").read_text(encoding="utf-8")))
    assert in_texts <= known


def test_a_gateway_can_be_told_whatever_only_gateways_are_told() -> None:
    theirs = {name for name in known_variables() if name.startswith(GATEWAY_GROUPS)}
    for name in GATEWAY_SERVICES:
        missing = theirs - set(environment(SERVICES[name]))
        assert not missing, f"docker-compose.yml does not pass these settings on to {name}"


def test_only_workers_are_given_the_credentials_of_the_tenant_and_of_models() -> None:
    assert [name for name, service in SERVICES.items() if any(".env" in str(f) for f in _own_files(service))] == [
        "worker"
    ]
    for name, service in SERVICES.items():
        secret = [v for v in environment(service) if re.search(r"TOKEN|API_KEY|PRIVATE_KEY", v)]
        assert secret == (["HOLDFAST_OKTA__TOKEN"] if name == "worker" else []), name


def _own_files(service: dict[str, Any]) -> list[Any]:
    return [file for file in service.get("env_file", []) if file != "deploy/temporal/server.env"]


def test_no_password_is_written_down() -> None:
    for name, service in SERVICES.items():
        for variable, value in environment(service).items():
            if re.search(r"PASSWORD|PWD|SECRET", variable):
                assert value.startswith("/secrets/"), f"{name}: {variable}"
    assert not re.search(r"(?i)password|secret|token|api_key", " ".join(instructions("ENV") + instructions("ARG")))


def test_images_are_pinned_and_temporal_is_the_one_that_the_cluster_builds() -> None:
    images = {service["image"] for service in SERVICES.values()} | {line.split()[0] for line in instructions("FROM")}
    for image in images:
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+[\w.-]*", image), image
    assert SERVICES["temporal"]["image"] == f"temporalio/server:{TEMPORAL_SERVER_VERSION}"
    assert SERVICES["schema"]["image"] == f"temporalio/admin-tools:{TEMPORAL_SERVER_VERSION}"


def test_temporals_server_reads_the_same_files_in_a_container_and_as_a_process(tmp_path: Path) -> None:
    ports = dict.fromkeys(PORT_VARIABLES, 1)
    here = server_environment(tmp_path, ports, postgres_port=5432, password_file=tmp_path / "password")
    inside = {**same_everywhere(), **environment(SERVICES["temporal"])}
    chosen_on_a_machine = {*PORT_VARIABLES, "TEMPORAL_BROADCAST_ADDRESS", "PATH", "HOME", "TMPDIR", "TZ"}
    assert set(here) - chosen_on_a_machine == set(inside)
    assert SERVICES["temporal"]["entrypoint"] == ["/bin/sh", "/deploy/server.sh"]
    assert SERVICES["schema"]["entrypoint"] == ["/bin/sh", "/deploy/schema.sh"]
    assert SERVICES["temporal"]["volumes"][0] == "./deploy/temporal:/deploy:ro"
    for file in ("server.sh", "schema.sh", "dynamic.yaml", "server.env"):
        assert (ROOT / "deploy" / "temporal" / file).is_file()


def test_postgres_has_connections_for_everybody_in_both() -> None:
    assert SERVICES["postgres"]["command"] == ["postgres", "-c", f"max_connections={MAX_CONNECTIONS}"]


def test_every_long_running_container_is_looked_after() -> None:
    for name in OURS:
        if name not in JOBS:
            check = "gateway" if name in GATEWAY_SERVICES else name
            assert OURS[name]["healthcheck"]["test"] == ["CMD", "python", "-P", "-m", "starter.cluster.health", check]
            assert check in CHECKS
            assert OURS[name]["restart"] == "unless-stopped"
    assert all("healthcheck" in SERVICES[name] for name in ("postgres", "temporal"))


def test_volumes_that_are_used_exist_and_data_is_shared_by_those_who_share_it_in_the_cluster() -> None:
    mounts = {name: [str(volume) for volume in service.get("volumes", [])] for name, service in SERVICES.items()}
    used = {mount.split(":")[0] for ours in mounts.values() for mount in ours if not mount.startswith(".")}
    assert used == set(COMPOSE["volumes"])
    assert {name for name, ours in mounts.items() if "data:/data" in ours} == {"worker", *GATEWAY_SERVICES}


def test_the_image_is_built_from_the_lock_with_its_hashes() -> None:
    built = " ".join(instructions("RUN"))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    version = re.search(r"^UV_VERSION := (\S+)$", makefile, re.MULTILINE)
    assert version is not None
    assert f"uv=={version[1]}" in built
    assert "uv pip sync --require-hashes requirements.lock" in built


def test_nothing_enters_the_image_that_is_not_named() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    let_in = {rule[1:].rstrip("/") for rule in rules if rule.startswith("!")}
    assert {"src", "starter", "workflows", "activities", "prompts", "worker.py", "requirements.lock"} <= let_in
    assert all((ROOT / name).exists() for name in let_in)
    assert not let_in & {".env", ".git", "tests"}


# Refuses to import what the image does not have.
_WITHOUT = """
import sys
from importlib.metadata import packages_distributions
gone = set(sys.argv[1].split())
from packaging.utils import canonicalize_name
hidden = {m for m, d in packages_distributions().items() if {canonicalize_name(n) for n in d} <= gone}
class Without:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in hidden:
            raise ModuleNotFoundError(f"the image has no {name}", name=name)
sys.meta_path.insert(0, Without())
assert "pytest" in hidden and "fastapi" not in hidden
import worker, starter.cli, starter.gateway.serving, starter.cluster.cluster, starter.cluster.health
"""


def test_what_the_image_leaves_out_is_not_needed_to_run() -> None:
    named = subprocess.run(
        [sys.executable, ROOT / "deploy" / "not_required.py", "holdfast"], capture_output=True, text=True, check=True
    )
    left_out = named.stdout.split()
    assert {"pytest", "mypy", "playwright"} <= set(left_out)
    run = subprocess.run(
        [sys.executable, "-c", _WITHOUT, " ".join(left_out)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert run.returncode == 0, run.stderr
