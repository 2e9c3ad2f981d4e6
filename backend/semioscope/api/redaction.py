"""Keeps what opens a tree out of the logs: only the first 4 characters of an id stay."""

import logging
import re
from typing import Final

_ID: Final = re.compile(r"(/(?:t|f|api/trees|links)/[^/?#\s\"]{4})[^/?#\s\"]+")
_LOGGERS: Final = ("uvicorn.access", "uvicorn.error", "semioscope")


def redact(text: str) -> str:
    """`text` with the tails of all ids in its paths cut off."""
    return _ID.sub(r"\1…", text)


class RedactIds(logging.Filter):
    """Rewrites a record's message and arguments; lets every record through."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True."""
        if isinstance(record.msg, str):
            record.msg = redact(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(
                redact(argument) if isinstance(argument, str) else argument
                for argument in record.args
            )
        return True


def redact_logs() -> None:
    """Puts the filter on every logger that writes paths; again is no harm."""
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        if not any(isinstance(installed, RedactIds) for installed in logger.filters):
            logger.addFilter(RedactIds())
