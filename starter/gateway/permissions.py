"""The parameters of routes that let only those through who may: one for actions, one for actions on a question."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from holdfast.errors import UnknownExecution
from holdfast.execution import State
from starter import questions
from starter.access.callers import Action, Caller, Relation, may
from starter.access.refusals import NotAllowed
from starter.gateway.gateway import Gateway, Parts
from starter.questions import Asked

QuestionId = Annotated[
    str, Path(alias="question_id", pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$", description="The question's id")
]


async def proved_caller(connection: HTTPConnection, parts: Parts) -> Caller:
    """Whoever calls. Raises NotAuthenticated, NotAllowed (CSRF), TooManyRequests."""
    return await parts.access.caller_of(connection)


# The parameter of a route that is open to everybody who proved who they are.
CurrentCaller = Annotated[Caller, Depends(proved_caller)]


@dataclass(frozen=True)
class Permitted:
    """A caller and a question on which they may do what the route does."""

    caller: Caller
    question: Asked


def allowed(action: Action) -> Callable[[Caller], Awaitable[Caller]]:
    """The dependency of a route that does `action`. Raises NotAllowed."""

    async def check(caller: CurrentCaller) -> Caller:
        if not may(caller, action):
            raise NotAllowed(f"Your role or your key does not allow to {action.value.replace('-', ' ')}.")
        return caller

    return check


def allowed_on_question(action: Action) -> Callable[[Caller, str, Gateway], Awaitable[Permitted]]:
    """The dependency of a route that does `action` on a question.

    Raises UnknownExecution for one that the caller may not even see, as if there were none; NotAllowed otherwise.
    """

    async def check(caller: CurrentCaller, question_id: QuestionId, parts: Parts) -> Permitted:
        question = await questions.asked(parts.connection, question_id)
        relation = await relation_of(parts, caller, question)
        if may(caller, action, relation):
            return Permitted(caller, question)
        if may(caller, Action.SEE, relation):
            raise NotAllowed(f"Your role or your key does not allow to {action.value} this question.")
        raise UnknownExecution(f"There is no question {question_id!r} here.")

    return check


async def relation_of(parts: Gateway, caller: Caller, question: Asked) -> Relation:
    """What the question is to the caller."""
    if question.asker == caller.subject:
        return Relation.OWN
    if await parts.access.is_shared(question.id, caller.subject):
        return Relation.SHARED
    if question.state == State.BLOCKED:
        return Relation.WAITING
    return Relation.STRANGE


SeenQuestion = Annotated[Permitted, Depends(allowed_on_question(Action.SEE))]
ExportedQuestion = Annotated[Permitted, Depends(allowed_on_question(Action.EXPORT))]
SteeredQuestion = Annotated[Permitted, Depends(allowed_on_question(Action.STEER))]
ReviewedQuestion = Annotated[Permitted, Depends(allowed_on_question(Action.REVIEW))]
SharedQuestion = Annotated[Permitted, Depends(allowed_on_question(Action.SHARE))]
