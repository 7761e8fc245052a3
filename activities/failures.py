"""Where our errors become Temporal's: whether an activity is tried again is decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from temporalio.exceptions import ApplicationError

from activities.spending import spent
from holdfast.errors import PermanentError, TransientError

# What Python raises for a defect of ours: the next attempt would meet the same one, for half an hour in a sync.
_DEFECTS = (TypeError, ValueError, LookupError, AttributeError, NameError, AssertionError, NotImplementedError)

P = ParamSpec("P")
R = TypeVar("R")


def translated(run: Callable[P, Awaitable[R]]) -> Callable[P, Awaitable[R]]:
    """Raise our error tree as ApplicationErrors that carry the sentence, the class's name and what models cost.

    A PermanentError is not tried again, nor is a defect of our own; a TransientError is, after `retry_after` where it
    is known. Any other exception (the system's, a library's) is left alone and so stays retryable.
    """

    @wraps(run)
    async def translating(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return await run(*args, **kwargs)
        except PermanentError as error:
            raise ApplicationError(str(error), *spent(), type=type(error).__name__, non_retryable=True) from error
        except TransientError as error:
            raise ApplicationError(
                str(error), *spent(), type=type(error).__name__, next_retry_delay=error.retry_after
            ) from error
        except _DEFECTS as error:
            kind = type(error).__name__
            raise ApplicationError(
                f"This is a defect of Holdfast ({kind}: {error}). The worker's log has all of it; please report it.",
                *spent(),
                type=kind,
                non_retryable=True,
            ) from error

    return translating
