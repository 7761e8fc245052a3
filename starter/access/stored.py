"""Who calls and what they did, over the access store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from starlette.requests import HTTPConnection

from holdfast.settings import Settings
from starter.access.audit import AuditRecord
from starter.access.browsers import Browsers
from starter.access.callers import Caller, Role
from starter.access.keys import PREFIX, Keys
from starter.access.passes import Passes, PassKind
from starter.access.refusals import NotAuthenticated
from starter.access.sharing import ShareReason, Shares
from starter.access.store import Store, open_store
from starter.gateway.requests import request_id_of

TICKET_LIFETIME = timedelta(seconds=30)
CODE_LIFETIME = timedelta(minutes=5)
_LISTED_SHARES = 200
_NOBODY = (
    "Prove who you are: send `Authorization: Bearer <key or token>`, or open the page with the link of `holdfast up`."
)


class StoredAccess:
    """Callers, shares and the record of a gateway; any number of gateways may share one store. Close it in the end."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings.access
        self.browsers = Browsers(settings.gateway.public_url)
        self.keys = Keys(store)
        self.passes = Passes(store)
        self.shares = Shares(store)
        self.audit = AuditRecord(store)

    async def caller_of(self, connection: HTTPConnection) -> Caller:
        """Who calls, by key, token or session; over a WebSocket by ticket, which is used up by this.

        Raises NotAuthenticated, NotAllowed for a request that our page did not make, StoreAway.
        """
        caller = await self._proved(connection)
        address = connection.client.host if connection.client is not None else ""
        return replace(caller, address=address, request_id=request_id_of(connection))

    async def _proved(self, connection: HTTPConnection) -> Caller:
        if connection.scope["type"] == "websocket":
            self.browsers.require_our_origin(connection)
            return await self.passes.redeem(PassKind.TICKET, connection.query_params.get("ticket", ""))
        if "authorization" in connection.headers:
            return await self.bearer(connection.headers["authorization"])
        session = self.browsers.session_in(connection)
        if session is None:
            raise NotAuthenticated(_NOBODY)
        caller = await self.passes.session(session, self._settings.session_idle)
        self.browsers.require_our_page(connection, session)
        return caller

    async def bearer(self, authorization: str) -> Caller:
        """Whom the header `Authorization` stands for. Raises NotAuthenticated."""
        scheme, _, credential = authorization.partition(" ")
        if scheme.lower() != "bearer" or not credential.startswith(PREFIX):
            raise NotAuthenticated(_NOBODY)
        return await self.keys.caller_of(credential.strip())

    async def start_session(self, caller: Caller, ends: datetime | None = None) -> str:
        """A session for a caller who proved who they are; what the cookie holds. It never outlives `ends`."""
        latest = self._store.now() + self._settings.session_max
        latest = latest if ends is None else min(latest, ends)
        return await self.passes.issue(PassKind.SESSION, caller, self._settings.session_idle, latest)

    async def is_shared(self, question_id: str, subject: str) -> bool:
        """Whether the question was shared with this person, or reviewed by them."""
        return await self.shares.holds(question_id, subject)

    async def shared_with(self, subject: str) -> tuple[str, ...]:
        """Questions of others that this person may see, the latest 200, the latest shared first."""
        return tuple(await self.shares.question_ids(subject, _LISTED_SHARES))

    async def keep_in_sight(self, question_id: str, reviewer: Caller) -> None:
        """Let a reviewer go on seeing the question that they are about to decide on."""
        await self.shares.add(question_id, reviewer.subject, reviewer.subject, ShareReason.REVIEWED)

    async def record(self, caller: Caller, action: str, target: str, **detail: object) -> None:
        """Append to the audit record. It is on the disk when this returns; raises StoreAway, and then it is not."""
        await self.audit.append(caller, action, target, detail)

    def close(self) -> None:
        """End every connection to the store."""
        self._store.close()


def open_access(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> StoredAccess:
    """The access of these settings' store, which is made if need be. Raises SettingsError, StoreAway."""
    return StoredAccess(open_store(settings, clock), settings)


def local_caller(subject: str) -> Caller:
    """Whoever sits at the machine and may read the data folder: nothing could be kept from them."""
    return Caller(subject, subject, frozenset(Role), "command-line")


async def sign_in_link(access: StoredAccess, base_url: str, subject: str) -> str:
    """A link that signs this person in to the page, once and within five minutes, with every role.

    The code stands behind a `#`: browsers send that to no server, so no log and no referrer has it.
    """
    code = await access.passes.issue(PassKind.CODE, local_caller(subject), CODE_LIFETIME)
    return f"{base_url.rstrip('/')}/#code={code}"
