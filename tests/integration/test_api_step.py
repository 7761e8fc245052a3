"""Written programs against the demo tenant: what they find and cost, and what a bad day of the tenant changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from holdfast.api_settings import ApiSettings
from holdfast.api_step.progress import LiveProgress
from holdfast.approval_settings import ApprovalSettings
from holdfast.contracts import CallAllowance, CallsWanted, EarlierStep
from holdfast.demo import Company, FaultOptions, RateLimitOptions, TenantOptions, make_company, running
from holdfast.errors import OktaAway, OktaNotFound, OktaRefused, OktaServerError, ProgramFailed, SettingsError
from holdfast.plan import ApiStep
from holdfast.sandbox.pool import Sandbox
from tests.api_steps import (
    Asked,
    Bench,
    factors_of_everyone,
    members_of_every_group,
    program_run,
)
from tests.demo_asker import UNLIMITED, asking

USERS = 80


@pytest.fixture(scope="module")
def company() -> Company:
    return make_company(seed=3, users=USERS)


@pytest.fixture(scope="module")
async def sandbox() -> AsyncIterator[Sandbox]:
    async with Sandbox() as sandbox:
        yield sandbox


def options(folder: Path, **faults: object) -> TenantOptions:
    log = folder / "requests"
    return TenantOptions(request_log=log, rate_limits=UNLIMITED, faults=FaultOptions.model_validate(faults))


async def truth_of_factors(company: Company) -> dict[str, list[str] | None]:
    """By independent means: what a plain client sees."""
    async with asking(company, TenantOptions(rate_limits=UNLIMITED)) as asker:
        found: dict[str, list[str] | None] = {}
        for user in await asker.all("/api/v1/users"):
            answer = await asker.get(f"/api/v1/users/{user['id']}/factors")
            kinds = sorted(factor["factorType"] for factor in answer.body) if answer.status == 200 else None
            found[user["profile"]["login"]] = kinds
        return found


async def test_a_program_finds_what_a_plain_client_finds_and_says_whose_factors_nobody_may_see(
    company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with running(company, options(tmp_path)) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path)
        result = await bench.result(factors_of_everyone())
    truth = await truth_of_factors(company)
    rows = bench.rows(result)
    assert {row["login"]: row["kinds"] for row in rows} == truth
    unread = [row for row in rows if row["kinds"] is None]
    assert unread
    assert all(row["unread"].startswith("E0000006") for row in unread)
    (gap,) = result.gaps
    assert (gap.origin, gap.message.split(" (")[0]) == (
        "live",
        f"The tenant did not tell user factors of {len(unread)} user" + "s" * (len(unread) > 1),
    )
    assert result.live is not None
    uses = {use.endpoint: use for use in result.live.endpoints}
    assert uses["list_user_factors"].calls == len(truth)
    assert uses["list_user_factors"].refused == len(unread)
    assert all(use.received_bytes > 0 and use.retries == 0 for use in uses.values())
    assert sum(use.calls for use in uses.values()) == Asked(tmp_path / "requests").count
    assert result.live.started < result.live.finished


@pytest.mark.parametrize(
    "faults",
    [
        {"error_rate": 0.05},
        {"cut_rate": 0.05},
        {"throttle_rate": 0.1},
        {"error_rate": 0.03, "cut_rate": 0.03, "jitter": timedelta(milliseconds=5)},
    ],
    ids=str,
)
async def test_a_bad_day_of_the_tenant_changes_no_row_and_repeats_no_finished_call(
    faults: dict[str, object], company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    # A throttled request is asked again after its window, which is to be short here.
    limits = RateLimitOptions(window=timedelta(seconds=1)) if "throttle_rate" in faults else UNLIMITED
    tenant_options = options(tmp_path, seed=5, **faults).model_copy(update={"rate_limits": limits})
    async with running(company, tenant_options) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path)
        result = await bench.result(factors_of_everyone())
    assert {row["login"]: row["kinds"] for row in bench.rows(result)} == await truth_of_factors(company)
    finished = Asked(tmp_path / "requests").finished()
    assert set(finished.values()) == {1}
    assert result.live is not None
    retries = sum(use.retries for use in result.live.endpoints)
    assert retries == Asked(tmp_path / "requests").count - finished.total() > 0


async def test_a_step_that_goes_on_after_a_pause_knows_that_the_limit_is_used_up(
    company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    limits = RateLimitOptions(share=0.03, window=timedelta(seconds=4))
    tenant_options = options(tmp_path).model_copy(update={"rate_limits": limits})
    async with running(company, tenant_options) as tenant:
        runner, asked = Bench(sandbox, tenant.url, tmp_path).runner(), Asked(tmp_path / "requests")
        for _ in range(3):
            attempt = asyncio.create_task(runner.run(factors_of_everyone(), LiveProgress()))
            while asked.count < 30:
                await asyncio.sleep(0.01)
            # Long enough to send what would be one too many, and shorter than the window.
            await asyncio.sleep(0.3)
            attempt.cancel()
            await asyncio.wait([attempt])
    assert {line["status"] for line in asked.lines()} <= {200, 403}


async def test_a_rate_limit_is_kept_to_the_call_and_the_wait_is_told(
    company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    limits = RateLimitOptions(share=0.05, window=timedelta(seconds=1))
    tenant_options = options(tmp_path).model_copy(update={"rate_limits": limits})
    async with running(company, tenant_options) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path)
        result = await bench.result(factors_of_everyone(), CallAllowance(calls=None))
    assert {row["login"]: row["kinds"] for row in bench.rows(result)} == await truth_of_factors(company)
    assert 429 not in {line["status"] for line in Asked(tmp_path / "requests").lines()}
    assert result.live is not None
    waited = sum(use.waited_seconds for use in result.live.endpoints)
    assert 0 < waited <= (result.live.finished - result.live.started).total_seconds()


async def test_dependent_calls_of_a_fan_out_are_each_made_as_often_as_they_are_asked(
    company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with running(company, options(tmp_path, jitter=timedelta(milliseconds=5))) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path)
        result = await bench.result(members_of_every_group())
        first = Asked(tmp_path / "requests").count
        again = await bench.result(members_of_every_group())
    assert Asked(tmp_path / "requests").count == first
    assert bench.rows(result) == bench.rows(again)
    members = sum(len(row["members"]) for row in bench.rows(result))
    assert result.live is not None
    uses = {use.endpoint: use.calls for use in result.live.endpoints}
    assert uses["list_user_factors"] == members > USERS


class TestBudget:
    async def test_a_person_is_asked_at_the_budget_and_nothing_is_repeated_after_the_approval(
        self, company: Company, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        async with running(company, options(tmp_path)) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path, ApiSettings(calls_each=30))
            wanted = await bench.run(factors_of_everyone())
            assert isinstance(wanted, CallsWanted)
            people = len(await truth_of_factors(company))
            asked = Asked(tmp_path / "requests")
            assert wanted.calls_made == asked.count == 30 + asked_for_lists(asked)
            assert wanted.calls_to_come is not None
            assert 0 < wanted.calls_to_come <= people - 30
            assert "30" in wanted.reason
            result = await bench.result(factors_of_everyone(), CallAllowance(calls=None))
        assert set(asked.finished().values()) == {1}
        assert len(bench.rows(result)) == people

    async def test_an_allowance_counts_every_call_of_the_step(
        self, company: Company, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        async with running(company, options(tmp_path)) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path, ApiSettings(calls_each=10))
            first = await bench.run(factors_of_everyone())
            assert isinstance(first, CallsWanted)
            allowed = first.calls_made + 15
            second = await bench.run(factors_of_everyone(), CallAllowance(calls=allowed))
            asked = Asked(tmp_path / "requests")
            assert isinstance(second, CallsWanted)
            assert second.calls_made == asked.count == allowed
            people = len(await truth_of_factors(company))
            exactly = people + asked_for_lists(asked)
            result = await bench.result(factors_of_everyone(), CallAllowance(calls=exactly))
            assert asked.count == exactly
        assert len(bench.rows(result)) == people

    async def test_an_estimate_above_the_budget_is_asked_about_before_a_single_call(
        self, company: Company, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        async with running(company, options(tmp_path)) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path)
            wanted = await bench.run(factors_of_everyone(estimated=5_000))
        assert isinstance(wanted, CallsWanted)
        assert (wanted.calls_made, wanted.calls_to_come) == (0, 5_000)
        assert Asked(tmp_path / "requests").count == 0

    async def test_an_estimate_above_what_policy_allows_is_asked_about_once(
        self, company: Company, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        async with running(company, options(tmp_path)) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path, approval=ApprovalSettings(estimated_calls=10))
            wanted = await bench.run(factors_of_everyone(estimated=11))
            assert isinstance(wanted, CallsWanted)
            assert "10 are allowed here without asking" in wanted.reason
            assert Asked(tmp_path / "requests").count == 0
            await bench.result(factors_of_everyone(estimated=11), CallAllowance(calls=None))

    async def test_a_rate_limit_bounds_what_is_read_unasked_and_gives_the_minutes(
        self, company: Company, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        limits = RateLimitOptions(share=0.05, window=timedelta(seconds=2))
        tenant_options = options(tmp_path).model_copy(update={"rate_limits": limits})
        async with running(company, tenant_options) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path, ApiSettings(minutes_at_limit=0.5))
            wanted = await bench.run(factors_of_everyone())
        assert isinstance(wanted, CallsWanted)
        assert wanted.calls_to_come is not None
        assert "minutes' worth of the tenant's rate limit" in wanted.reason
        assert wanted.minutes is not None
        assert wanted.minutes > 0

    async def test_a_reviewer_who_stops_it_gets_what_was_read_and_the_rest_is_said_to_be_missing(
        self, company: Company, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        async with running(company, options(tmp_path)) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path, ApiSettings(calls_each=30))
            wanted = await bench.run(factors_of_everyone())
            assert isinstance(wanted, CallsWanted)
            stop = CallAllowance(calls=wanted.calls_made, with_what_is_there=True)
            result = await bench.result(factors_of_everyone(), stop)
        assert Asked(tmp_path / "requests").count == wanted.calls_made
        truth = await truth_of_factors(company)
        stopped = [row for row in bench.rows(result) if row["unread"] == "a reviewer stopped further calls"]
        assert len(stopped) == len(truth) - 30
        assert all(row["kinds"] == truth[row["login"]] for row in bench.rows(result) if row not in stopped)
        assert any("a reviewer stopped further calls" in gap.message for gap in result.gaps)

    async def test_a_list_that_was_read_in_part_gives_that_part_and_says_so(
        self, company: Company, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        listing = 'users = await list_users(fields=("id",))\nresult = users'
        async with running(make_company(seed=3, users=450), options(tmp_path)) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path, ApiSettings(pages=1))
            run = program_run(listing, [("id", "text")], ("list_users",))
            wanted = await bench.run(run)
            assert isinstance(wanted, CallsWanted)
            result = await bench.result(run, CallAllowance(calls=1, with_what_is_there=True))
        assert len(bench.rows(result)) == 200
        assert [gap.message for gap in result.gaps] == [
            "Of the users only a part was read: a reviewer stopped further calls."
        ]


def asked_for_lists(asked: Asked) -> int:
    return sum("/factors" not in line["path"] for line in asked.lines())


class TestRefusals:
    async def test_a_refused_read_that_a_program_cannot_do_without_fails_the_step_in_the_tenants_words(
        self, company: Company, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        listing = "result = [{'id': user['id']} for user in await list_users()]"
        async with running(company, options(tmp_path, forbidden=("/api/v1/users",))) as tenant:
            with pytest.raises(OktaRefused, match=r"E0000006.*Give the token's owner the right"):
                await Bench(sandbox, tenant.url, tmp_path).run(program_run(listing, [("id", "text")], ("list_users",)))

    async def test_something_that_is_not_there_is_a_value_or_the_end_as_the_program_likes(
        self, company: Company, sandbox: Sandbox, tmp_path: Path
    ) -> None:
        tried = "found, unread = await attempt(get_user('00uNobody'))\nresult = [{'unread': unread}]"
        insists = "found = await get_user('00uNobody')\nresult = [{'unread': found['id']}]"
        async with running(company, options(tmp_path)) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path)
            result = await bench.result(program_run(tried, [("unread", "text")], ("get_user",)))
            with pytest.raises(OktaNotFound, match="E0000007"):
                await bench.run(program_run(insists, [("unread", "text")], ("get_user",)))
        assert bench.rows(result)[0]["unread"].startswith("E0000007")
        assert "did not find users of 1 user" in result.gaps[0].message

    async def test_lasting_trouble_with_one_thing_is_a_value_and_the_others_are_true(
        self, company: Company, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("holdfast.api_step.reader._PAUSES_S", (0.01, 0.01))
        truth = await truth_of_factors(company)
        victim = next(user["id"] for user in company.users.values() if truth.get(user["profile"]["login"]))
        async with running(company, options(tmp_path, broken=(f"*/{victim}/factors",))) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path)
            result = await bench.result(factors_of_everyone())
        rows = bench.rows(result)
        troubled = [row for row in rows if (row["unread"] or "").startswith("asked 3 times")]
        assert len(troubled) == 1
        assert all(row["kinds"] == truth[row["login"]] for row in rows if row not in troubled)
        assert any("could not tell" in gap.message and victim in gap.message for gap in result.gaps)

    async def test_lasting_trouble_with_many_things_is_a_value_for_each_though_their_retries_end_in_a_row(
        self, company: Company, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        # Long enough for all the others to be answered meanwhile.
        monkeypatch.setattr("holdfast.api_step.reader._PAUSES_S", (0.1, 0.9))
        truth = await truth_of_factors(company)
        told = [user for user in company.users.values() if truth.get(user["profile"]["login"])]
        victims = {user["profile"]["login"]: f"*/{user['id']}/factors" for user in told[::5]}
        assert len(victims) > 10
        async with running(company, options(tmp_path, broken=tuple(victims.values()))) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path)
            result = await bench.result(factors_of_everyone())
        rows = bench.rows(result)
        assert {row["login"] for row in rows if (row["unread"] or "").startswith("asked 3 times")} == victims.keys()
        assert all(row["kinds"] == truth[row["login"]] for row in rows if row["login"] not in victims)
        assert result.live is not None
        asked = sum(use.calls + use.retries for use in result.live.endpoints)
        assert asked == Asked(tmp_path / "requests").count

    async def test_a_tenant_in_trouble_as_a_whole_fails_the_attempt_and_the_next_one_asks_all_of_it_again(
        self, company: Company, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("holdfast.api_step.reader._PAUSES_S", (0.01,))
        async with running(company, options(tmp_path, broken=("*/factors",))) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path)
            with pytest.raises(OktaServerError):
                await bench.run(factors_of_everyone())
        port = int(tenant.url.rsplit(":", 1)[1])
        with pytest.raises(OktaAway):
            await bench.run(factors_of_everyone())
        healthy = options(tmp_path).model_copy(update={"port": port})
        async with running(company, healthy):
            result = await bench.result(factors_of_everyone())
        assert {row["login"]: row["kinds"] for row in bench.rows(result)} == await truth_of_factors(company)

    async def test_trouble_that_a_program_dies_of_is_asked_again_by_the_next_attempt(
        self, company: Company, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("holdfast.api_step.reader._PAUSES_S", (0.01,))
        run = program_run("result = await list_users(fields=('id',))", [("id", "text")], ("list_users",))
        async with running(company, options(tmp_path, broken=("/api/v1/users",))) as tenant:
            bench = Bench(sandbox, tenant.url, tmp_path)
            with pytest.raises(OktaServerError):
                await bench.run(run)
        healthy = options(tmp_path).model_copy(update={"port": int(tenant.url.rsplit(":", 1)[1])})
        async with running(company, healthy):
            assert bench.rows(await bench.result(run))

    async def test_a_tenant_that_was_not_synced_is_never_read(self, sandbox: Sandbox, tmp_path: Path) -> None:
        bench = Bench(sandbox, "http://127.0.0.1:9", tmp_path, synced="https://acme.okta.com")
        with pytest.raises(SettingsError, match=r"snapshot of https://acme\.okta\.com.*127\.0\.0\.1:9"):
            await bench.run(factors_of_everyone())


async def test_a_stopped_step_sends_nothing_more_and_what_was_answered_is_kept(
    company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with running(company, options(tmp_path, latency=timedelta(milliseconds=20))) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path, concurrency=5)
        asked = Asked(tmp_path / "requests")
        running_step = asyncio.create_task(bench.run(factors_of_everyone()))
        while asked.count < 30:
            await asyncio.sleep(0.01)
        running_step.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running_step
        stopped_at = asked.count
        await asyncio.sleep(0.3)
        assert asked.count == stopped_at
        result = await bench.result(factors_of_everyone())
    assert set(asked.finished().values()) == {1}
    assert len(bench.rows(result)) == len(await truth_of_factors(company))


async def test_another_program_starts_afresh_and_says_so(company: Company, sandbox: Sandbox, tmp_path: Path) -> None:
    async with running(company, options(tmp_path)) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path)
        first = await bench.result(factors_of_everyone())
        other = factors_of_everyone(now=factors_of_everyone().program.now + timedelta(hours=1))
        second = await bench.result(other)
    assert first.notes == ()
    assert "read everything anew" in second.notes[0]
    assert set(Asked(tmp_path / "requests").finished().values()) == {2}


async def test_pages_are_read_one_at_a_time_by_cursors_that_only_the_host_makes(
    company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    paged = """
cursor, result = None, []
while True:
    users, cursor = await list_users_page(cursor, fields=("id",))
    result += users
    if cursor is None:
        break
"""
    forged = "users, cursor = await list_users_page('https://evil.example/api/v1/users')\nresult = []"
    async with running(make_company(seed=3, users=450), options(tmp_path)) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path)
        result = await bench.result(program_run(paged, [("id", "text")], ("list_users",)))
        assert Asked(tmp_path / "requests").count == 3
        again = await bench.result(program_run(paged, [("id", "text")], ("list_users",)))
        with pytest.raises(ProgramFailed, match="is no cursor of list_users_page"):
            await bench.run(program_run(forged, [("id", "text")], ("list_users",)))
        assert Asked(tmp_path / "requests").count == 3
    ids = [row["id"] for row in bench.rows(result)]
    assert len(set(ids)) == len(ids) > 400
    assert bench.rows(again) == bench.rows(result)


async def test_a_program_reads_the_rows_of_the_steps_before_it_and_of_no_other(
    company: Company, sandbox: Sandbox, tmp_path: Path
) -> None:
    async with running(company, options(tmp_path)) as tenant:
        bench = Bench(sandbox, tenant.url, tmp_path)
        first = await bench.result(factors_of_everyone())
        step = ApiStep(id="before", entity="User", operation="list", query_context="people")
        earlier = (EarlierStep(step=step, generated=first.generated, rows=first.rows, samples=first.samples),)
        doubled = "result = [{'login': row['login'], 'kinds': row['kinds']} for row in await load('before')]"
        columns = [("login", "text"), ("kinds", "list")]
        result = await bench.result(program_run(doubled, columns, ("list_users",), earlier=earlier))
        stranger = doubled.replace("'before'", "'somebody-elses'")
        with pytest.raises(ProgramFailed, match=r"it builds on: before"):
            await bench.run(program_run(stranger, columns, ("list_users",), earlier=earlier))
    assert [row["kinds"] for row in bench.rows(result)] == [row["kinds"] for row in bench.rows(first)]
    assert result.live is None
