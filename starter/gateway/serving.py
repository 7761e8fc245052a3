"""The gateway as a process: composed from settings, served until it is asked to end."""

from __future__ import annotations

import sys

import uvicorn
import uvloop

from holdfast.artifacts import ArtifactStore
from holdfast.errors import HoldfastError, SettingsError
from holdfast.logs import configure_logs
from holdfast.settings import Settings, load_settings
from starter.access.stored import open_access
from starter.connection import connect
from starter.gateway.app import create_app
from starter.gateway.gateway import Gateway

# Viewers' streams never end by themselves; they re-join elsewhere, or here after a restart.
_GRACE_S = 2
# A WebSocket only carries a viewer's pings to us.
_SOCKET_BYTES = 1 << 14


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError, StackNotRunning."""
    if settings.gateway.port is None:
        raise SettingsError("A gateway needs HOLDFAST_GATEWAY__PORT; `holdfast up` starts one with it.")
    configure_logs(settings.data_dir / "logs" / "gateway.log", settings.secrets)
    connection = await connect(settings)
    gateway = Gateway(connection, open_access(settings), ArtifactStore(settings.data_dir / "artifacts"))
    config = uvicorn.Config(
        create_app(gateway, max_body_bytes=settings.gateway.max_body_bytes),
        host=settings.gateway.host,
        port=settings.gateway.port,
        http="httptools",
        ws="websockets-sansio",
        ws_max_size=_SOCKET_BYTES,
        # Ours are configured; uvicorn's own lines repeat what `request` says.
        log_config=None,
        access_log=False,
        server_header=False,
        # Nobody's word about where a request came from is taken.
        proxy_headers=False,
        timeout_graceful_shutdown=_GRACE_S,
    )
    await uvicorn.Server(config).serve()


def main() -> int:
    """Run until asked to end; the exit code is 0 then and 5 where something needed is missing."""
    try:
        uvloop.run(serve(load_settings()))
    except HoldfastError as error:
        sys.stderr.write(f"{error}\n")
        return 5
    return 0
