"""A gateway process of its own for `benchmarks.rows`: its memory is nobody else's."""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from starter.gateway.memory import give_memory_back_at_once

# As the gateway does, before Polars is loaded.
give_memory_back_at_once()

import structlog  # noqa: E402
import uvicorn  # noqa: E402
import uvloop  # noqa: E402

from holdfast.artifacts import ArtifactStore  # noqa: E402
from holdfast.settings import load_settings  # noqa: E402
from starter.connection import Connection, connect_to  # noqa: E402
from starter.gateway.app import create_app  # noqa: E402
from starter.gateway.gateway import Gateway  # noqa: E402
from starter.ports import LOOPBACK  # noqa: E402
from tests.gateways import NamedCallers  # noqa: E402


async def main(temporal: str, data_dir: Path, port: int) -> None:
    """Serve until it is ended."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    connection = Connection(await connect_to(temporal, "default"), load_settings(data_dir=data_dir), None)
    gateway = Gateway(connection, NamedCallers(), ArtifactStore(data_dir / "artifacts"))
    app = create_app(gateway, max_body_bytes=1 << 20)
    await uvicorn.Server(
        uvicorn.Config(app, host=LOOPBACK, port=port, log_config=None, access_log=False, http="httptools")
    ).serve()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])))
