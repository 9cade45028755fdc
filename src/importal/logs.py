"""Structured logs without patient data: static event names, ids, counts and codes only."""

import logging
import sys
import threading
import warnings
from collections.abc import MutableMapping
from typing import Any

import structlog

# What may appear as a value is decided by key, so that a careless call cannot leak a name.
ALLOWED_KEYS = frozenset(
    {
        "event",
        "level",
        "timestamp",
        *("submission_id", "study_id", "invitation_id", "instance_id", "document_id", "request_id"),
        *("job", "code", "count", "bytes", "seconds", "status", "method", "route", "attempt", "state"),
        *("destination", "slot", "error_type", "where", "host", "port", "version"),
    }
)


def _only_allowed(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: value if key in ALLOWED_KEYS else "(withheld)" for key, value in event.items()}


def _where(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its type and place: its text may quote what a stranger sent."""
    error = event.pop("exc_info", None)
    if isinstance(error, BaseException):
        event["error_type"] = type(error).__name__
        frames = []
        trace = error.__traceback__
        while trace is not None:
            frames.append(f"{trace.tb_frame.f_globals.get('__name__', '?')}:{trace.tb_lineno}")
            trace = trace.tb_next
        event["where"] = " ".join(frames[-6:])
    return event


def configure(level: str) -> None:
    """Write one JSON object per event to standard error, from ``level`` upwards."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _where,
            _only_allowed,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
    )
    # What nobody caught would be printed with its text.
    sys.excepthook = lambda _kind, error, _trace: get("process").critical("process.died", exc_info=error)
    threading.excepthook = lambda given: get("process").error("process.thread_died", exc_info=given.exc_value)
    # A warning quotes the value that it warns of, and values are somebody's.
    warnings.simplefilter("ignore")
    # Libraries quote requests, file names and queries in their messages: let only real alarms through.
    logging.basicConfig(level=logging.CRITICAL, stream=sys.stderr)
    for name in ("pynetdicom", "pydicom", "dbos", "uvicorn.access", "uvicorn.error", "httpx2"):
        logging.getLogger(name).setLevel(logging.CRITICAL)


def get(slice_name: str) -> Any:
    """Return the logger of a slice."""
    return structlog.get_logger(slice_name)
