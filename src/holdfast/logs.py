"""Structured logs: one JSON object a line, whole and never cut, and never a secret."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection
from logging.handlers import RotatingFileHandler
from pathlib import Path

import structlog
from structlog.types import EventDict, Processor, WrappedLogger

REDACTED = "[secret]"
# Some ten thousand questions a file; a line is never parted.
_FILE_BYTES = 64 << 20
_FILES_KEPT = 5


def configure_logs(file: Path, secrets: Collection[str]) -> None:
    """Send our lines and those of the libraries to `file`; any of `secrets` in a line is replaced."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = RotatingFileHandler(file, maxBytes=_FILE_BYTES, backupCount=_FILES_KEPT, encoding="utf-8")
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
                _Redactor(secrets),
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)


class _Redactor:
    """The last processor: works on the rendered line, so that no field can be forgotten."""

    def __init__(self, secrets: Collection[str]) -> None:
        # A secret with a quote or a backslash stands escaped in the line.
        self._secrets = {form for secret in secrets if secret for form in (secret, json.dumps(secret)[1:-1])}

    def __call__(self, _logger: WrappedLogger, _name: str, line: str | EventDict) -> str:
        text = str(line)
        for secret in self._secrets:
            text = text.replace(secret, REDACTED)
        return text
