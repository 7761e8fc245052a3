"""Who calls, and the one table of what each role may do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a person is to this Holdfast; one person may be several."""

    ASKER = "asker"
    REVIEWER = "reviewer"
    ADMINISTRATOR = "administrator"


class Relation(StrEnum):
    """What a question is to a caller."""

    OWN = "own"
    SHARED = "shared"
    # It waits for a review at this moment.
    WAITING = "waiting"
    STRANGE = "strange"


class Action(StrEnum):
    """Everything that a caller may want to do; a key may be restricted to some."""

    ASK = "ask"
    # Progress, plan, events, rows, answer.
    SEE = "see"
    EXPORT = "export"
    # Pause, resume, cancel, retry, rerun.
    STEER = "steer"
    REVIEW = "review"
    SHARE = "share"
    SEE_SYNCS = "see-syncs"
    SYNC = "sync"
    SCHEDULE = "schedule"
    READ_AUDIT = "read-audit"
    MANAGE_KEYS = "manage-keys"
    READ_METRICS = "read-metrics"


@dataclass(frozen=True)
class Caller:
    """A caller who proved who they are.

    `subject` is unique and stable (an administrator's key and the same person's token have the same); `scopes` are the
    actions that the credential is restricted to, None: whatever the roles allow.
    """

    subject: str
    name: str
    roles: frozenset[Role]
    # How they proved it: `key:<id>`, `token:<issuer>`, `session:<id>` or `command-line`; for the audit record.
    credential: str
    scopes: frozenset[Action] | None = None
    # The key behind the credential, where there is one: revoking it ends this too.
    key_id: str | None = None
    # From where, and in which request; for the audit record.
    address: str = ""
    request_id: str = ""


_MINE = frozenset({Relation.OWN})
_OPEN = frozenset({Relation.OWN, Relation.SHARED})
_ANY = frozenset(Relation)

# Actions on a question: with which relation to it a role may do them.
ON_QUESTIONS: Mapping[Role, Mapping[Action, frozenset[Relation]]] = MappingProxyType(
    {
        Role.ASKER: {
            Action.SEE: _OPEN,
            Action.EXPORT: _OPEN,
            Action.STEER: _MINE,
            Action.REVIEW: _MINE,
            Action.SHARE: _MINE,
        },
        Role.REVIEWER: {
            Action.SEE: _OPEN | {Relation.WAITING},
            Action.REVIEW: _OPEN | {Relation.WAITING},
        },
        Role.ADMINISTRATOR: {
            Action.SEE: _ANY,
            Action.EXPORT: _ANY,
            Action.STEER: _ANY,
            Action.REVIEW: _ANY,
            Action.SHARE: _ANY,
        },
    }
)

# Actions on nothing in particular.
OTHERWISE: Mapping[Role, frozenset[Action]] = MappingProxyType(
    {
        Role.ASKER: frozenset({Action.ASK, Action.SEE_SYNCS, Action.SCHEDULE}),
        Role.REVIEWER: frozenset({Action.SEE_SYNCS}),
        Role.ADMINISTRATOR: frozenset(
            {
                Action.ASK,
                Action.SEE_SYNCS,
                Action.SYNC,
                Action.SCHEDULE,
                Action.READ_AUDIT,
                Action.MANAGE_KEYS,
                Action.READ_METRICS,
            }
        ),
    }
)


def joined(names: Iterable[Role] | Iterable[Action]) -> str:
    """Roles or actions as one text, the same for the same set."""
    return ",".join(sorted(name.value for name in names))


def roles_of(text: str) -> frozenset[Role]:
    """What `joined` made of roles."""
    return frozenset(Role(name) for name in text.split(",") if name)


def scopes_of(text: str | None) -> frozenset[Action] | None:
    """What `joined` made of scopes; None stays None, which restricts nothing."""
    return None if text is None else frozenset(Action(name) for name in text.split(",") if name)


def may(caller: Caller, action: Action, relation: Relation | None = None) -> bool:
    """Whether the caller may; `relation` is there for an action on a question, None for any other."""
    if caller.scopes is not None and action not in caller.scopes:
        return False
    if relation is None:
        return any(action in OTHERWISE[role] for role in caller.roles)
    return any(relation in ON_QUESTIONS[role].get(action, ()) for role in caller.roles)
