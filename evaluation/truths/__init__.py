"""What is true of a tenant, by name: each truth computed from the exported records alone.

Every module beside this one has its `TRUTHS`; a new module is found by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType

from evaluation.records import Records, Rows

Truth = Callable[[Records], Rows]


def _all() -> Mapping[str, Truth]:
    found: dict[str, Truth] = {}
    for name in sorted(module.name for module in iter_modules(__path__)):
        truths: Mapping[str, Truth] = import_module(f"{__name__}.{name}").TRUTHS
        if twice := sorted(found.keys() & truths):
            raise ValueError(f"{name}.py has truths that another module has too: {', '.join(twice)}")
        found |= truths
    return MappingProxyType(found)


TRUTHS = _all()
