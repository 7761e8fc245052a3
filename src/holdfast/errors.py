"""What can go wrong, and what the caller should do about it.

::

    HoldfastError
    ├── PermanentError              asking the same again gives the same; change something first
    │   ├── InvalidQuestion             reword the question
    │   ├── PlanRejected                ask for another plan
    │   ├── NoEndpoint                  no endpoint reads this; the message names the nearest entities
    │   ├── UnknownEventCategory        the message names the nearest categories of log events
    │   ├── QueryRefused                the guard named what it refused; write another query
    │   ├── QueryFailed                 the query is wrong or too costly; write another one
    │   ├── ProgramRefused              the checks say line by line what to mend; write another one
    │   ├── ProgramFailed               the program went wrong as it ran; write another one
    │   ├── ProgramOverLimit            the program passed a limit of the sandbox; write a thriftier one, or raise it
    │   ├── ToolRefused                 the special tool does not know its parameters, or whom they mean; mend them
    │   ├── PresentationRejected        the recipe does not fit the columns; write another one
    │   ├── RerunRefused                the question cannot be run again like this; the message says what would do
    │   ├── ExportRefused               the rows do not fit the file format, or the file has no place; choose another
    │   ├── InvalidTransition           the execution's state does not allow it
    │   ├── ReviewRefused               nothing waits for this review
    │   ├── NoSnapshot                  run `holdfast sync`
    │   ├── SnapshotDamaged             run `holdfast sync`, a new snapshot replaces it
    │   ├── SyncInconsistent            what was read does not add up; sync again in full
    │   ├── ArtifactMissing             the rows were removed; ask again
    │   ├── OktaRefused                 the tenant said no: mend the token, its scopes or the request
    │   │   └── OktaNotFound            there is no such thing in the tenant
    │   ├── ModelOutputRejected         a model's output did not pass its checks, twice; reword, or use another model
    │   ├── ModelRefused                the model would not answer; reword the question, or use another model
    │   ├── ModelBudgetSpent            the question's limit of tokens or cost is reached; raise it, or ask for less
    │   ├── SettingsError               mend the named setting
    │   ├── StackNotRunning             run `holdfast up`
    │   ├── FolderInUse                 stop the other `holdfast up`, or use another folder
    │   ├── UnknownExecution            `holdfast list` shows the ids there are
    │   └── TemporalUnavailable         no embedded Temporal: the message says why and the way out
    └── TransientError              wait and try again; Temporal does so by itself
        ├── OktaUnreachable             no answer, or half of one
        │   └── OktaAway                    the tenant takes no connection at all
        ├── OktaRateLimited             429: wait `retry_after`
        ├── OktaServerError             5xx
        ├── ModelUnavailable            no model answered: 429, 5xx, a time-out, no connection
        ├── SandboxDied                 the sandbox's process ended; a new one is started
        ├── QueryWorkerDied             the disposable process ended; a new one is started
        └── StorageFull                 make room in the data folder
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

# How every ProgramRefused begins: what follows is about the program alone, and quotes no row.
REFUSED_BEFORE_IT_RAN = "The program was refused before it ran."


class HoldfastError(Exception):
    """Root of everything that Holdfast raises on purpose. The message is a sentence for a person."""


class PermanentError(HoldfastError):
    """Asking the same again gives the same; change something first."""


class TransientError(HoldfastError):
    """Wait and try again; `retry_after` says how long, where that is known."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class InvalidQuestion(PermanentError):
    """The question is empty or too long; reword it."""


class PlanRejected(PermanentError):
    """The plan has a cycle, an unknown tool or an unknown reference; ask for another plan."""


class NoEndpoint(PermanentError):
    """The catalogue has no endpoint for this entity, operation or name; the message names the nearest ones."""


class UnknownEventCategory(PermanentError):
    """The log has no category of events with this name; the message names the nearest ones."""


class QueryRefused(PermanentError):
    """The guard refused the generated query; the message names what and where. Write another one."""


class QueryFailed(PermanentError):
    """The engine could not run the query, or it passed a limit. Write another one."""


class ProgramRefused(PermanentError):
    """The checks refused the program before a single call; `diagnostics` says, line by line, what to mend."""

    def __init__(self, diagnostics: Sequence[str]) -> None:
        super().__init__("\n".join([REFUSED_BEFORE_IT_RAN, *diagnostics]))
        self.diagnostics = tuple(diagnostics)


class ProgramFailed(PermanentError):
    """The program raised, or its rows are not what it promised. The message holds its traceback; write another one."""


class ProgramOverLimit(PermanentError):
    """The program passed a limit of the sandbox, which the message names; write a thriftier one, or raise it."""


class ToolRefused(PermanentError):
    """A special tool cannot do with its parameters what was asked; the message says which to mend."""


class PresentationRejected(PermanentError):
    """The presentation does not fit the columns it is applied to; write another one."""


class RerunRefused(PermanentError):
    """The question cannot be run again like this; the message says what would do."""


class ExportRefused(PermanentError):
    """The rows do not fit the chosen file format, or the folder is not there; choose another."""


class InvalidTransition(PermanentError):
    """The execution's state does not allow this; the message names both states."""


class ReviewRefused(PermanentError):
    """Nothing waits for this review, or it was decided already."""


class NoSnapshot(PermanentError):
    """There is no snapshot of the tenant yet; run `holdfast sync`."""


class SnapshotDamaged(PermanentError):
    """The snapshot cannot be read; run `holdfast sync` to replace it."""


class SyncInconsistent(PermanentError):
    """What was read from the tenant does not add up; nothing was published. Sync again in full."""


class ArtifactMissing(PermanentError):
    """The rows behind a reference were removed; ask the question again."""


class OktaRefused(PermanentError):
    """The tenant refused the request (4xx). Mend the token, its scopes or the request.

    `status` is the HTTP status, `code` Okta's error code (`E0000006`) or None where the body had none.
    """

    def __init__(self, message: str, *, status: int, code: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


class OktaNotFound(OktaRefused):
    """There is no such thing in the tenant (404)."""


class ModelOutputRejected(PermanentError):
    """What a model wrote did not pass its checks, also after it was told why; the message says which."""


class ModelRefused(PermanentError):
    """The model, or its provider's filter, would not answer; reword the question, or use another model."""


class ModelBudgetSpent(PermanentError):
    """The question's limit of tokens or cost is reached; raise it, or ask for less."""


class SettingsError(PermanentError):
    """A setting is missing or wrong; the message names it and what it may be."""


class StackNotRunning(PermanentError):
    """No Temporal can be reached from here; run `holdfast up`, or name one in the settings."""


class FolderInUse(PermanentError):
    """Another `holdfast up` keeps its data in this folder; stop it, or use another folder."""


class UnknownExecution(PermanentError):
    """No question or sync has this id; `holdfast list` shows those there are."""


class TemporalUnavailable(PermanentError):
    """The embedded Temporal cannot be found or started; the message says why and the way out."""


class OktaUnreachable(TransientError):
    """The tenant did not answer, or the connection broke in the middle of an answer."""


class OktaAway(OktaUnreachable):
    """The tenant takes no connection: nothing can be read of it now."""


class OktaRateLimited(TransientError):
    """Okta answered 429; wait `retry_after`."""


class OktaServerError(TransientError):
    """Okta answered 5xx."""


class ModelUnavailable(TransientError):
    """No configured model answered: 429, 5xx, a time-out or no connection; wait `retry_after` where it is known."""


class SandboxDied(TransientError):
    """The sandbox's process ended before the program did; a new one is started."""


class QueryWorkerDied(TransientError):
    """The disposable query process ended before it answered; a new one is started."""


class StorageFull(TransientError):
    """No space is left in the data folder; make room, nothing that was finished is lost."""
