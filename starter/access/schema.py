"""The tables of the access store, the same on SQLite and PostgreSQL, and how they come to be."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    DateTime,
    Dialect,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    insert,
    inspect,
    select,
)

from holdfast.errors import SettingsError

SCHEMA_VERSION = 1


class Moment(TypeDecorator[datetime]):
    """A time in UTC. SQLite keeps no zone, so it is put back when a row is read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """See TypeDecorator."""
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """See TypeDecorator."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

schema_version = Table("access_schema", metadata, Column("version", Integer, nullable=False))

keys = Table(
    "access_keys",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    # NULL: whatever the roles allow.
    Column("scopes", Text),
    Column("created", Moment, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires", Moment),
    Column("last_used", Moment),
    Column("revoked", Moment),
)

# Sessions of the page, tickets for WebSockets, codes to sign in with: who they stand for, until when.
passes = Table(
    "access_passes",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("subject", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("roles", Text, nullable=False),
    Column("scopes", Text),
    Column("credential", Text, nullable=False),
    # The key behind it: when that is revoked, so is this.
    Column("key_id", String(32)),
    Column("expires", Moment, nullable=False),
    # No use moves `expires` beyond this.
    Column("ends", Moment, nullable=False),
    Index("access_passes_by_end", "expires"),
)

shares = Table(
    "access_shares",
    metadata,
    Column("question_id", String(200), primary_key=True),
    Column("subject", String(200), primary_key=True),
    Column("shared_by", Text, nullable=False),
    Column("reason", String(16), nullable=False),
    Column("made", Moment, nullable=False),
    Index("access_shares_by_subject", "subject", "made"),
)

audit = Table(
    "access_audit",
    metadata,
    # Only INTEGER makes SQLite number the rows by itself.
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("subject", Text, nullable=False),
    Column("credential", Text, nullable=False),
    Column("action", String(64), nullable=False),
    Column("target", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("chain", String(64), nullable=False),
    Index("access_audit_by_time", "at"),
    Index("access_audit_by_subject", "subject", "id"),
    Index("access_audit_by_target", "target", "id"),
    # AUTOINCREMENT: an id is never given twice, even after rows were removed behind our back.
    sqlite_autoincrement=True,
)

_APPEND_ONLY = "the audit record is append-only"
_SQLITE_GUARDS = tuple(
    f"CREATE TRIGGER access_audit_no_{verb.lower()} BEFORE {verb} ON access_audit "
    f"BEGIN SELECT RAISE(ABORT, '{_APPEND_ONLY}'); END"
    for verb in ("UPDATE", "DELETE")
)
_POSTGRESQL_GUARDS = (
    "CREATE FUNCTION access_audit_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
    f"$$ BEGIN RAISE EXCEPTION '{_APPEND_ONLY}'; END $$",
    "CREATE TRIGGER access_audit_no_change BEFORE UPDATE OR DELETE ON access_audit "
    "FOR EACH ROW EXECUTE FUNCTION access_audit_is_kept()",
    "CREATE TRIGGER access_audit_no_truncate BEFORE TRUNCATE ON access_audit "
    "FOR EACH STATEMENT EXECUTE FUNCTION access_audit_is_kept()",
)


def create_schema(connection: Connection) -> None:
    """Make the tables where there are none yet; the caller sees to it that nobody else does so at this moment.

    Raises SettingsError for tables of a newer Holdfast.
    """
    if not inspect(connection).has_table(schema_version.name):
        metadata.create_all(connection)
        is_sqlite = connection.dialect.name == "sqlite"
        for guard in _SQLITE_GUARDS if is_sqlite else _POSTGRESQL_GUARDS:
            connection.exec_driver_sql(guard)
        connection.execute(insert(schema_version).values(version=SCHEMA_VERSION))
        return
    version = connection.execute(select(schema_version.c.version)).scalar_one()
    if version > SCHEMA_VERSION:
        raise SettingsError(
            f"The access store has tables of version {version}, this Holdfast knows version {SCHEMA_VERSION}. Start "
            "the newer Holdfast that made them, or name another database in HOLDFAST_ACCESS__STORE."
        )
