"""The bank as typed values: what is asked, and what is expected of whoever answers.

Each file of `bank/` is a list of `[[case]]`, of one of three shapes:

    [[case]]                                # an answer
    truth = "finance_group"                 # its name in `evaluation.truths`
    columns = ["login"]                     # what each value of a row of the truth is
    questions = ["members of Finance"]      # wordings of one meaning

    [[case]]                                # a refusal: "change", "live" or "unknown words"
    refuse = "unknown words"
    words = ["cheese"]                      # optional: each must be named in the reason
    questions = ["who likes cheese?"]

    [[case]]                                # a question back
    asks = 2                                # choices that rules offer; a model may offer others, at least two
    questions = ["people in Finance"]

Every case may have `kind = "groups"`, under which it is counted; without it the name of the file. An answer may have
`answerable = false` (its wordings need not be understood, but must not be misunderstood), `ordered = ["person_count"]`
(these columns must stand in the order of the truth) and `enough = ["login"]` (what was asked for: the different rows of
these columns, with or without the others, are as good an answer as all of them).
"""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError, model_validator

BANK = Path(__file__).with_name("bank")

_Text = Annotated[str, Field(min_length=1)]


class BankError(Exception):
    """A file of the bank is not what this module describes; mend the file."""


class _Case(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    kind: _Text
    questions: Annotated[tuple[_Text, ...], Field(min_length=1)]


class AnswerCase(_Case):
    """Every wording is answered with the rows of one truth."""

    truth: _Text
    columns: Annotated[tuple[_Text, ...], Field(min_length=1)]
    answerable: bool = True
    ordered: tuple[_Text, ...] = ()
    enough: tuple[_Text, ...] = ()

    @model_validator(mode="after")
    def _names_its_own_columns(self) -> Self:
        if strange := {*self.enough, *self.ordered} - set(self.columns):
            raise ValueError(f"`enough` or `ordered` names what is no column: {', '.join(sorted(strange))}")
        return self


class RefusalCase(_Case):
    """No wording is answered. `words` are named in the reason, or among what was not understood."""

    refuse: Literal["change", "live", "unknown words"]
    words: tuple[_Text, ...] = ()


class AskBackCase(_Case):
    """Every wording comes back as a question with so many choices."""

    asks: Annotated[int, Field(ge=2)]


def _shape(data: Any) -> str:
    keys = data if isinstance(data, dict) else vars(data)
    return "refusal" if "refuse" in keys else "ask-back" if "asks" in keys else "answer"


Case = Annotated[
    Annotated[AnswerCase, Tag("answer")]
    | Annotated[RefusalCase, Tag("refusal")]
    | Annotated[AskBackCase, Tag("ask-back")],
    Discriminator(_shape),
]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    case: tuple[Case, ...]


def bank(folder: Path = BANK) -> Sequence[AnswerCase | RefusalCase | AskBackCase]:
    """Every case of the folder's files, in the order of their names. Raises BankError, which names the file."""
    return [case for file in sorted(folder.glob("*.toml")) for case in _read(file)]


def _read(file: Path) -> tuple[AnswerCase | RefusalCase | AskBackCase, ...]:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
        content["case"] = [{"kind": _spoken(file.stem)} | case for case in content.get("case", [])]
        return _File.model_validate(content).case
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise BankError(f"{file.name} cannot be used: {error}") from error


def _spoken(name: str) -> str:
    return name.replace("_", "-")
