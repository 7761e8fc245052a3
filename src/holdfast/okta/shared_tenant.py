"""One login for all that reads the tenant at a time: its rate limits and its concurrency limit are shared too."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from holdfast.okta.client import OktaClient


class SharedTenant:
    """Opened by the first who needs it, closed by the last; calling it gives the same client meanwhile.

    For one event loop.
    """

    def __init__(self, connect: Callable[[], OktaClient]) -> None:
        self._connect = connect
        self._users = 0
        self._client: OktaClient | None = None
        # Who begins after a pause must not find out with one call too many that the limit is used up.
        self._last: OktaClient | None = None
        self._open = AsyncExitStack()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[OktaClient]:
        """The client, until the block ends. Raises what connecting raises (SettingsError)."""
        if self._client is None:
            client = await self._open.enter_async_context(self._connect())
            if self._last is not None:
                client.keep_to_limits_of(self._last)
            self._client = self._last = client
        self._users += 1
        try:
            yield self._client
        finally:
            self._users -= 1
            if self._users == 0:
                self._client = None
                closing, self._open = self._open, AsyncExitStack()
                await closing.aclose()
