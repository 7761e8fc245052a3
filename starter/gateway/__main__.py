"""`python -m starter.gateway`: serve until asked to end."""

from __future__ import annotations

import sys

from starter.gateway.serving import main

sys.exit(main())
