"""Settings of who may: where keys and the audit record are kept, and how long a session of the page lasts."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field, SecretStr, field_validator

from holdfast.setting_types import Duration, Group


class AccessSettings(Group):
    """Who may call the gateway, for how long and how often, and where that and the audit record are kept."""

    # Secret, since the address holds the database's password.
    store: SecretStr | None = Field(
        None,
        description="Database of keys, shares, sessions and the audit record, e.g. "
        "`postgresql+psycopg://holdfast:…@db/holdfast`; unset: `access.db` in the data folder",
    )
    session_idle: Duration = Field(
        timedelta(hours=1), gt=timedelta(), description="A session of the page ends after so long without a request"
    )
    session_max: Duration = Field(
        timedelta(hours=12), gt=timedelta(), description="A session of the page ends after so long in any case"
    )

    @field_validator("store")
    @classmethod
    def _is_a_postgresql(cls, store: SecretStr | None) -> SecretStr | None:
        if store is not None and not store.get_secret_value().startswith("postgresql+psycopg://"):
            raise ValueError("write it as postgresql+psycopg://user:password@host:5432/database, or leave it unset")
        return store
