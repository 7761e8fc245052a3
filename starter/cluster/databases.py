"""The roles and databases of a cluster, made where they are missing.

`python -m starter.cluster.databases HOST PORT FOLDER`, the folder being that of `passwords`.
Temporal's server owns its two, the gateways theirs; neither may so much as connect to the other's.
"""

from __future__ import annotations

import sys
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from holdfast.errors import StackNotRunning
from starter.cluster.passwords import password_of

# Whose each database is.
DATABASES = {"temporal": "temporal", "temporal_visibility": "temporal", "holdfast": "holdfast"}
_CONNECT_TIMEOUT_S = 10


def ensure_databases(host: str, port: int, passwords: Path) -> None:
    """Make what is missing, with the passwords of that folder. Raises StackNotRunning where PostgreSQL refuses it."""
    try:
        with psycopg.connect(
            host=host,
            port=port,
            user="postgres",
            dbname="postgres",
            password=password_of(passwords, "postgres"),
            connect_timeout=_CONNECT_TIMEOUT_S,
            autocommit=True,
        ) as connection:
            for role in sorted(set(DATABASES.values())):
                _ensure_role(connection, role, password_of(passwords, role))
            for database, owner in DATABASES.items():
                _ensure_database(connection, database, owner)
    except psycopg.Error as error:
        raise StackNotRunning(f"PostgreSQL at {host}:{port} did not make the databases: {error}") from error


def _ensure_role(connection: psycopg.Connection, role: str, password: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
    if known is None:
        connection.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(role)))
    # Hashed on this side, so that no log of statements can hold the password.
    hashed = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    connection.execute(SQL("ALTER ROLE {} PASSWORD {}").format(Identifier(role), Literal(hashed.decode())))


def _ensure_database(connection: psycopg.Connection, database: str, owner: str) -> None:
    known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
    if known is None:
        connection.execute(SQL("CREATE DATABASE {} OWNER {}").format(Identifier(database), Identifier(owner)))
    connection.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(Identifier(database)))


def _main(host: str, port: str, passwords: str) -> int:
    try:
        ensure_databases(host, int(port), Path(passwords))
    except StackNotRunning as error:
        sys.stderr.write(f"{error}\n")
        return 5
    return 0


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))
