"""Settings of reviews: which plans wait for a person, who may decide, and until when."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_settings import NoDecode

from holdfast.reviews import ReviewRules
from holdfast.setting_types import Duration, Group, comma_parted

_Names = Annotated[tuple[str, ...], NoDecode]


class ApprovalSettings(Group):
    """When a person must look at a plan or a step before it runs, who may decide, and until when."""

    policy: Literal["never", "low_confidence", "always"] = Field(
        "low_confidence", description="Which plans wait for a review, besides those that the settings below hold"
    )
    min_confidence: float = Field(0.7, ge=0, le=1, description="Below this a plan waits (low_confidence)")
    live_steps: int | None = Field(
        None, ge=0, description="A plan that reads the live tenant in more steps than this waits; unset: none does"
    )
    special_steps: int | None = Field(
        None, ge=0, description="A plan that calls special tools more often than this waits; unset: none does"
    )
    estimated_calls: int | None = Field(
        None,
        ge=0,
        description="A step whose program will make more calls than this waits before its first; unset: none",
    )
    sensitive: _Names = Field(
        (),
        description="Plans that touch these wait: entities, names of groups and applications, separated by commas, "
        "e.g. `admin roles, api tokens, Payroll`",
    )
    own: bool = Field(True, description="Whether askers may approve and edit their own questions")
    deadline: Duration | None = Field(
        None, gt=timedelta(), description="How long a review is waited for, in seconds; unset: for ever"
    )
    after_deadline: Literal["reject", "escalate"] = Field(
        "reject", description="What happens then; an escalated review has as long again"
    )
    escalate_to: _Names = Field(
        (), description="Who may decide an escalated review, besides administrators; separated by commas"
    )

    @field_validator("sensitive", "escalate_to", mode="before")
    @classmethod
    def _split_at_commas(cls, names: object) -> object:
        return comma_parted(names)

    @model_validator(mode="after")
    def _says_what_it_is_for(self) -> Self:
        if self.after_deadline == "escalate" and self.deadline is None:
            raise ValueError("a review without a deadline is never escalated: set HOLDFAST_APPROVAL__DEADLINE")
        if self.escalate_to and self.after_deadline != "escalate":
            raise ValueError("nothing is escalated: set HOLDFAST_APPROVAL__AFTER_DEADLINE to escalate")
        return self

    @property
    def rules(self) -> ReviewRules:
        """What a question must know of them while it runs."""
        return ReviewRules(
            own=self.own,
            deadline=self.deadline,
            after_deadline=self.after_deadline,
            escalate_to=self.escalate_to,
        )
