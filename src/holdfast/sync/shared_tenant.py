"""One login for all reads at a time: rate limits and the concurrency limit are the tenant's, not one family's."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from holdfast.sync.reading import Tenant


class SharedTenant:
    """Opened by the first who needs it, closed by the last; calling it gives the same client meanwhile.

    For one event loop.
    """

    def __init__(self, connect: Callable[[], AbstractAsyncContextManager[Tenant]]) -> None:
        self._connect = connect
        self._users = 0
        self._tenant: Tenant | None = None
        self._open = AsyncExitStack()

    @asynccontextmanager
    async def __call__(self) -> AsyncIterator[Tenant]:
        """The client, until the block ends. Raises what connecting raises (SettingsError)."""
        if self._tenant is None:
            self._tenant = await self._open.enter_async_context(self._connect())
        self._users += 1
        try:
            yield self._tenant
        finally:
            self._users -= 1
            if self._users == 0:
                self._tenant = None
                closing, self._open = self._open, AsyncExitStack()
                await closing.aclose()
