"""`python -m starter.gateway`: serve until asked to end."""

from __future__ import annotations

import sys

from starter.gateway.memory import give_memory_back_at_once

give_memory_back_at_once()

from starter.gateway.serving import main  # noqa: E402 - Polars comes with it

sys.exit(main())
