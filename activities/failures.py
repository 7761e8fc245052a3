"""Where our errors become Temporal's: whether an activity is tried again is decided here and nowhere else."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from functools import wraps
from typing import ParamSpec, TypeVar

from temporalio.exceptions import ApplicationError

from activities.spending import spent
from holdfast.errors import PermanentError, TransientError

# What Python raises for a defect of ours: the next attempt would meet the same one, for half an hour in a sync.
_DEFECTS = (TypeError, ValueError, LookupError, AttributeError, NameError, AssertionError, NotImplementedError)

# A program's error may quote what it was computing with. What is longer than this fits into no history, and then the
# attempt would not even be known to have failed.
_LONGEST_WORDS = 8_000
_LAST_WORDS = 2_000

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
            raise ApplicationError(_words(error), *spent(), type=type(error).__name__, non_retryable=True) from _cause(
                error
            )
        except TransientError as error:
            raise ApplicationError(
                _words(error), *spent(), type=type(error).__name__, next_retry_delay=error.retry_after
            ) from _cause(error)
        except _DEFECTS as error:
            kind = type(error).__name__
            raise ApplicationError(
                f"This is a defect of Holdfast ({kind}: {_words(error)}). The worker's log has all of it; please "
                "report it.",
                *spent(),
                type=kind,
                non_retryable=True,
            ) from _cause(error)

    return translating


def _words(error: BaseException) -> str:
    """What it says, without its middle where that is very long: a traceback says most at its end."""
    words = str(error)
    if len(words) <= _LONGEST_WORDS:
        return words
    left_out = len(words) - _LONGEST_WORDS
    return f"{words[: _LONGEST_WORDS - _LAST_WORDS]}\n… {left_out:,} characters …\n{words[-_LAST_WORDS:]}"


def _cause(error: BaseException) -> BaseException | None:
    """The error, as what is seen behind the translated one; None where it, or what is behind it, is too long."""
    return error if sum(len(str(one)) for one in _chain(error)) <= 4 * _LONGEST_WORDS else None


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
