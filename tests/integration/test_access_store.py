"""The access store on every database that it may be: SQLite always, PostgreSQL where one can be started."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy.exc import DBAPIError

from holdfast.access_settings import AccessSettings
from holdfast.errors import SettingsError
from holdfast.settings import Settings, load_settings
from starter.access.audit import Wanted
from starter.access.callers import Action, Caller, Role
from starter.access.keys import NewKey
from starter.access.passes import PassKind
from starter.access.refusals import NotAuthenticated, StoreAway, UnknownKey
from starter.access.secret_texts import new_id
from starter.access.sharing import ShareReason
from starter.access.stored import StoredAccess, open_access
from tests.databases import postgresql, why_no_postgresql

ADA = Caller("ada", "Ada", frozenset({Role.ASKER}), "key:ada", address="127.0.0.1", request_id="r-1")
ASKER = NewKey("ada", "Ada's script", frozenset({Role.ASKER}))


@dataclass
class Clock:
    """The time, which passes when a test says so."""

    now: datetime = datetime(2026, 11, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def after(self, elapsed: timedelta) -> None:
        self.now += elapsed


@pytest.fixture(scope="module")
def postgresql_url() -> Iterator[str]:
    if why := why_no_postgresql():
        pytest.skip(why)
    with postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    if request.param == "sqlite":
        return load_settings(data_dir=tmp_path)
    url = _emptied(request.getfixturevalue("postgresql_url"))
    return load_settings(data_dir=tmp_path, access=AccessSettings(store=SecretStr(url)))


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(store_settings: Settings, clock: Clock) -> Iterator[StoredAccess]:
    opened = open_access(store_settings, clock)
    yield opened
    opened.close()


def _emptied(url: str) -> str:
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return url


def _engine(settings: Settings) -> sqlalchemy.Engine:
    """The database behind our back."""
    store = settings.access.store
    return sqlalchemy.create_engine(
        store.get_secret_value() if store is not None else f"sqlite:///{settings.data_dir / 'access.db'}"
    )


def _execute(settings: Settings, statement: str) -> None:
    engine = _engine(settings)
    try:
        with engine.begin() as connection:
            connection.exec_driver_sql(statement)
    finally:
        engine.dispose()


async def test_a_key_stands_for_its_subject_roles_and_scopes(access: StoredAccess) -> None:
    wanted = replace(ASKER, roles=frozenset({Role.ASKER, Role.REVIEWER}), scopes=frozenset({Action.SEE, Action.ASK}))
    key, text = await access.keys.create(wanted, "root", new_id())
    caller = await access.keys.caller_of(text)
    assert (caller.subject, caller.name) == ("ada", "Ada's script")
    assert (caller.roles, caller.scopes) == (wanted.roles, wanted.scopes)
    assert caller.credential == f"key:{key.id}"


async def test_a_keys_secret_is_nowhere_in_the_store(access: StoredAccess, store_settings: Settings) -> None:
    key, text = await access.keys.create(ASKER, "root", new_id())
    secret = text.removeprefix(f"hf_{key.id}_")
    engine = _engine(store_settings)
    with engine.connect() as connection:
        kept = str(connection.exec_driver_sql("SELECT * FROM access_keys").all())
    engine.dispose()
    assert len(secret) == 43
    assert secret not in kept


@pytest.mark.parametrize("wrong", ["hf_", "hf_x_y", "hf_{id}_", "hf_{id}_" + "A" * 43, "{text}A", "HF_{id}"])
async def test_what_is_nearly_a_key_is_refused(access: StoredAccess, wrong: str) -> None:
    key, text = await access.keys.create(ASKER, "root", new_id())
    with pytest.raises(NotAuthenticated):
        await access.keys.caller_of(wrong.format(id=key.id, text=text))


async def test_a_revoked_key_is_refused_at_once_by_every_gateway(
    access: StoredAccess, store_settings: Settings, clock: Clock
) -> None:
    other = open_access(store_settings, clock)
    key, text = await access.keys.create(ASKER, "root", new_id())
    await other.keys.caller_of(text)
    await access.keys.revoke(key.id)
    with pytest.raises(NotAuthenticated):
        await other.keys.caller_of(text)
    other.close()


async def test_a_key_that_is_revoked_twice_keeps_its_first_moment(access: StoredAccess, clock: Clock) -> None:
    key, _ = await access.keys.create(ASKER, "root", new_id())
    first = await access.keys.revoke(key.id)
    clock.after(timedelta(days=1))
    assert (await access.keys.revoke(key.id)).revoked == first.revoked
    with pytest.raises(UnknownKey):
        await access.keys.revoke("nothing")


async def test_an_expired_key_is_refused(access: StoredAccess, clock: Clock) -> None:
    _, text = await access.keys.create(replace(ASKER, expires=clock.now + timedelta(days=1)), "root", new_id())
    clock.after(timedelta(hours=23))
    await access.keys.caller_of(text)
    clock.after(timedelta(hours=1))
    with pytest.raises(NotAuthenticated):
        await access.keys.caller_of(text)


async def test_the_last_use_of_a_key_is_known_to_the_minute(access: StoredAccess, clock: Clock) -> None:
    _, text = await access.keys.create(ASKER, "root", new_id())
    assert (await access.keys.listed())[0].last_used is None
    for _ in range(3):
        await access.keys.caller_of(text)
        clock.after(timedelta(seconds=50))
    assert (await access.keys.listed())[0].last_used == clock.now - timedelta(seconds=50)


async def test_a_pass_is_used_once_by_whoever_comes_first(
    access: StoredAccess, store_settings: Settings, clock: Clock
) -> None:
    other = open_access(store_settings, clock)
    ticket = await access.passes.issue(PassKind.TICKET, ADA, timedelta(seconds=30))
    tries = [one.passes.redeem(PassKind.TICKET, ticket) for one in (access, other) * 8]
    ended = await asyncio.gather(*tries, return_exceptions=True)
    other.close()
    assert [each.subject for each in ended if isinstance(each, Caller)] == ["ada"]
    assert sum(isinstance(each, NotAuthenticated) for each in ended) == 15


async def test_a_pass_of_one_kind_is_never_taken_for_another(access: StoredAccess) -> None:
    code = await access.passes.issue(PassKind.CODE, ADA, timedelta(minutes=5))
    with pytest.raises(NotAuthenticated):
        await access.passes.redeem(PassKind.TICKET, code)
    with pytest.raises(NotAuthenticated):
        await access.passes.session(code, timedelta(hours=1))
    assert (await access.passes.redeem(PassKind.CODE, code)).subject == "ada"


async def test_a_pass_that_is_too_old_is_refused(access: StoredAccess, clock: Clock) -> None:
    ticket = await access.passes.issue(PassKind.TICKET, ADA, timedelta(seconds=30))
    clock.after(timedelta(seconds=30))
    with pytest.raises(NotAuthenticated):
        await access.passes.redeem(PassKind.TICKET, ticket)


async def test_a_session_goes_on_with_use_but_not_for_ever(access: StoredAccess, clock: Clock) -> None:
    session = await access.start_session(ADA)
    for _ in range(12):
        clock.after(timedelta(minutes=59))
        assert (await access.passes.session(session, timedelta(hours=1))).subject == "ada"
    clock.after(timedelta(minutes=13))
    with pytest.raises(NotAuthenticated):
        await access.passes.session(session, timedelta(hours=1))


async def test_an_unused_session_ends(access: StoredAccess, clock: Clock) -> None:
    session = await access.start_session(ADA)
    clock.after(timedelta(hours=1))
    with pytest.raises(NotAuthenticated):
        await access.passes.session(session, timedelta(hours=1))


async def test_a_session_ends_with_the_key_that_began_it(access: StoredAccess, clock: Clock) -> None:
    ends = clock.now + timedelta(minutes=30)
    revoked, first = await access.keys.create(ASKER, "root", new_id())
    _, second = await access.keys.create(replace(ASKER, expires=ends), "root", new_id())
    sessions = [await access.start_session(await access.keys.caller_of(text)) for text in (first, second)]
    for session in sessions:
        await access.passes.session(session, timedelta(hours=1))
    await access.keys.revoke(revoked.id)
    clock.after(timedelta(minutes=31))
    for session in sessions:
        with pytest.raises(NotAuthenticated):
            await access.passes.session(session, timedelta(hours=1))


async def test_a_question_is_in_sight_of_those_it_was_shared_with(access: StoredAccess, clock: Clock) -> None:
    assert await access.shares.add("q-1", "bob", "ada")
    clock.after(timedelta(seconds=1))
    assert await access.shares.add("q-2", "bob", "bob", ShareReason.REVIEWED)
    assert not await access.shares.add("q-1", "bob", "carol", ShareReason.REVIEWED)
    assert [share.shared_by for share in await access.shares.of_question("q-1")] == ["ada"]
    assert await access.shared_with("bob") == ("q-2", "q-1")
    assert await access.is_shared("q-1", "bob")
    assert await access.shares.remove("q-1", "bob")
    assert not await access.shares.remove("q-1", "bob")
    assert not await access.is_shared("q-1", "bob")


async def test_the_record_is_read_by_who_what_and_when(access: StoredAccess, clock: Clock) -> None:
    await access.record(ADA, "ask", "q-1", text="Who?")
    clock.after(timedelta(hours=1))
    later = clock.now
    await access.record(replace(ADA, subject="bob"), "export", "q-1", rows=3)
    await access.record(ADA, "export", "q-2", rows=4)
    read = access.audit.page
    assert [entry.target for entry in await read(Wanted(), 10)] == ["q-2", "q-1", "q-1"]
    assert [entry.detail for entry in await read(Wanted(subject="ada", action="export"), 10)] == [{"rows": 4}]
    assert [entry.subject for entry in await read(Wanted(target="q-1", since=later), 10)] == ["bob"]
    newest = (await read(Wanted(), 1))[0]
    assert [entry.target for entry in await read(Wanted(before=newest.id), 10)] == ["q-1", "q-1"]
    assert (newest.at, newest.address, newest.request_id) == (later, "127.0.0.1", "r-1")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(), detail=st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.booleans()))
async def test_whatever_is_recorded_is_read_back_and_stays_sealed(
    access: StoredAccess, text: str, detail: dict[str, Any]
) -> None:
    await access.audit.append(ADA, "ask", text, detail)
    entry = (await access.audit.page(Wanted(target=text), 1))[0]
    assert entry.detail == detail
    assert "\0" not in entry.target
    assert (await access.audit.verified()).broken_at is None


@pytest.mark.parametrize("change", ["UPDATE access_audit SET subject = 'eve'", "DELETE FROM access_audit"])
async def test_the_database_itself_refuses_to_change_the_record(
    access: StoredAccess, store_settings: Settings, change: str
) -> None:
    await access.record(ADA, "ask", "q-1")
    with pytest.raises(DBAPIError, match="append-only"):
        _execute(store_settings, change)


@pytest.mark.parametrize(
    "change", ["UPDATE access_audit SET subject = 'eve' WHERE id = 2", "DELETE FROM access_audit WHERE id = 2"]
)
async def test_a_record_that_was_changed_behind_our_back_says_where(
    access: StoredAccess, store_settings: Settings, change: str
) -> None:
    for number in range(4):
        await access.record(ADA, "ask", f"q-{number}")
    assert (await access.audit.verified()).entries == 4
    _without_guards(store_settings)
    _execute(store_settings, change)
    assert (await access.audit.verified()).broken_at == (2 if "UPDATE" in change else 3)


def _without_guards(settings: Settings) -> None:
    if settings.access.store is not None:
        _execute(settings, "ALTER TABLE access_audit DISABLE TRIGGER ALL")
        return
    for verb in ("update", "delete"):
        _execute(settings, f"DROP TRIGGER access_audit_no_{verb}")


async def test_entries_of_several_gateways_make_one_chain(
    access: StoredAccess, store_settings: Settings, clock: Clock
) -> None:
    other = open_access(store_settings, clock)
    await asyncio.gather(*(one.record(ADA, "see", f"q-{n}") for n in range(25) for one in (access, other)))
    other.close()
    verdict = await access.audit.verified()
    assert (verdict.entries, verdict.broken_at) == (50, None)


def test_several_processes_make_the_tables_at_once(store_settings: Settings) -> None:
    code = (
        "import sys; from pathlib import Path; from pydantic import SecretStr;"
        "from holdfast.settings import load_settings; from holdfast.access_settings import AccessSettings;"
        "from starter.access.stored import open_access; folder, url = sys.argv[1:];"
        "access = AccessSettings(store=SecretStr(url) if url else None);"
        "open_access(load_settings(data_dir=Path(folder), access=access)).close()"
    )
    store = store_settings.access.store
    url = store.get_secret_value() if store is not None else ""
    command = [sys.executable, "-c", code, str(store_settings.data_dir), url]
    root = Path(__file__).parents[2]
    environment = {"PYTHONPATH": f"{root}:{root / 'src'}"}
    running = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    ended = [(process.communicate(timeout=120)[1], process.returncode) for process in running]
    assert ended == [("", 0)] * 4


def test_the_tables_of_a_newer_holdfast_are_refused(store_settings: Settings) -> None:
    open_access(store_settings).close()
    _execute(store_settings, "UPDATE access_schema SET version = 99")
    with pytest.raises(SettingsError, match="version 99"):
        open_access(store_settings)


def test_nobody_but_its_owner_reads_the_sqlite_file(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    access = open_access(load_settings(data_dir=folder))
    asyncio.run(access.record(ADA, "ask", "q-1"))
    modes = {file.name: file.stat().st_mode & 0o777 for file in folder.glob("access.db*")}
    access.close()
    assert {name: mode for name, mode in modes.items() if mode & 0o077 and not name.endswith(".lock")} == {}
    assert "access.db-wal" in modes


async def test_a_database_that_does_not_answer_is_told_in_a_sentence(tmp_path: Path) -> None:
    gone = AccessSettings(store=SecretStr("postgresql+psycopg://holdfast:hush@127.0.0.1:1/holdfast"))
    with pytest.raises(StoreAway) as raised:
        open_access(load_settings(data_dir=tmp_path, access=gone))
    assert "hush" not in str(raised.value)


async def test_what_cannot_be_recorded_is_told(access: StoredAccess, store_settings: Settings) -> None:
    _execute(store_settings, "ALTER TABLE access_audit RENAME TO moved_away")
    with pytest.raises((StoreAway, DBAPIError)):
        await access.record(ADA, "ask", "q-1")
