"""The tools there are: every module in `holdfast.special.tools` that defines `TOOL`."""

from __future__ import annotations

from functools import cache
from pkgutil import iter_modules, resolve_name
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
        tool = getattr(resolve_name(f"{module.name}:"), "TOOL", None)
        if isinstance(tool, SpecialTool):
            if tool.name in found:
                raise ValueError(f"two special tools are called {tool.name}")
            found[tool.name] = tool
    return found


def tool_called(name: str) -> AnyTool:
    """The tool of that name. Raises ToolRefused, which names those there are."""
    if (tool := all_tools().get(name)) is None:
        known = " ".join(f"{signature(each)}: {each.promise}" for _, each in sorted(all_tools().items()))
        raise ToolRefused(f"There is no special tool {name}; there are {known}")
    return tool


def signature(tool: AnyTool) -> str:
    """The tool as whoever writes a plan calls it: `login_risk(user, days)`."""
    return f"{tool.name}({', '.join(tool.parameters.model_fields)})"


def signatures_text() -> str:
    """All tools in one line; their names say what they do, since every question is sent with them."""
    return ", ".join(signature(tool) for _, tool in sorted(all_tools().items()))
