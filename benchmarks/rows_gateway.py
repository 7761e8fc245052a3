"""A gateway process of its own for `benchmarks.rows`: its memory is nobody else's."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import structlog
import uvicorn

from holdfast.artifacts import ArtifactStore
from holdfast.settings import load_settings
from starter.connection import Connection, connect_to
from starter.gateway.app import create_app
from starter.gateway.gateway import Gateway
from starter.ports import LOOPBACK
from tests.gateways import NamedCallers


async def main(temporal: str, data_dir: Path, port: int) -> None:
    """Serve until it is ended."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    connection = Connection(await connect_to(temporal, "default"), load_settings(data_dir=data_dir), None)
    gateway = Gateway(connection, NamedCallers(), ArtifactStore(data_dir / "artifacts"))
    app = create_app(gateway, max_body_bytes=1 << 20)
    await uvicorn.Server(uvicorn.Config(app, host=LOOPBACK, port=port, log_config=None, access_log=False)).serve()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
