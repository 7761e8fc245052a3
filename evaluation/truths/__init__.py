"""What is true of a tenant, by name: each truth computed from the exported records alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from evaluation.records import Records, Rows
from evaluation.truths import people_and_access

TRUTHS: Mapping[str, Callable[[Records], Rows]] = MappingProxyType({**people_and_access.TRUTHS})
