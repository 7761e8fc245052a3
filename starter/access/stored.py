"""Who calls and what they did, over the access store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from starlette.requests import HTTPConnection

from holdfast.settings import Settings
from starter.access.audit import AuditRecord
from starter.access.browsers import Browsers
from starter.access.callers import Caller, Role
from starter.access.incoming import address_of, calling
from starter.access.keys import PREFIX, Keys
from starter.access.passes import Passes, PassKind
from starter.access.rates import Counted, Rates
from starter.access.refusals import NotAuthenticated
from starter.access.sharing import ShareReason, Shares
from starter.access.store import Store, open_store
from starter.access.tokens import Tokens

TICKET_LIFETIME = timedelta(seconds=30)
CODE_LIFETIME = timedelta(minutes=5)
_LISTED_SHARES = 200
_NOBODY = (
    "Prove who you are: send `Authorization: Bearer <key or token>`, or open the page with the link of `holdfast up`."
)


@dataclass(frozen=True)
class Proof:
    """Who calls, as a key or a token proved it, and when that proof ends by itself; None: the store knows."""

    caller: Caller
    ends: datetime | None = None


class StoredAccess:
    """Callers, shares and the record of a gateway; any number of gateways may share one store. Close it in the end."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings.access
        self._rates = Rates(settings.access)
        self._tokens = Tokens(settings.access, store.now) if settings.access.issuer is not None else None
        self.browsers = Browsers(settings.gateway.public_url)
        self.keys = Keys(store)
        self.passes = Passes(store)
        self.shares = Shares(store)
        self.audit = AuditRecord(store)

    async def caller_of(self, connection: HTTPConnection) -> Caller:
        """Who calls, by key, token or session; over a WebSocket by ticket, which is used up by this.

        Raises NotAuthenticated, NotAllowed for a request that our page did not make, StoreAway.
        """
        try:
            caller = await self._proved(connection)
        except NotAuthenticated:
            if _presents_something(connection, self.browsers):
                await self._rates.count(Counted.FAILURES, address_of(connection))
            raise
        await self._rates.count(Counted.REQUESTS, caller.subject)
        return calling(caller, connection)

    async def _proved(self, connection: HTTPConnection) -> Caller:
        if connection.scope["type"] == "websocket":
            self.browsers.require_our_origin(connection)
            return await self.passes.redeem(PassKind.TICKET, connection.query_params.get("ticket", ""))
        if "authorization" in connection.headers:
            return (await self.bearer(connection.headers["authorization"])).caller
        session = self.browsers.session_in(connection)
        if session is None:
            raise NotAuthenticated(_NOBODY)
        caller = await self.passes.session(session, self._settings.session_idle)
        self.browsers.require_our_page(connection, session)
        return caller

    async def bearer(self, authorization: str) -> Proof:
        """Whom the header `Authorization` stands for. Raises NotAuthenticated, IssuerAway."""
        scheme, _, credential = authorization.partition(" ")
        credential = credential.strip()
        if scheme.lower() != "bearer" or not credential:
            raise NotAuthenticated(_NOBODY)
        if credential.startswith(PREFIX):
            return Proof(await self.keys.caller_of(credential))
        if self._tokens is None:
            raise NotAuthenticated("Tokens are not accepted here, as no issuer is set. Send an API key.")
        return Proof(*await self._tokens.caller_of(credential))

    async def signed_in(self, connection: HTTPConnection, proof: str | None, code: str | None) -> tuple[Caller, str]:
        """The caller and the new session of someone who signs in at the page: by key or token, or by a code.

        Raises NotAuthenticated, NotAllowed for another origin's page, IssuerAway.
        """
        self.browsers.require_our_origin(connection)
        try:
            if code is not None:
                proved = Proof(await self.passes.redeem(PassKind.CODE, code))
            else:
                proved = await self.bearer(f"Bearer {proof}" if proof else connection.headers.get("authorization", ""))
        except NotAuthenticated:
            await self._rates.count(Counted.FAILURES, address_of(connection))
            raise
        caller = calling(proved.caller, connection)
        await self.record(caller, "sign-in", caller.subject)
        earlier = self.browsers.session_in(connection)
        if earlier is not None:
            await self.passes.end_session(earlier)
        return caller, await self.start_session(caller, proved.ends)

    async def admit_question(self, caller: Caller) -> None:
        """Count a question that the caller starts. Raises TooManyRequests."""
        await self._rates.count(Counted.QUESTIONS, caller.subject)

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

    async def record(self, caller: Caller, action: str, target: str, /, **detail: object) -> None:
        """Append to the audit record. It is on the disk when this returns; raises StoreAway, and then it is not."""
        await self.audit.append(caller, action, target, detail)

    def close(self) -> None:
        """End every connection to the store."""
        self._store.close()


def open_access(settings: Settings, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> StoredAccess:
    """The access of these settings' store, which is made if need be. Raises SettingsError, StoreAway."""
    return StoredAccess(open_store(settings, clock), settings)


def _presents_something(connection: HTTPConnection, browsers: Browsers) -> bool:
    """Whether there was anything to check, so that a mere visit counts as no failure."""
    given = "authorization" in connection.headers or "ticket" in connection.query_params
    return given or browsers.session_in(connection) is not None


def local_caller(subject: str) -> Caller:
    """Whoever sits at the machine and may read the data folder: nothing could be kept from them."""
    return Caller(subject, subject, frozenset(Role), "command-line")


async def sign_in_link(access: StoredAccess, base_url: str, subject: str) -> str:
    """A link that signs this person in to the page, once and within five minutes, with every role.

    The code stands behind a `#`: browsers send that to no server, so no log and no referrer has it.
    """
    code = await access.passes.issue(PassKind.CODE, local_caller(subject), CODE_LIFETIME)
    return f"{base_url.rstrip('/')}/#code={code}"
