"""How the process log looks: one event per line on standard error, never with message text."""

import logging
import sys

import structlog

from openhandover.config.model import Logging


def configure(wanted: Logging) -> None:
    """Set up once, before anything logs."""
    level = logging.getLevelNamesMapping()[wanted.level.upper()]
    as_json = wanted.format == "json"
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info if as_json else structlog.processors.StackInfoRenderer(),
            structlog.processors.JSONRenderer()
            if as_json
            else structlog.dev.ConsoleRenderer(
                colors=sys.stderr.isatty(),
                # The default shows local variables, among them texts and secrets, where `rich` is installed.
                exception_formatter=structlog.dev.plain_traceback,
            ),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
