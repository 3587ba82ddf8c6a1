"""ReplayRT's messages as records of Python's logger "replayrt"."""

from __future__ import annotations

import atexit
import logging

from . import _core

logger = logging.getLogger("replayrt")

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


def _to_logger(level: str, message: str) -> None:
    logger.log(_LEVELS[level], "%s", message)


def set_log_level(level: str) -> None:
    """Least level of messages that reach the logger: "debug", "info", "warning" (at first), "error" or "off".

    The logger's own level and handlers then decide as for any other. Raises InvalidParameterError.
    """
    _core.set_log_sink(_to_logger, level)


def start() -> None:
    """Called once, when the package is imported."""
    set_log_level("warning")
    # Threads may log until the process ends, when there is no Python left to call.
    atexit.register(_core.set_log_sink, None, "off")
