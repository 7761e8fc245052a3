"""The page in a browser of this machine, already signed in."""

from __future__ import annotations

import os
import sys
import webbrowser
from contextlib import closing

from holdfast.settings import Settings
from starter.questions import asker


async def own_link(settings: Settings, gateway_url: str) -> str:
    """A link that signs in whoever sits here, once and within five minutes. Raises SettingsError, StoreAway."""
    # Here and not above: the database library takes a quarter of a second to import; other commands need not wait.
    from starter.access.stored import open_access, sign_in_link

    with closing(open_access(settings)) as access:
        return await sign_in_link(access, settings.gateway.public_url or gateway_url, asker())


def open_in_browser(link: str) -> bool:
    """Open it where there is a screen; whether it was."""
    has_screen = sys.platform == "darwin" or bool({"DISPLAY", "WAYLAND_DISPLAY"} & os.environ.keys())
    return has_screen and webbrowser.open(link)
