"""What can be told of a plan's steps before any runs, so that the model that wrote it can still mend it."""

from __future__ import annotations

from functools import cache

from pydantic import ValidationError

from holdfast.catalogue.endpoints import Catalogue
from holdfast.catalogue.filter import EndpointFilter
from holdfast.complaints import complaints_of
from holdfast.errors import NoEndpoint, PlanRejected, ToolRefused
from holdfast.plan import ApiStep, Plan, SpecialStep, SqlStep, Step
from holdfast.special.registry import signature, tool_called


def see_that_it_can_run(plan: Plan) -> None:
    """Raises PlanRejected for the first step that is sure to fail."""
    for step in plan.steps:
        reason = _reason_against(step)
        if reason:
            raise PlanRejected(f"Step {step.id}: {reason}")


def _reason_against(step: Step) -> str:
    match step:
        case ApiStep():
            return _without_endpoint(step)
        case SqlStep(depends_on=()):
            return "`sql` reads the rows of the steps that it depends on; name them, or use another tool."
        case SpecialStep():
            return _wrongly_called(step)
        case _:
            return ""


def _without_endpoint(step: ApiStep) -> str:
    try:
        _endpoints().choose(step.entity, step.operation)
    except NoEndpoint as refused:
        return str(refused)
    return ""


def _wrongly_called(step: SpecialStep) -> str:
    try:
        tool = tool_called(step.name)
    except ToolRefused as refused:
        return str(refused)
    try:
        tool.parameters.model_validate(step.parameters)
    except ValidationError as error:
        return f"{signature(tool)} is called wrongly: {complaints_of(error)}."
    return ""


@cache
def _endpoints() -> EndpointFilter:
    return EndpointFilter(Catalogue.load())
