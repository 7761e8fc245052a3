"""What a renderable looks like in a pipe."""

from __future__ import annotations

import io

from rich.console import Console, RenderableType


def rendered(renderable: RenderableType, *, width: int = 400, terminal: bool = False) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, force_terminal=terminal, highlight=False, markup=False, emoji=False)
    console.print(renderable)
    return stream.getvalue()
