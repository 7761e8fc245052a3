"""`make eval`: ask every question of the bank, and random ones, and report how many answers are right.

The planner is the one that the settings choose: rules, or the models of HOLDFAST_MODELS__…. Exits with 1 where an
answer was wrong.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from evaluation.cases import bank
from evaluation.judging import Mark
from evaluation.report import as_json, as_markdown, as_table, not_right
from evaluation.running import COMPOSITIONS, Result, Selection, run
from holdfast.errors import HoldfastError
from holdfast.logs import configure_logs
from holdfast.settings import Settings, load_settings

# Over three companies these are 2,100; a model is asked none unless the caller says how many it may be.
_COMPOSITIONS_OFFLINE = 700
OFFLINE = "offline"
_WIDTH = 160
# Stands twice in `docs/evaluation.md`, around the table.
_MARK = "<!-- figures -->"


def main() -> int:
    """Run and report."""
    arguments = _parser().parse_args()
    try:
        settings = load_settings()
        selection = _selection(arguments, settings)
        if not selection.questions and not selection.compositions:
            sys.stderr.write("No question of the bank is of that kind and contains that text.\n")
            return 2
        results = asyncio.run(_results(selection, settings))
    except HoldfastError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    _report(arguments, selection, settings, results)
    return 1 if any(result.mark is Mark.WRONG for result in results) else 0


async def _results(selection: Selection, settings: Settings) -> list[Result]:
    with tempfile.TemporaryDirectory(prefix="holdfast-eval-") as folder:
        configure_logs(Path(folder) / "evaluation.log", settings.secrets)
        return await run(selection, settings, Path(folder), lambda line: print(line, file=sys.stderr))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="make eval", description=__doc__)
    parser.add_argument("--seeds", type=_numbers, default=[7, 11, 23], help="companies, by their seeds (7,11,23)")
    parser.add_argument("--users", type=int, default=400, help="people in each company (400)")
    parser.add_argument("--kind", action="append", default=[], help=f"only this kind of question, or {COMPOSITIONS}")
    parser.add_argument("--only", default="", help="only questions that contain this text")
    parser.add_argument("--limit", type=int, help="at most so many questions of the bank")
    parser.add_argument(
        "--compositions", type=int, help=f"random questions a company ({_COMPOSITIONS_OFFLINE} by rules)"
    )
    parser.add_argument("--concurrency", type=int, default=2, help="questions at the same time (2)")
    parser.add_argument("--json", type=Path, help="write every question and its result to this file")
    parser.add_argument("--markdown", type=Path, help="put the table into this file, in place of the one there")
    return parser


def _numbers(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _selection(arguments: argparse.Namespace, settings: Settings) -> Selection:
    kinds, text = arguments.kind, arguments.only.lower()
    questions = [
        (case, question)
        for case in bank()
        for question in case.questions
        if (not kinds or case.kind in kinds) and text in question.lower()
    ]
    composed = arguments.compositions
    if composed is None:
        wanted = COMPOSITIONS in kinds or not (kinds or text)
        composed = _COMPOSITIONS_OFFLINE if wanted and _planner(settings) == OFFLINE else 0
    return Selection(
        questions=questions[: arguments.limit],
        compositions=composed,
        seeds=arguments.seeds,
        users=arguments.users,
        concurrency=arguments.concurrency,
    )


def _planner(settings: Settings) -> str:
    return ", ".join(settings.models.for_reasoning) or OFFLINE


def _report(arguments: argparse.Namespace, selection: Selection, settings: Settings, results: Sequence[Result]) -> None:
    # Piped into a file, the table keeps its columns whole.
    console = Console() if sys.stdout.isatty() else Console(width=_WIDTH)
    for line in not_right(results):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(as_table(results))
    if arguments.json:
        about = {"planner": _planner(settings), "seeds": selection.seeds, "users": selection.users}
        arguments.json.write_text(json.dumps(as_json(results, about), indent=1, ensure_ascii=False), encoding="utf-8")
    if arguments.markdown:
        _put_into(arguments.markdown, as_markdown(results))


def _put_into(file: Path, table: str) -> None:
    """Raises ValueError where the file has no two marks to put the table between."""
    before, _, after = file.read_text(encoding="utf-8").split(_MARK)
    file.write_text(f"{before}{_MARK}\n\n{table}\n{_MARK}{after}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
