"""How a caller is turned away, and what else can go wrong with keys and the record."""

from __future__ import annotations

from holdfast.errors import PermanentError, TransientError


class NotAuthenticated(PermanentError):
    """The caller did not prove who they are; present a key, a token or a session."""


class NotAllowed(PermanentError):
    """The caller is known and may not do this."""


class TooManyRequests(TransientError):
    """The caller asks more often than the settings allow; wait `retry_after_s`."""

    def __init__(self, message: str, retry_after_s: int) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class UnknownKey(PermanentError):
    """No key has this id; list them first."""


class StoreAway(TransientError):
    """The access store does not answer, or cannot be written; what was asked was not done. Try again."""
