"""What an incoming request is known by, whoever sent it: its id, and the address from which it came."""

from __future__ import annotations

from dataclasses import replace

from starlette.requests import HTTPConnection

from starter.access.callers import Caller


def request_id_of(connection: HTTPConnection) -> str:
    """The id that the gateway gave this request, for answers, the log and the audit record."""
    found = connection.scope.get("state", {}).get("request_id", "")
    return str(found)


def address_of(connection: HTTPConnection) -> str:
    """From where it came; empty where the server does not know."""
    return connection.client.host if connection.client is not None else ""


def calling(caller: Caller, connection: HTTPConnection) -> Caller:
    """The caller as the one who sent this request."""
    return replace(caller, address=address_of(connection), request_id=request_id_of(connection))
