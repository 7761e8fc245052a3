"""What a reader of the answer learns of a step's reading: what it asked, and what the tenant did not tell."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter

from holdfast.answer import EndpointUse, Gap, LiveReading
from holdfast.api_step.journal import Cost, Kept
from holdfast.catalogue.endpoints import Endpoint
from holdfast.sandbox.interface import RefusalKind

_NAMED = 3
_CODE = re.compile(r"\bE\d{7}\b")
_WORDS = {"forbidden": "did not tell", "not_found": "did not find", "trouble": "could not tell"}


@dataclass
class _Refusals:
    """Reads of one endpoint that were refused for the same reason. `reason` is that of the first."""

    reason: str
    # In the order in which they were met, each once.
    subjects: dict[str, None] = field(default_factory=dict)
    count: int = 0


class Untold:
    """What a run did not get to know."""

    def __init__(self) -> None:
        self._refused: dict[tuple[str, str, str], _Refusals] = {}
        self._cut: dict[str, None] = {}
        self._endpoints: dict[str, Endpoint] = {}

    def refused(self, endpoint: Endpoint, subject: str, kept: Kept) -> None:
        """A read that gave nothing."""
        assert kept.refused is not None
        self._endpoints[endpoint.name] = endpoint
        code = _CODE.search(kept.reason)
        # Without a code the reason may name the thing: then all of a kind go together.
        key = (endpoint.name, kept.refused, code[0] if code else "")
        refusals = self._refused.setdefault(key, _Refusals(kept.reason))
        refusals.subjects[subject] = None
        refusals.count += 1

    def was_an_answer(self, endpoint: str, kind: RefusalKind) -> None:
        """Forget refusals that told what was asked: whether there is such a thing."""
        self._refused = {key: told for key, told in self._refused.items() if key[:2] != (endpoint, kind)}

    def cut(self, sentence: str) -> None:
        """A list of which only a part was read."""
        self._cut[sentence] = None

    def count(self, endpoint: str) -> int:
        """Reads of an endpoint that gave nothing."""
        return sum(refusals.count for (name, _, _), refusals in self._refused.items() if name == endpoint)

    def gaps(self) -> tuple[Gap, ...]:
        """One sentence for each endpoint and reason."""
        sentences = [*self._sentences(), *self._cut]
        return tuple(Gap(origin="live", message=sentence) for sentence in sentences)

    def _sentences(self) -> Iterator[str]:
        for (name, kind, _), refusals in self._refused.items():
            endpoint = self._endpoints[name]
            subjects = [subject for subject in refusals.subjects if subject]
            of, named = "", ""
            if subjects:
                of = f" of {_counted(len(subjects), _places_of(endpoint))}"
                named = f": {', '.join(subjects[:_NAMED])}"
                more = len(subjects) - _NAMED
                named += f" and {more:,} more" if more > 0 else ""
            yield f"The tenant {_WORDS[kind]} {plural_of(endpoint.entity)}{of} ({refusals.reason}){named}."


def live_reading(costs: Iterable[Cost], untold: Untold) -> LiveReading | None:
    """When the tenant was read and what it was asked; None where it was not read."""
    finished = sorted(costs, key=attrgetter("endpoint"))
    if not finished:
        return None
    return LiveReading(
        started=_moment(min(cost.sent for cost in finished)),
        finished=_moment(max(cost.answered for cost in finished)),
        endpoints=tuple(
            _use(name, list(of_one), untold) for name, of_one in groupby(finished, key=attrgetter("endpoint"))
        ),
    )


def waited_seconds(costs: Iterable[Cost]) -> float:
    """How long nothing could be asked because of a rate limit: many calls wait at the same time."""
    total, until = 0.0, 0.0
    for since, end in sorted(wait for cost in costs for wait in cost.waits):
        total += max(0.0, end - max(since, until))
        until = max(until, end)
    return total


def plural_of(entity: str) -> str:
    """`UserFactor` as "user factors"."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", entity).lower()
    if words.endswith("y") and words[-2:-1] not in "aeiou":
        return f"{words[:-1]}ies"
    return (
        words if words.endswith("s") and not words.endswith("ss") else f"{words}{'es' if words.endswith('s') else 's'}"
    )


def _use(name: str, costs: list[Cost], untold: Untold) -> EndpointUse:
    return EndpointUse(
        endpoint=name,
        calls=len(costs),
        retries=sum(cost.retries for cost in costs),
        refused=untold.count(name),
        waited_seconds=round(waited_seconds(costs), 3),
        received_bytes=sum(cost.received_bytes for cost in costs),
    )


def _places_of(endpoint: Endpoint) -> str:
    """What the reads of an endpoint are of: `User` for the factors of a user."""
    return next((one.entity for one in endpoint.path_parameters if one.entity is not None), "Thing")


def _counted(number: int, entity: str) -> str:
    many = plural_of(entity)
    one = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", entity).lower()
    return f"1 {one}" if number == 1 else f"{number:,} {many}"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def by_name(endpoints: Iterable[Endpoint]) -> Mapping[str, Endpoint]:
    """Endpoints by the name that programs call them by."""
    return {endpoint.name: endpoint for endpoint in endpoints}
