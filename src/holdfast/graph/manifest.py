"""What a snapshot says about itself: when and from where it was read, what it holds, what it could not read."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

from holdfast.graph.engine import EngineName
from holdfast.graph.schema import GraphSchema


class UnknownRead(BaseModel):
    """A read that the tenant did not answer, so that an absent edge or node says nothing.

    `relation` (or `label`) is what is in doubt; `subject_id` is None where the whole family could not be read.
    """

    model_config = ConfigDict(frozen=True)
    family: str
    label: str
    relation: str | None
    subject_id: str | None
    subject_name: str | None
    # Status, Okta's code and words: `403 E0000006: You do not have permission`
    reason: str


class ManifestDraft(BaseModel):
    """What a sync knows of its snapshot before the database is built."""

    model_config = ConfigDict(frozen=True)
    snapshot_id: str
    tenant: str
    mode: Literal["full", "incremental"]
    sync_started: datetime
    sync_finished: datetime
    graph_schema: GraphSchema
    unknown: tuple[UnknownRead, ...]
    # Families that an incremental sync carried over, and when they were read.
    carried_over: dict[str, datetime] = {}


class Manifest(ManifestDraft):
    """`manifest.json` beside the database of a snapshot."""

    engine: EngineName
    engine_version: str
    # Rows by table: node labels and relation file stems.
    counts: dict[str, int]
    # What the database file must be, so that a cut or altered one is told from a whole one.
    database_bytes: int
    database_sha256: str
