"""Arguments that several commands take."""

from __future__ import annotations

from typing import Annotated

import typer

QuestionId = Annotated[str, typer.Argument(metavar="ID", help="The id that `ask` or `list` printed")]
