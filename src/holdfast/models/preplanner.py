"""The first reader of a question, where a model is one: what is asked, whether it is a change, what is ambiguous."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict

from holdfast.answer import NeedsClarification, Refused
from holdfast.errors import PlanRejected
from holdfast.models.calls import ModelCalls, Role, Task
from holdfast.models.untrusted import said
from holdfast.spending import Ledger

MOST_CHOICES = 8
MOST_CHARACTERS = 600

CHANGE_REFUSED = (
    "Holdfast only reads the tenant, and this was read as a request to change something in it. Ask which ones it would "
    "concern instead; whoever is allowed to makes the change itself in the Okta Admin Console."
)


class Ambiguity(BaseModel):
    """A question back, with its choices."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    question: str
    choices: tuple[str, ...]

    def see_that_it_can_be_asked(self) -> None:
        """Raises PlanRejected, which says what is missing."""
        see_that_it_is_a_sentence("the question that is asked back", self.question)
        for choice in self.choices:
            see_that_it_is_a_sentence("each choice", choice)
        if not 2 <= len({said(choice) for choice in self.choices}) <= MOST_CHOICES:
            raise PlanRejected(f"A question that is asked back has 2 to {MOST_CHOICES} different choices.")

    def asked_back(self, author: str) -> NeedsClarification:
        """As its asker gets it."""
        choices = tuple(dict.fromkeys(said(choice) for choice in self.choices))
        return NeedsClarification(question=said(self.question), choices=choices, author=author)


class Reading(BaseModel):
    """The question as you read it."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    intent: str
    asks_for_change: bool
    ambiguities: tuple[Ambiguity, ...]


@dataclass(frozen=True)
class Intent:
    """The question in a model's words, for the planner; still somebody else's text."""

    text: str


def see_that_it_is_a_sentence(what: str, text: str) -> None:
    """Raises PlanRejected where the text says nothing or too much."""
    if not text.strip():
        raise PlanRejected(f"There must be words for {what}.")
    if len(text) > MOST_CHARACTERS:
        raise PlanRejected(f"Use at most {MOST_CHARACTERS} characters for {what}, not {len(text)}.")


async def intent_of(calls: ModelCalls, context: str, ledger: Ledger) -> Intent | Refused | NeedsClarification:
    """What is asked, or why it is not answered as it stands.

    A mistake here changes no tenant: whatever is planned afterwards only reads. Raises ModelOutputRejected,
    ModelRefused, ModelBudgetSpent, ModelUnavailable, SettingsError.
    """
    task = Task(agent="preplanner", context=context, output=Reading, check=_see_that_it_says_something)
    asked = await calls.ask(Role.REASONING, task, ledger)
    reading = asked.output
    if reading.asks_for_change:
        return Refused(reason=CHANGE_REFUSED, author=asked.author)
    if reading.ambiguities:
        # The rest is asked when this is answered: a question of many parts gets no answer.
        return reading.ambiguities[0].asked_back(asked.author)
    return Intent(reading.intent)


def _see_that_it_says_something(reading: Reading) -> None:
    if reading.asks_for_change:
        return
    for ambiguity in reading.ambiguities[:1]:
        ambiguity.see_that_it_can_be_asked()
    if not reading.ambiguities:
        see_that_it_is_a_sentence("intent", reading.intent)
