"""The database of keys, sessions, shares and the audit record: SQLite in the data folder, or PostgreSQL."""

from __future__ import annotations

import asyncio
import fcntl
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

from holdfast.settings import Settings
from starter.access.refusals import StoreAway
from starter.access.schema import create_schema
from starter.stack_record import prepared

T = TypeVar("T")

# Calls at the same time; each is a millisecond of work, so more would only wait for the same disk.
_THREADS = 8
# Another process may hold SQLite's one write lock for some milliseconds; this is where we say that it hangs.
_PATIENCE_S = 10
_WRITES = "holdfast_writes"
# Any number will do, as long as every Holdfast takes the same: it serialises the making of the tables.
_SCHEMA_LOCK = 0x686F6C64


class Store:
    """Transactions on the database, each in a thread of its own. Close it in the end."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._threads = ThreadPoolExecutor(_THREADS, "access")

    def now(self) -> datetime:
        """The time by which everything here begins and expires."""
        return self._clock()

    async def read(self, work: Callable[[Connection], T]) -> T:
        """What `work` reads in one transaction. Raises StoreAway."""
        return await self._run(work, self._engine)

    async def write(self, work: Callable[[Connection], T]) -> T:
        """What `work` gives, committed when this returns, and undone if it raised. Raises StoreAway."""
        return await self._run(work, self._engine.execution_options(**{_WRITES: True}))

    async def _run(self, work: Callable[[Connection], T], engine: Engine) -> T:
        def transaction() -> T:
            with engine.begin() as connection:
                return work(connection)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, transaction)
        except (OperationalError, NoConnectionFree) as error:
            raise StoreAway(
                "The database of keys and of the audit record does not answer or cannot be written, and nothing is "
                f"done that is not recorded ({_words(error)}). Try again; `holdfast doctor` checks every part."
            ) from error

    def close(self) -> None:
        """End every connection."""
        self._threads.shutdown()
        self._engine.dispose()


def open_store(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> Store:
    """The store of these settings, with its tables; several processes may do so at once.

    Raises SettingsError for tables of a newer Holdfast or a folder that cannot be written, StoreAway where the database
    does not answer.
    """
    store = settings.access.store
    try:
        if store is None:
            return Store(_sqlite(_file_in(settings)), clock)
        return Store(_postgresql(store.get_secret_value()), clock)
    except OperationalError as error:
        raise StoreAway(
            f"The database of keys and of the audit record cannot be opened ({_words(error)}). Start it, or mend "
            "HOLDFAST_ACCESS__STORE."
        ) from error


def place_of_store(settings: Settings) -> str:
    """Where the store of these settings is, for people; no password stands in it."""
    store = settings.access.store
    if store is None:
        return str(_file_in(settings))
    url = make_url(store.get_secret_value())
    return f"PostgreSQL at {url.host or 'this machine'}, database {url.database}"


def _file_in(settings: Settings) -> Path:
    return settings.data_dir / "access.db"


def _words(error: OperationalError | NoConnectionFree) -> str:
    """The driver's own words on one line, without the statement and its values."""
    told = error.orig if isinstance(error, OperationalError) else error
    return " ".join(str(told).split()).rstrip(".")


def _postgresql(url: str) -> Engine:
    engine = create_engine(url, pool_size=_THREADS, max_overflow=0, pool_pre_ping=True)
    with _closed_on_failure(engine), engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SCHEMA_LOCK})
        create_schema(connection)
    return engine


def _sqlite(file: Path) -> Engine:
    prepared(file.parent)
    engine = create_engine(f"sqlite:///{file}", pool_size=_THREADS, max_overflow=0)

    @event.listens_for(engine, "connect")
    def _set_up(connection: Any, _record: object) -> None:
        # The driver's own BEGIN would come too late, with the first write: see `_begin`.
        connection.isolation_level = None
        connection.execute(f"PRAGMA busy_timeout = {_PATIENCE_S * 1000}")
        # What was recorded stays so, also when the power goes.
        connection.execute("PRAGMA synchronous = FULL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # A transaction that reads before it writes could not wait for another's write; one that begins as a writer can.
        is_writing = connection.get_execution_options().get(_WRITES)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")

    with _closed_on_failure(engine), _alone(file):
        # Made here, so that nobody but its owner can ever read it; SQLite gives its other files the same mode.
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
        with engine.connect() as connection:
            # Outside a transaction, as SQLite wants it; the file remembers it.
            raw: Any = connection.connection.driver_connection
            raw.execute("PRAGMA journal_mode = WAL")
        with engine.execution_options(**{_WRITES: True}).begin() as connection:
            create_schema(connection)
    return engine


@contextmanager
def _closed_on_failure(engine: Engine) -> Iterator[None]:
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        yield
        stack.pop_all()


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold off other processes: the change to WAL does not wait for another's, whatever the time-out."""
    with file.with_name(f"{file.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
