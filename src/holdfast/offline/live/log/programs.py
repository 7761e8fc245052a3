"""The programs that ask the system log, by the shape of what a step asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from holdfast.offline.live.composing import Composed, Step

# Shape → the compiler of its programs.
COMPILERS: Mapping[type[Any], Callable[[Any, Step], Composed]] = MappingProxyType({})
