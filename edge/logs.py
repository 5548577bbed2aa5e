"""Where log lines go: to standard error, so that what a command prints stays clean."""

from __future__ import annotations

import logging
import sys

import structlog


def to_stderr() -> None:
    """Send all log lines, from INFO up, to standard error."""
    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
