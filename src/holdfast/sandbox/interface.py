"""What a generated program may use, in the two forms that are needed: types to check against, and code to run.

A program is the body of a Python module in the sandbox's subset, with `await` at its top. It assigns `result`, a list
of flat-or-nested records, and sees these names besides the subset's own:

``now``
    The moment the step began, a UTC `datetime`; it stands still.
``await load(step_id)``
    The rows of an earlier step, a list of dictionaries.
``await progress(done, total)``
    Tells viewers how far it is. It changes nothing else.
``await attempt(call)``
    Awaits a read that may be refused: `(answer, None)`, or `(None, reason)` where the tenant did not tell. The reason
    belongs into the row, in a column called `unread`: unknown is never none.
one coroutine for each chosen endpoint
    `await list_user_factors(user_id)`: path parameters first, query parameters by keyword. A list comes whole, however
    many pages it has, or a page at a time from `list_user_factors_page(cursor, …)`, which gives `(rows, next_cursor)`
    and takes None first. `fields=("id", "profile.login")` has only these read out of each record.

All of them reach the host through one door, ``_call(name, arguments) -> str``: JSON text in both directions,
``{"value": …}`` or ``{"refused": kind, "reason": …}``. The prelude, which is ours and runs before the program, wraps it
and raises `PermissionError` (401, 403, a feature that is off, a budget that a reviewer closed), `LookupError` (404) or
`OSError` (trouble that lasted).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

# What one call of a coroutine costs: one request; a request for each page; or one for each thing it is asked about.
CostClass = Literal["one_call", "pages", "one_call_each"]

# Why a read gave nothing, as `_call` tells the prelude.
RefusalKind = Literal["forbidden", "not_found", "trouble"]


@dataclass(frozen=True)
class ProgramInterface:
    """The stubs (Python stub text with docstrings, which a writer reads) and the prelude behind them.

    `checked_stubs` say the same in the form in which the type checker finds most; where empty, it is given `stubs`.
    `functions` holds the coroutines of the chosen endpoints, those with `_page` among them, with what one call costs.
    """

    stubs: str
    prelude: str
    functions: Mapping[str, CostClass]
    checked_stubs: str = ""
