"""How tests ask a demo tenant: plain aiohttp, none of the product's own client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import aiohttp
import orjson
from multidict import CIMultiDictProxy

from holdfast.demo import Company, RateLimitOptions, TenantOptions, running

TOKEN = {"Authorization": "SSWS demo-token"}
UNLIMITED = RateLimitOptions(enabled=False)


class Answer(NamedTuple):
    """`body` is the parsed JSON, None where there was none."""

    status: int
    body: Any
    headers: CIMultiDictProxy[str]


class Asker:
    """Asks one tenant at `url`, with the demo token unless told otherwise."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def get(self, path: str, headers: dict[str, str] | None = None, **query: str) -> Answer:
        address = path if path.startswith("http") else self.url + path
        async with self.session.get(address, headers=TOKEN if headers is None else headers, params=query) as response:
            body = await response.read()
            return Answer(response.status, orjson.loads(body) if body else None, response.headers)

    async def all(self, path: str, **query: str) -> list[Any]:
        """Every page of a list, followed by its `Link` headers."""
        answer = await self.get(path, None, **query)
        found: list[Any] = []
        while True:
            assert answer.status == 200, answer.body
            found += answer.body
            links = answer.headers.getall("Link")
            assert links[0].endswith('rel="self"')
            if len(links) == 1:
                return found
            assert links[1].endswith('rel="next"')
            answer = await self.get(links[1].partition(">")[0].removeprefix("<"))


@asynccontextmanager
async def asking(company: Company, options: TenantOptions) -> AsyncIterator[Asker]:
    """A tenant that serves `company` until the block ends, and someone to ask it."""
    async with running(company, options) as served, aiohttp.ClientSession() as session:
        yield Asker(session, served.url)
