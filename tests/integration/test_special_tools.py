"""Special tools on the demo tenant, against its exported records and its log as it was written."""

from __future__ import annotations

import asyncio
import importlib
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import orjson
import polars as pl
import pytest
from pydantic import JsonValue

from evaluation.tenant import NOW, DemoTenant, demo_tenant
from holdfast.answer import StepResult
from holdfast.artifacts import ArtifactStore
from holdfast.catalogue.endpoints import Catalogue
from holdfast.contracts import CallAllowance, CallsWanted
from holdfast.demo import Company, FaultOptions, RunningTenant, TenantOptions, make_company, running
from holdfast.demo.log.writing import log_cases, system_log
from holdfast.errors import OktaServerError, SettingsError, ToolRefused
from holdfast.graph.snapshots import SnapshotStore
from holdfast.query_worker import QueryPool
from holdfast.special import registry
from holdfast.special.registry import all_tools, signatures_text, tools_in
from holdfast.special.sign_ins import EVENT_TYPES
from tests.integration.run_a_tool import outcome_of, query_pool, result_of, runner_of

SEED, USERS = 7, 150
README = Path(registry.__file__).parent / "README.md"


@dataclass
class Place:
    """A demo tenant that runs, the snapshot of the same company, and what was asked of it."""

    demo: DemoTenant
    tenant: RunningTenant
    pool: QueryPool
    root: Path
    log: Path

    @property
    def snapshots(self) -> SnapshotStore:
        return SnapshotStore(self.demo.directory / "graph")

    async def result(self, tool: str, **parameters: JsonValue) -> StepResult:
        runner = runner_of(self.tenant.url, self.snapshots, self.pool, self.root)
        return await result_of(runner, self.snapshots, tool, parameters)

    async def rows(self, tool: str, **parameters: JsonValue) -> list[dict[str, Any]]:
        return self.frame(await self.result(tool, **parameters)).to_dicts()

    def frame(self, result: StepResult) -> pl.DataFrame:
        return ArtifactStore(self.root / "artifacts").scan(result.rows).collect()

    def asked(self) -> list[str]:
        if not self.log.exists():
            return []
        return [orjson.loads(line)["path"] for line in self.log.read_bytes().splitlines()]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> DemoTenant:
    return demo_tenant(SEED, USERS, tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
async def pool() -> AsyncIterator[QueryPool]:
    made = query_pool()
    yield made
    await made.close()


@asynccontextmanager
async def place_with(demo: DemoTenant, pool: QueryPool, root: Path, **faults: Any) -> AsyncIterator[Place]:
    options = TenantOptions(request_log=root / "log", faults=FaultOptions(**faults))
    async with running(company(), options) as tenant:
        yield Place(demo, tenant, pool, root / "data", root / "log")


@pytest.fixture
async def place(demo: DemoTenant, pool: QueryPool, tmp_path: Path) -> AsyncIterator[Place]:
    async with place_with(demo, pool, tmp_path) as found:
        yield found


@cache
def company() -> Company:
    return make_company(SEED, USERS, now=NOW)


# --- who can open what --------------------------------------------------------------------------------------


def of_topic(rows: list[dict[str, Any]], topic: str) -> list[dict[str, Any]]:
    return [row for row in rows if row["topic"] == topic]


def pairs(demo: DemoTenant) -> list[tuple[str, str]]:
    """People and applications of every kind: assigned or not, of every status."""
    records, random = demo.records, Random(3)
    users, apps = sorted(records.users), sorted(records.apps)
    some = [(random.choice(users), random.choice(apps)) for _ in range(15)]
    assigned = sorted((user, app) for user, app, _ in records.paths)
    some += random.sample(assigned, 20)
    for status in ("SUSPENDED", "LOCKED_OUT", "DEPROVISIONED", "STAGED"):
        some += [(user, apps[0]) for user in users if records.users[user]["status"] == status][:1]
    some += [(user, app) for user, app in assigned if records.apps[app]["status"] == "INACTIVE"][:2]
    return some


async def test_access_is_what_the_export_says(place: Place) -> None:
    records = place.demo.records
    for user, app in pairs(place.demo):
        rows = await place.rows("user_app_access", user=user, application=app)
        paths = {path for who, what, path in records.paths if (who, what) == (user, app)}
        groups = {row["subject"] for row in of_topic(rows, "path") if row["finding"].startswith("Member of")}
        directly = any(row["finding"] == "Assigned directly." for row in of_topic(rows, "path"))
        status, app_status = records.users[user]["status"], records.apps[app]["status"]
        if status != "DEPROVISIONED":
            assert groups | ({"directly"} if directly else set()) == paths, (user, app)
        opens = bool(paths) and status in ("ACTIVE", "PASSWORD_EXPIRED", "RECOVERY") and app_status == "ACTIVE"
        assert (rows[0]["holds"] == "no") != opens, rows[0]
        assert rows[0]["topic"] == "verdict"
        assert f"Status {status}:" in of_topic(rows, "person")[0]["finding"]


async def test_what_a_policy_demands_is_held_against_the_factors_that_are_enrolled(place: Place) -> None:
    records = place.demo.records
    policies = {p["id"]: p["name"] for p in records.families["policies"]}
    governed = {
        app: policies[record["_links"]["accessPolicy"]["href"].rsplit("/", 1)[-1]]
        for app, record in records.apps.items()
        if (record.get("_links") or {}).get("accessPolicy")
    }
    app = next(app for app, name in sorted(governed.items()) if name == "Phishing resistant")
    active: dict[str, set[str]] = {user: set() for user in records.users}
    for factor in records.families["factors"]:
        if not factor.get("unreadable") and factor["status"] == "ACTIVE":
            active[factor["user_id"]].add(factor["factorType"])
    seen = set()
    for user in sorted(u for u, r in records.users.items() if r["status"] == "ACTIVE")[:25]:
        if records.factors_of[user] is None:
            continue
        rows = await place.rows("user_app_access", user=user, application=app)
        (demand,) = [row for row in of_topic(rows, "demand") if row["subject"] == "Catch-all Rule"]
        resistant = bool(active[user] & {"webauthn", "u2f", "signed_nonce"})
        assert demand["holds"] == ("yes" if resistant else "no"), (user, demand)
        seen.add(demand["holds"])
        assert "phishing-resistant" in demand["finding"]
        assert "again after 2 hours" in demand["finding"]
    assert seen == {"yes", "no"}


async def test_rules_are_told_in_order_with_what_they_depend_on(place: Place) -> None:
    records = place.demo.records
    user, app = next(
        (user, app) for user, app, _ in sorted(records.paths)
        if records.apps[app]["label"] == "Salesforce" and records.users[user]["status"] == "ACTIVE"
    )  # fmt: skip
    login = records.users[user]["profile"]["login"]
    rows = await place.rows("user_app_access", user=login.upper(), application="salesforce")
    assert [(row["subject"], row["holds"]) for row in of_topic(rows, "rule")] == [
        ("Blocked networks", "depends"), ("Catch-all Rule", "yes"),
    ]  # fmt: skip
    assert "depends on the network: inside Anonymisers" in of_topic(rows, "rule")[0]["finding"]
    assert "unless this rule decides at sign-in: Blocked networks" in rows[0]["finding"]
    assert {row["user_id"] for row in rows} == {user}
    assert {row["application_id"] for row in rows} == {app}


async def test_factors_that_the_tenant_does_not_tell_are_unknown_and_never_none(
    demo: DemoTenant, pool: QueryPool, tmp_path: Path
) -> None:
    user, app, _ = sorted(p for p in demo.records.paths if demo.records.apps[p[1]]["label"] == "Salesforce")[0]
    async with place_with(demo, pool, tmp_path, forbidden=("/api/v1/users/*/factors",)) as place:
        result = await place.result("user_app_access", user=user, application=app)
    rows = place.frame(result).to_dicts()
    assert {row["holds"] for row in of_topic(rows, "demand")} == {"unknown"}
    (factors,) = of_topic(rows, "factors")
    assert (factors["holds"], "could not be read: " in factors["finding"]) == ("unknown", True)
    assert "permission" in factors["finding"].lower()
    assert len(result.gaps) == 1
    assert "user factors" in result.gaps[0].message


async def test_where_the_tenant_tells_nothing_live_the_snapshot_answers_and_says_so(
    demo: DemoTenant, pool: QueryPool, tmp_path: Path
) -> None:
    records = demo.records
    user, app, _ = sorted(
        p for p in records.paths
        if records.apps[p[1]]["label"] == "Salesforce" and records.users[p[0]]["status"] == "ACTIVE"
    )[0]  # fmt: skip
    async with place_with(demo, pool, tmp_path, forbidden=("/api/v1/*",)) as place:
        rows = await place.rows("user_app_access", user=user, application=app)
    assert rows[0]["holds"] == "depends"
    assert [row["subject"] for row in of_topic(rows, "rule")] == ["Blocked networks", "Catch-all Rule"]
    assert all("snapshot of 2026-11-20" in row["evidence"] for row in rows if row["topic"] in ("rule", "person"))


async def test_that_nobody_is_assigned_is_an_answer_and_no_gap(place: Place) -> None:
    records = place.demo.records
    user, app = next(
        (user, app) for user in sorted(records.users) for app in sorted(records.apps)
        if app not in records.opens[user] and records.users[user]["status"] == "ACTIVE"
        and records.apps[app]["status"] == "ACTIVE" and records.factors_of[user] is not None
    )  # fmt: skip
    result = await place.result("user_app_access", user=user, application=app)
    assert place.frame(result).to_dicts()[0]["finding"] == "Cannot open it: the person is not assigned to it."
    assert result.gaps == ()


# --- the risk of sign-ins -----------------------------------------------------------------------------------


def events_about(user: str) -> list[dict[str, Any]]:
    """What the log holds of a person, by a walk over all of it."""
    return [
        event
        for event in system_log(company()).events()
        if user in (event["actor"]["id"], *(thing["id"] for thing in event["target"] or []))
    ]


def moment(event: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(event["published"])


def signed_in(event: dict[str, Any]) -> bool:
    return (event["eventType"], event["outcome"]["result"]) == ("user.session.start", "SUCCESS")


@pytest.mark.parametrize("days", [7, 30, 90])
async def test_findings_are_what_the_log_says(place: Place, days: int) -> None:
    since, until = NOW - timedelta(days=days), NOW
    baseline = since - timedelta(days=min(30, 90 - days))
    cases = log_cases(company())
    users = [user for user in (cases.traveller, cases.push_refuser, *cases.sprayed[:2]) if user]
    users += Random(days).sample(sorted(place.demo.records.users), 6)
    for user in dict.fromkeys(users):
        rows = await place.rows("login_risk", user=user, days=days)
        events = [event for event in events_about(user) if baseline <= moment(event) <= until]
        recent = [event for event in events if moment(event) >= since]
        before = {event["client"]["geographicalContext"]["country"] for event in events if signed_in(event)
                  and moment(event) < since}  # fmt: skip
        now = {event["client"]["geographicalContext"]["country"] for event in recent if signed_in(event)}
        found = {row["country"] for row in rows if row["kind"] == "new_country"}
        assert found == (now - before if before else set())
        read = set(EVENT_TYPES) - {"user.account.lock", "user.mfa.okta_verify.deny_push"}
        failed = {e["uuid"] for e in recent if e["outcome"]["result"] == "FAILURE" and e["eventType"] in read}
        assert {row["event"] for row in rows if row["kind"] == "failure"} == failed
        locked = {event["uuid"] for event in recent if event["eventType"] == "user.account.lock"}
        assert {row["event"] for row in rows if row["kind"] == "lockout"} == locked
        count = sum(map(signed_in, recent))
        assert rows[0]["kind"] == "level"
        assert f": {count:,} sign-ins in {days} days" in rows[0]["what"]
        assert [row["level"] is None for row in rows] == [False] + [True] * (len(rows) - 1)


async def test_the_traveller_of_the_demo_tenant_is_found_with_both_places(place: Place) -> None:
    traveller = log_cases(company()).traveller
    assert traveller is not None
    rows = await place.rows("login_risk", user=traveller, days=60)
    travels = [row for row in rows if row["kind"] == "impossible_travel"]
    assert travels
    assert rows[0]["level"] == "high"
    assert "impossible travel" in rows[0]["why"]
    assert all(row["event"] and row["ip"] and " km " in row["what"] for row in travels)


async def test_without_the_log_there_is_no_level_at_all(demo: DemoTenant, pool: QueryPool, tmp_path: Path) -> None:
    user = sorted(demo.records.users)[0]
    async with place_with(demo, pool, tmp_path, broken=("/api/v1/logs",)) as place:
        with pytest.raises(OktaServerError, match="cannot do without a read that was refused"):
            await place.rows("login_risk", user=user)
    async with place_with(demo, pool, tmp_path) as place:
        # What was trouble before is asked again.
        assert (await place.rows("login_risk", user=user))[0]["kind"] == "level"


# --- what holds of every tool -------------------------------------------------------------------------------


async def test_a_tool_past_its_budget_asks_a_person_and_repeats_nothing_after_the_approval(place: Place) -> None:
    runner = runner_of(place.tenant.url, place.snapshots, place.pool, place.root, unasked_calls=2)
    user, label = pairs(place.demo)[0]
    called: dict[str, JsonValue] = {"user": user, "application": label}
    wanted = await outcome_of(runner, place.snapshots, "user_app_access", called)
    assert isinstance(wanted, CallsWanted)
    assert "as many as are allowed without asking" in wanted.reason
    before = place.asked()
    assert wanted.calls_made == len(before) > 0
    approved = await outcome_of(runner, place.snapshots, "user_app_access", called, CallAllowance(calls=None))
    assert isinstance(approved, StepResult)
    assert len(place.asked()) > len(before)
    assert not set(before) & set(place.asked()[len(before) :])
    unasked = runner_of(place.tenant.url, place.snapshots, place.pool, place.root / "unasked")
    whole = await result_of(unasked, place.snapshots, "user_app_access", called)
    rows = ArtifactStore(place.root / "unasked" / "artifacts").scan(whole.rows).collect()
    assert place.frame(approved).equals(rows)


async def test_a_stopped_tool_says_what_it_cannot_tell_or_why_it_tells_nothing(place: Place) -> None:
    runner = runner_of(place.tenant.url, place.snapshots, place.pool, place.root, unasked_calls=0)
    user, label = pairs(place.demo)[0]
    stop = CallAllowance(calls=0, with_what_is_there=True)
    with pytest.raises(ToolRefused, match="a reviewer stopped further calls"):
        await outcome_of(runner, place.snapshots, "login_risk", {"user": user}, stop)
    called: dict[str, JsonValue] = {"user": user, "application": label}
    stopped = await outcome_of(runner, place.snapshots, "user_app_access", called, stop)
    assert isinstance(stopped, StepResult)
    assert any("a reviewer stopped further calls" in gap.message for gap in stopped.gaps)
    assert place.asked() == []


async def test_a_second_attempt_asks_the_tenant_nothing_again(place: Place) -> None:
    user, app, _ = sorted(place.demo.records.paths)[0]
    first = await place.rows("user_app_access", user=user, application=app)
    asked = place.asked()
    assert await place.rows("user_app_access", user=user, application=app) == first
    assert place.asked() == asked
    assert len(asked) >= 5


async def test_a_cancelled_attempt_leaves_no_request_and_the_next_repeats_none_that_was_answered(
    demo: DemoTenant, pool: QueryPool, tmp_path: Path
) -> None:
    user, app, _ = sorted(demo.records.paths)[0]
    async with place_with(demo, pool, tmp_path, latency=timedelta(seconds=0.1)) as place:
        running_tool = asyncio.create_task(place.rows("user_app_access", user=user, application=app))
        async with asyncio.timeout(30):
            while len(place.asked()) < 3:
                await asyncio.sleep(0.01)
        answered = set(place.asked())
        running_tool.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running_tool
        settled = len(place.asked())
        rows = await place.rows("user_app_access", user=user, application=app)
        assert rows[0]["topic"] == "verdict"
        assert not answered & set(place.asked()[settled:])


async def test_after_kill_9_nothing_that_was_answered_is_asked_again(
    demo: DemoTenant, pool: QueryPool, tmp_path: Path
) -> None:
    user, app, _ = sorted(demo.records.paths)[0]
    call = orjson.dumps(["user_app_access", {"user": user, "application": app}]).decode()
    async with place_with(demo, pool, tmp_path, latency=timedelta(seconds=0.2)) as place:
        command = ["-m", "tests.integration.run_a_tool", place.tenant.url, str(demo.directory / "graph")]
        process = await asyncio.create_subprocess_exec(sys.executable, *command, str(place.root), call)
        async with asyncio.timeout(60):
            # The fifth asks for the policy that one of the four before it named.
            while len(place.asked()) < 5 and process.returncode is None:
                await asyncio.sleep(0.005)
        assert process.returncode is None, "it ended before it could be killed"
        process.kill()
        await process.wait()
        before = place.asked()
        rows = await place.rows("user_app_access", user=user, application=app)
        assert rows[0]["topic"] == "verdict"
        assert not set(before[:4]) & set(place.asked()[len(before) :])


async def test_what_was_read_live_and_what_was_called_is_told(place: Place) -> None:
    user = sorted(place.demo.records.users)[0]
    result = await place.result("login_risk", user=user)
    assert result.generated.text == f"login_risk(user={user!r}, days=7)"
    assert result.generated.language == "tool"
    assert result.live is not None
    assert [use.endpoint for use in result.live.endpoints] == ["list_log_events"]
    assert result.notes == ("Sign-ins of 7 days were compared with those of the 30 days before.",)


@pytest.mark.parametrize(
    ("tool", "parameters", "said"),
    [
        ("nothing", {}, "There is no special tool nothing; there are login_risk\\(user, days\\): What is unusual"),
        ("login_risk", {}, "login_risk cannot work with its parameters: user: Field required"),
        ("login_risk", {"user": "x", "days": 91}, "days: Input should be less than or equal to 90"),
        ("login_risk", {"user": "x", "sql": "y"}, "sql: Extra inputs are not permitted"),
        ("login_risk", {"user": "nobody.at.all"}, "Nobody in the snapshot has the login.*mend the parameter `user`"),
        ("login_risk", {"user": "x' OR 'a' = 'a"}, "Nobody in the snapshot"),
        ("login_risk", {"user": "x\\' OR true //"}, "Nobody in the snapshot"),
    ],
)
async def test_parameters_that_fit_nothing_are_refused_with_what_to_mend(
    place: Place, tool: str, parameters: dict[str, JsonValue], said: str
) -> None:
    with pytest.raises(ToolRefused, match=said):
        await place.rows(tool, **parameters)
    assert place.asked() == []


async def test_a_name_that_several_people_have_is_asked_back_with_their_logins(place: Place) -> None:
    people = (user["profile"] for user in place.demo.records.users.values())
    names = Counter(f"{profile['firstName']} {profile['lastName']}" for profile in people)
    name, count = names.most_common(1)[0]
    assert count > 1
    with pytest.raises(ToolRefused, match=f"`user` fits {count}: .*@.* give the id or login of one"):
        await place.rows("login_risk", user=name)


async def test_a_snapshot_of_another_tenant_is_never_mixed_with_this_one(place: Place) -> None:
    other = runner_of(place.tenant.url, place.snapshots, place.pool, place.root, "https://other.example")
    parameters: dict[str, JsonValue] = {"user": sorted(place.demo.records.users)[0]}
    with pytest.raises(SettingsError, match=r"snapshot of https://other\.example"):
        await result_of(other, place.snapshots, "login_risk", parameters)


# --- adding a tool ------------------------------------------------------------------------------------------


@pytest.fixture
def tool_of_the_readme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    (code,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    package = tmp_path / "tools_of_the_readme"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "user_devices.py").write_text(code)
    monkeypatch.syspath_prepend(str(tmp_path))
    found = tools_in(importlib.import_module(package.name))
    monkeypatch.setattr(registry, "all_tools", lambda: found)
    yield code
    for name in [name for name in sys.modules if name.startswith(package.name)]:
        del sys.modules[name]


async def test_the_tool_that_the_readme_shows_is_found_and_runs(place: Place, tool_of_the_readme: str) -> None:
    assert len([line for line in tool_of_the_readme.splitlines() if line.strip()]) < 40
    records = place.demo.records
    user = records.families["device_users"][0]["user_id"]
    rows = await place.rows("user_devices", user=user)
    owned = [line["device_id"] for line in records.families["device_users"] if line["user_id"] == user]
    devices = {records.devices[device]["profile"]["displayName"] for device in owned}
    assert {row["device"] for row in rows} == devices
    factors = sorted(f["factorType"] for f in records.families["factors"] if f["user_id"] == user)
    assert rows[0]["factors"] == factors


def test_every_tool_names_endpoints_that_the_catalogue_has_and_describes_its_parameters() -> None:
    catalogue = Catalogue.load()
    for name, tool in all_tools().items():
        assert all(catalogue.endpoint(endpoint).name == endpoint for endpoint in tool.endpoints)
        assert all(field.description for field in tool.parameters.model_fields.values())
        assert f"| `{name}` |" in README.read_text(encoding="utf-8")
    assert signatures_text() == "login_risk(user, days), user_app_access(user, application)"
