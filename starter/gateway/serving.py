"""The gateway as a process: composed from settings, served until it is asked to end."""

from __future__ import annotations

import asyncio
import socket
import sys
from contextlib import closing

import uvicorn
import uvloop

from holdfast.artifacts import ArtifactStore
from holdfast.errors import HoldfastError, SettingsError
from holdfast.gateway_settings import GatewaySettings
from holdfast.logs import configure_logs
from holdfast.settings import Settings, load_settings
from starter.access.stored import open_access
from starter.connection import connect
from starter.gateway.app import create_app
from starter.gateway.connections import BoundedConnection
from starter.gateway.gateway import Gateway

# For what is under way besides viewers' streams, which go on elsewhere, or here after a restart.
_GRACE_S = 2
# How long sent bytes may wait for a client that does not read.
_UNREAD_MS = 60_000
# A WebSocket only carries a viewer's pings to us.
_SOCKET_BYTES = 1 << 14


async def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises SettingsError, StackNotRunning."""
    if settings.gateway.port is None:
        raise SettingsError("A gateway needs HOLDFAST_GATEWAY__PORT; `holdfast up` starts one with it.")
    configure_logs(settings.data_dir / "logs" / "gateway.log", settings.secrets)
    connection = await connect(settings)
    with closing(await asyncio.to_thread(open_access, settings)) as access:
        gateway = Gateway(connection, access, ArtifactStore(settings.data_dir / "artifacts"))
        config = _config(gateway, settings.gateway, settings.gateway.port)
        await Server(config, gateway).serve(sockets=[listening_socket(config)])


class Server(uvicorn.Server):
    """Sends its viewers away before it waits for what is under way: their streams would never end by themselves."""

    def __init__(self, config: uvicorn.Config, gateway: Gateway) -> None:
        super().__init__(config)
        self._gateway = gateway

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        await self._gateway.hub.close()
        await super().shutdown(sockets)


def listening_socket(config: uvicorn.Config) -> socket.socket:
    """Where the gateway is heard. Raises SettingsError where it cannot listen there."""
    is_ipv6 = ":" in config.host
    try:
        listening = socket.create_server(
            (config.host, config.port),
            family=socket.AF_INET6 if is_ipv6 else socket.AF_INET,
            # `::` is every address of this machine, as the word says.
            dualstack_ipv6=is_ipv6 and socket.has_dualstack_ipv6(),
        )
    except OSError as error:
        raise SettingsError(
            f"The gateway cannot listen on {config.host}, port {config.port} ({error.strerror}): mend "
            "HOLDFAST_GATEWAY__HOST or HOLDFAST_GATEWAY__PORT."
        ) from error
    if sys.platform == "linux":
        # Every connection inherits it. One that is closed while its client does not read would stay for ever: each
        # of the client's "not now" counts as a sign of life.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _UNREAD_MS)
    return listening


def _config(gateway: Gateway, settings: GatewaySettings, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(gateway, max_body_bytes=settings.max_body_bytes),
        host=settings.host,
        port=port,
        http=BoundedConnection,
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


def main() -> int:
    """Run until asked to end; the exit code is 0 then and 5 where something needed is missing."""
    try:
        uvloop.run(serve(load_settings()))
    except HoldfastError as error:
        sys.stderr.write(f"{error}\n")
        return 5
    return 0
