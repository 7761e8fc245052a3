"""A tenant in which everybody who may write something has written the attack: it stands before a demo tenant."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

# What people, administrators and browsers write freely; ids, logins, statuses and types are Okta's own.
_FREE = frozenset(
    {"nickName", "description", "displayName", "label", "title", "rawUserAgent", "reason", "displayMessage"}
)
_NAMED = ("/api-tokens", "/eventHooks", "/inlineHooks", "/zones", "/logStreams", "/groups")


@dataclass
class AttackingTenant:
    """What it did. `leads_to`: where each list's `next` link points, if not to its own next page."""

    attack: str
    leads_to: str = ""
    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)


@asynccontextmanager
async def attacking(inner: str, attack: str, leads_to: str = "") -> AsyncIterator[AttackingTenant]:
    """Serves what the tenant at `inner` serves, with every free text followed by the attack."""
    tenant = AttackingTenant(attack, leads_to)
    async with aiohttp.ClientSession() as session:

        async def answer(request: web.Request) -> web.Response:
            tenant.asked.append((request.method, request.path))
            headers = {"Authorization": request.headers.get("Authorization", "")}
            async with session.get(inner + request.path_qs, headers=headers) as response:
                body = (await response.text()).replace(inner, tenant.url)
                links = [link.replace(inner, tenant.url) for link in response.headers.getall("Link", [])]
            if tenant.leads_to:
                links = [f'<{tenant.leads_to}>; rel="next"']
            text = json.dumps(_attacked(json.loads(body), tenant.attack, request.path.endswith(_NAMED)))
            served = web.Response(text=text, status=response.status, content_type="application/json")
            for link in links:
                served.headers.add("Link", link)
            return served

        app = web.Application()
        app.router.add_get("/{path:.*}", answer)
        runner = web.AppRunner(app, shutdown_timeout=0.5)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            host, port = runner.addresses[0][:2]
            tenant.url = f"http://{host}:{port}"
            yield tenant
        finally:
            await runner.cleanup()


def _attacked(value: Any, attack: str, named: bool) -> Any:
    match value:
        case dict():
            return {
                key: f"{inside} {attack}"
                if isinstance(inside, str) and (key in _FREE or (named and key == "name"))
                else _attacked(inside, attack, named)
                for key, inside in value.items()
            }
        case list():
            return [_attacked(inside, attack, named) for inside in value]
        case _:
            return value
