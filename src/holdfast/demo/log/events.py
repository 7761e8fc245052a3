"""Events of the system log as Okta's API gives them, made from columns when they are asked for."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from holdfast.demo.log.columns import Columns, Detail, Kind
from holdfast.demo.log.event_types import wording
from holdfast.demo.log.happenings import Client, Place, Thing
from holdfast.demo.records import Record, stamp_seconds


def kind_part(kind: Kind) -> Record:
    """What an event's type and outcome say of it."""
    message, severity = wording(kind.event, kind.result)
    return {
        "eventType": kind.event,
        "version": "0",
        "displayMessage": message,
        "severity": severity,
        "legacyEventType": None,
        "outcome": {"result": kind.result, "reason": kind.reason},
    }


def thing_part(thing: Thing) -> Record:
    """An actor or a target."""
    return {
        "id": thing.id,
        "type": thing.kind,
        "alternateId": thing.alternate_id,
        "displayName": thing.name,
        "detailEntry": dict(thing.details) if thing.details else None,
    }


def actor_part(actor: Thing) -> Record:
    """The actor under its name in the event."""
    return {"actor": thing_part(actor)}


def targets_part(targets: tuple[Thing, ...]) -> Record:
    """The targets under their name in the event."""
    return {"target": [thing_part(target) for target in targets]}


@lru_cache(maxsize=1_024)
def _place(place: Place) -> Record:
    return {
        "city": place.city,
        "state": place.state,
        "country": place.country,
        "postalCode": place.postal_code,
        "geolocation": {"lat": place.latitude, "lon": place.longitude},
    }


_NOWHERE: Record = {
    "client": {
        "userAgent": None,
        "zone": None,
        "device": None,
        "id": None,
        "ipAddress": None,
        "geographicalContext": None,
    },
    "securityContext": {"asNumber": None, "asOrg": None, "isp": None, "domain": None, "isProxy": None},
    "request": {"ipChain": []},
}


def client_part(client: Client | None) -> Record:
    """Where the request came from; None: Okta itself did it."""
    if client is None:
        return _NOWHERE
    agent, network, place = client.agent, client.network, _place(client.place)
    return {
        "client": {
            "userAgent": {"rawUserAgent": agent.raw, "os": agent.system, "browser": agent.browser},
            "zone": client.zone,
            "device": agent.device,
            "id": None,
            "ipAddress": client.ip,
            "geographicalContext": place,
        },
        "securityContext": {
            "asNumber": network.number,
            "asOrg": network.owner,
            "isp": network.owner,
            "domain": network.domain,
            "isProxy": network.proxy,
        },
        "request": {"ipChain": [{"ip": client.ip, "geographicalContext": place, "version": "V4", "source": None}]},
    }


_AUTHENTICATED_BY = {"PASSWORD": "OKTA_AUTHENTICATION_PROVIDER"}


def detail_part(detail: Detail) -> Record:
    """What else the event says."""
    provider, kind = detail.credential or (None, None)
    return {
        "debugContext": {"debugData": dict(detail.debug)},
        "authenticationContext": {
            "authenticationProvider": _AUTHENTICATED_BY.get(kind, "FACTOR_PROVIDER") if kind else None,
            "credentialProvider": provider,
            "credentialType": kind,
            "issuer": None,
            "interface": None,
            "authenticationStep": 0,
        },
    }


def uuid(seed: int, number: int) -> str:
    """The event's own id."""
    text = blake2b(f"{seed}/event/{number}".encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def transaction_id(seed: int, number: int) -> str:
    """The id of the request that the event came from."""
    return _token(f"{seed}/request/{number}")


def session_id(seed: int, session: int) -> str:
    """The id of the session that the event belongs to; `unknown` for none."""
    return "idx" + _token(f"{seed}/log session/{session}") if session else "unknown"


def _token(key: str) -> str:
    # Every event has two of these: the ids of records take four times as long.
    return urlsafe_b64encode(blake2b(key.encode(), digest_size=15).digest()).decode()


class EventMaker:
    """Makes events from columns. Parts of events are shared: nobody may change them."""

    def __init__(self, columns: Columns, seed: int) -> None:
        self._columns = columns
        self._seed = seed
        self._kinds: dict[int, Record] = {}

    def event(self, row: int) -> Record:
        """The event at that place in the columns."""
        columns, tables, seed = self._columns, self._columns.tables, self._seed
        number, kind = columns.numbers[row], columns.kinds[row]
        if kind not in self._kinds:
            self._kinds[kind] = kind_part(tables.kinds.items[kind])
        detail = detail_part(tables.details.items[columns.details[row]])
        context: dict[str, Any] = detail["authenticationContext"]
        context["externalSessionId"] = session_id(seed, columns.sessions[row])
        return {
            "uuid": uuid(seed, number),
            "published": stamp_seconds(columns.whens[row] / 1_000),
            **self._kinds[kind],
            "actor": thing_part(tables.actors.items[columns.actors[row]]),
            **targets_part(tables.targets.items[columns.targets[row]]),
            **client_part(tables.clients.items[columns.clients[row]]),
            "transaction": {"type": "WEB", "id": transaction_id(seed, number), "detail": {}},
            **detail,
        }
