"""The tools there are: every module in `holdfast.special.tools` that defines `TOOL`."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from typing import Any

from holdfast.errors import ToolRefused
from holdfast.special import tools
from holdfast.special.tool import SpecialTool

AnyTool = SpecialTool[Any, Any]


@cache
def all_tools() -> dict[str, AnyTool]:
    """Tools by their names."""
    return tools_in(tools)


def tools_in(package: ModuleType) -> dict[str, AnyTool]:
    """Tools of one package by their names. Raises ValueError where two have the same."""
    found: dict[str, AnyTool] = {}
    for module in iter_modules(package.__path__, f"{package.__name__}."):
        tool = getattr(import_module(module.name), "TOOL", None)
        if isinstance(tool, SpecialTool):
            if tool.name in found:
                raise ValueError(f"two special tools are called {tool.name}")
            found[tool.name] = tool
    return found


def tool_called(name: str) -> AnyTool:
    """The tool of that name. Raises ToolRefused, which names those there are."""
    if (tool := all_tools().get(name)) is None:
        raise ToolRefused(f"There is no special tool {name}; there are {', '.join(sorted(all_tools()))}.")
    return tool


def catalogue_text() -> str:
    """All tools for whoever writes a plan: name, promise and parameters, a line each."""
    return "\n".join(_line(tool) for _, tool in sorted(all_tools().items()))


def _line(tool: AnyTool) -> str:
    fields = ", ".join(
        f"{name} ({field.description}{'' if field.is_required() else f'; default {field.default}'})"
        for name, field in tool.parameters.model_fields.items()
    )
    return f"{tool.name}: {tool.promise} Parameters: {fields}."
