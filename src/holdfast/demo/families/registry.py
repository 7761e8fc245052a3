"""All families together: what the server routes, and what the export writes."""

from __future__ import annotations

from collections.abc import Mapping
from types import ModuleType

from holdfast.demo.families import (
    absent,
    app_details,
    authenticators,
    authorization_servers,
    branding,
    device_rules,
    hooks,
    oauth,
    organisation,
    ownership,
    profiles,
    protection,
    roles,
    sessions,
    tokens,
)
from holdfast.demo.replies import Route
from holdfast.demo.resources import Rows

MODULES: tuple[ModuleType, ...] = (
    app_details,
    authenticators,
    authorization_servers,
    branding,
    device_rules,
    hooks,
    oauth,
    organisation,
    ownership,
    profiles,
    protection,
    roles,
    sessions,
    tokens,
    absent,
)
ROUTES: tuple[Route, ...] = tuple(route for module in MODULES for route in module.ROUTES)
EXPORTED: Mapping[str, Rows] = {name: rows for module in MODULES for name, rows in module.EXPORTED.items()}
