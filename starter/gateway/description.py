"""The OpenAPI document, as exact as client generators need it: who may call what, and how problems are told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from starter.gateway.permissions import proved_caller
from starter.gateway.problems import MEDIA_TYPE, Problem
from starter.gateway.routes import ROUTERS

_SCHEMES: dict[str, dict[str, str]] = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "An API key, or a token of the configured issuer"},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-holdfast",
        "description": "The page's session (`holdfast-<port>` over http). Every change carries `X-CSRF-Token` too",
    },
}
_TAGS = {
    "questions": "Ask, list, retry, run again",
    "one question": "Progress, plan and answer; steering, reviews, sharing",
    "rows": "The rows of an answer or of a step, in pages or as a file",
    "events": "What happens to a question, as it happens",
    "schedules": "Questions and syncs again and again",
    "syncs": "Reading the tenant",
    "tenant": "What is asked about",
    "session": "Signing in, and tickets for WebSockets",
    "keys": "API keys, for administrators",
    "audit": "The audit record, for administrators",
    "health": "For whoever operates it",
}


class Application(FastAPI):
    """A FastAPI application whose document says what ours do."""

    def openapi(self) -> dict[str, Any]:
        """See FastAPI."""
        document = super().openapi()
        # It is made anew when routes were added, and only then.
        if "security" not in document:
            _complete(document)
        return document


def operation_id(route: APIRoute) -> str:
    """`questions_ask`: the same as long as the function has its name, and what a generated client calls it."""
    return f"{route.endpoint.__module__.rpartition('.')[2]}_{route.name}"


def _complete(document: dict[str, Any]) -> None:
    document["security"] = [{name: []} for name in _SCHEMES]
    document["tags"] = [{"name": name, "description": text} for name, text in _TAGS.items()]
    document["components"]["securitySchemes"] = _SCHEMES
    for path, method in _open_operations():
        document["paths"][path][method]["security"] = []
    for operation in (operation for methods in document["paths"].values() for operation in methods.values()):
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                # FastAPI takes a problem for what the route gives when it goes well, only with another model.
                response["content"] = {MEDIA_TYPE: {"schema": {"$ref": f"#/components/schemas/{Problem.__name__}"}}}


def _open_operations() -> Iterator[tuple[str, str]]:
    for route in (route for router in ROUTERS for route in router.routes):
        if isinstance(route, APIRoute) and route.include_in_schema and not _asks_who_calls(route.dependant):
            yield from ((route.path, method.lower()) for method in route.methods or ())


def _asks_who_calls(dependant: Dependant) -> bool:
    return dependant.call is proved_caller or any(map(_asks_who_calls, dependant.dependencies))
