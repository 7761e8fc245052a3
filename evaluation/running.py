"""Questions asked of one company after the other, each judged by what is true of that company."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from evaluation.asking import Asked, Asker
from evaluation.cases import AnswerCase, Case
from evaluation.compositions import Composition, compositions
from evaluation.judging import Judge, Mark, Verdict, verdict_of_rows
from evaluation.shrinking import smallest_wrong
from evaluation.tenant import NOW, DemoTenant, demo_tenant
from holdfast.engines import engines_from
from holdfast.settings import Settings

COMPOSITIONS = "compositions"


@dataclass(frozen=True)
class Selection:
    """What is asked: of which companies, how large they are, and how many questions at the same time."""

    questions: Sequence[tuple[Case, str]]
    # Random ones for each company, besides those.
    compositions: int
    seeds: Sequence[int]
    users: int
    concurrency: int


@dataclass(frozen=True)
class Result:
    """How one question of one company was dealt with. Tokens and cost are None where no model was asked."""

    kind: str
    seed: int
    question: str
    # Whether an answer, and not a refusal or a question back, was expected of every planner.
    answerable: bool
    # Whether anything was: some wordings need not be understood, but must not be misunderstood.
    expected: bool
    mark: Mark
    why: str
    understood_as: str
    seconds: float
    input_tokens: int | None
    output_tokens: int | None
    # None also where the price of a model is not known.
    cost_usd: float | None


@dataclass(frozen=True)
class _Task:
    kind: str
    seed: int
    question: str
    answerable: bool
    expected: bool
    verdict: Callable[[Asked], Verdict]
    made: Composition | None = None

    def result(self, asked: Asked) -> Result:
        verdict, usage = self.verdict(asked), asked.usage
        return Result(
            kind=self.kind,
            seed=self.seed,
            question=self.question,
            answerable=self.answerable,
            expected=self.expected,
            mark=verdict.mark,
            why=verdict.why,
            understood_as=asked.understood_as,
            seconds=asked.seconds,
            input_tokens=usage.input_tokens if usage else None,
            output_tokens=usage.output_tokens if usage else None,
            cost_usd=usage.cost_usd if usage else None,
        )


async def run(selection: Selection, settings: Settings, folder: Path, tell: Callable[[str], None]) -> list[Result]:
    """Results in the order of the seeds and the cases. `folder` gets the companies; `tell` gets lines of progress."""
    found: list[Result] = []
    for seed in selection.seeds:
        tell(f"seed {seed}: a company of {selection.users} people is made")
        tenant = await asyncio.to_thread(demo_tenant, seed, selection.users, folder / f"seed-{seed}")
        tasks = [*_of_the_bank(selection.questions, seed, tenant), *_composed(selection.compositions, seed, tenant)]
        found += await _asked(tasks, tenant, settings, selection.concurrency, tell)
    return found


async def _asked(
    tasks: Sequence[_Task], tenant: DemoTenant, settings: Settings, concurrency: int, tell: Callable[[str], None]
) -> list[Result]:
    settings = settings.model_copy(update={"data_dir": tenant.directory})
    engines = engines_from(settings, lambda: NOW)
    asker = Asker(settings, engines, tenant.company)
    room, done = asyncio.Semaphore(concurrency), 0

    async def one(task: _Task) -> Result:
        nonlocal done
        async with room:
            result = task.result(await asker.ask(task.question))
            if task.made is not None and result.mark is Mark.WRONG:
                smallest = await smallest_wrong(task.made, asker.ask)
                result = replace(result, why=f"{result.why}\n    smallest: {smallest.question}")
        done += 1
        if done % 100 == 0 or done == len(tasks):
            tell(f"seed {task.seed}: {done} of {len(tasks)} questions")
        return result

    try:
        return await asyncio.gather(*(one(task) for task in tasks))
    finally:
        await asker.close()
        await engines.close()


def _of_the_bank(questions: Iterable[tuple[Case, str]], seed: int, tenant: DemoTenant) -> Iterator[_Task]:
    judge = Judge(tenant.records)
    for case, question in questions:
        expected = not isinstance(case, AnswerCase) or case.answerable
        answerable = isinstance(case, AnswerCase) and expected
        yield _Task(case.kind, seed, question, answerable, expected, partial(judge.verdict, case))


def _composed(number: int, seed: int, tenant: DemoTenant) -> Iterator[_Task]:
    for made in compositions(number, seed, tenant.records):
        verdict = partial(verdict_of_rows, made.truth)
        yield _Task(COMPOSITIONS, seed, made.question, answerable=True, expected=True, verdict=verdict, made=made)
