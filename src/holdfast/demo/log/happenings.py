"""What happened, before it becomes an event of the system log: who did what to whom, from where."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from holdfast.demo.records import Record

DAY = 86_400_000
HOUR = 3_600_000
MINUTE = 60_000
SECOND = 1_000

# Names and values of an event's debug data, in their order.
Debug = tuple[tuple[str, str], ...]


class Thing(NamedTuple):
    """An actor or a target, in Okta's words."""

    id: str
    kind: str
    alternate_id: str
    name: str
    details: tuple[tuple[str, str], ...] = ()


class Place(NamedTuple):
    """Where an address is; degrees north and east."""

    city: str
    state: str
    country: str
    postal_code: str
    latitude: float
    longitude: float


class Agent(NamedTuple):
    """What somebody used: `device` is Computer, Mobile or Unknown."""

    raw: str
    system: str
    browser: str
    device: str


class Network(NamedTuple):
    """Who runs an address."""

    number: int
    owner: str
    domain: str
    proxy: bool = False


class Client(NamedTuple):
    """Where a request came from. `zone` is the name of a network zone, or `null` as Okta writes it."""

    ip: str
    place: Place
    agent: Agent
    network: Network
    zone: str = "null"


class Happening(NamedTuple):
    """One event. `when` is milliseconds since 1970; events of one `session` belong to one sign-in, 0 to none.

    `credential` is the provider and the type of what was checked.
    """

    when: int
    event: str
    actor: Thing
    targets: tuple[Thing, ...] = ()
    client: Client | None = None
    result: str = "SUCCESS"
    reason: str | None = None
    debug: Debug = ()
    credential: tuple[str, str] | None = None
    session: int = 0


SYSTEM = Thing("sys00000000000000000", "SystemPrincipal", "system@okta.com", "Okta System")


def millis(stamp: str) -> int:
    """Milliseconds since 1970 of a record's timestamp."""
    return round(datetime.fromisoformat(stamp).timestamp() * 1_000)


def person(user: Record) -> Thing:
    """A user as actor or target."""
    profile = user["profile"]
    return Thing(user["id"], "User", profile["login"], f"{profile['firstName']} {profile['lastName']}")


def group(record: Record) -> Thing:
    """A group as target."""
    return Thing(record["id"], "UserGroup", "unknown", record["profile"]["name"])


def app(record: Record) -> Thing:
    """An application as target."""
    mode = (("signOnModeType", record["signOnMode"]),) if record["signOnMode"] else ()
    return Thing(record["id"], "AppInstance", record["label"], record["label"], mode)


def policy(record: Record) -> Thing:
    """A policy as target."""
    kind = (("policyType", record["type"]),)
    return Thing(record["id"], "PolicyEntity", "unknown", record["name"], kind)


def rule(record: Record) -> Thing:
    """A policy's rule as target."""
    return Thing(record["id"], "PolicyRule", "unknown", record["name"])


def zone(record: Record) -> Thing:
    """A network zone as target."""
    return Thing(record["id"], "NetworkZone", "unknown", record["name"])
