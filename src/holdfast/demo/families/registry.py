"""All families together: what the server routes, and what the export writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from holdfast.demo.company import Company
from holdfast.demo.families import authenticators, hooks, oauth, protection, sessions, tokens
from holdfast.demo.records import Record
from holdfast.demo.replies import Route

# The lines of a family, for a tenant at the address given.
Rows = Callable[[Company, str], Iterable[Record]]
MODULES = (authenticators, hooks, oauth, protection, sessions, tokens)

ROUTES: tuple[Route, ...] = tuple(route for module in MODULES for route in module.ROUTES)
EXPORTED: Mapping[str, Rows] = {name: rows for module in MODULES for name, rows in module.EXPORTED.items()}
