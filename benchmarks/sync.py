"""A full sync of 1,000 people under the rate limits that an API token has by default, in windows of a minute."""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections import Counter
from pathlib import Path

from pydantic import SecretStr

from benchmarks.measurement import Measurement
from holdfast.demo import DEMO_TOKEN, RateLimitOptions
from holdfast.demo.limits import RateLimiter
from holdfast.okta.buckets import published_bucket
from holdfast.settings import OktaSettings, load_settings
from starter import syncs
from starter.connection import connect
from starter.ports import free_port
from starter.stack import Stack

USERS = 1_000
WINDOW_S = 60.0
# What Okta gives a new token of each limit.
SHARE = 0.5


async def measure(folder: Path) -> list[Measurement]:
    """The least time that the tenant's limits allow, beside the time that reading took."""
    port, log = free_port(), folder / "requests.jsonl"
    command = ["tenant", "serve", "--port", str(port), "--users", str(USERS), "--limit", f"share={SHARE}"]
    tenant = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "starter", *command, "--request-log", str(log), stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await _sync(folder / "data", port)
    finally:
        tenant.terminate()
        await tenant.wait()
    return _report(log)


async def _sync(data_dir: Path, port: int) -> None:
    okta = OktaSettings(url=f"http://127.0.0.1:{port}", token=SecretStr(DEMO_TOKEN))
    settings = load_settings(data_dir=data_dir, okta=okta)
    stack = Stack(settings, say=lambda line: None)
    async with stack.started():
        connection = await connect(settings)
        name, _ = await syncs.start(connection, "full", asker="benchmark")
        await syncs.follow(connection, name, lambda *_: None)


def _report(log: Path) -> list[Measurement]:
    requests = [json.loads(line) for line in log.read_text().splitlines()]
    limiter = RateLimiter(RateLimitOptions(share=SHARE))
    calls, limits = Counter[str](), dict[str, int]()
    for request in requests:
        path = request["path"].partition("?")[0]
        calls[published_bucket(path)] += 1
        if (standing := limiter.admit(path)) is not None:
            limits[published_bucket(path)] = standing.limit
    # A bucket that needs n windows cannot be done before the last of them opens.
    least = max((math.ceil(calls[bucket] / limit) - 1) * WINDOW_S for bucket, limit in limits.items())
    took = requests[-1]["time"] - requests[0]["time"]
    refused = sum(request["status"] == 429 for request in requests)
    note = f"{len(requests):,} requests in {took:.1f} s; the limits allow no less than {least:.0f} s"
    return [
        Measurement(
            name="share of the tenant's rate used", value=least / took, unit="", target=0.9, at_most=False, note=note
        ),
        Measurement(name="requests refused with 429", value=refused, unit="", target=0),
    ]
