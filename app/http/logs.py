"""Logs by an allow-list of fields: a route's template and a code, never a path, body or token."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

import structlog

# Nothing else reaches a line, whoever passes it: personal data cannot slip in by a new argument.
ALLOWED = frozenset(
    {
        "event",
        "level",
        "timestamp",
        "method",
        "route",
        "status",
        "ms",
        "request_id",
        "code",
        "error",
        "where",
        "room",
        "count",
        "seconds",
        "address",
        "setting",
    }
)
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}


def configure(level: str) -> None:
    """Write JSON lines to the standard output from this level on."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            allowed_only,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(_LEVELS[level]),
        cache_logger_on_first_use=False,
    )
    # Libraries' own loggers know no allow-list: only their warnings, and nothing of a request.
    logging.getLogger("httpx2").setLevel(logging.ERROR)
    logging.getLogger("granian.access").setLevel(logging.ERROR)


def allowed_only(
    _logger: Any, _method: str, fields: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Drop every field that is not on the list."""
    for name in [name for name in fields if name not in ALLOWED]:
        del fields[name]
    return fields


def logger() -> Any:
    """Return a logger that is bound by now: looking the configuration up costs more than a line."""
    return structlog.get_logger().bind()


def answered(
    log: Any, *, method: str, route: str, status: int, seconds: float, request_id: str, code: str
) -> None:
    """Write the line of one request; what went well is a figure in /metrics and a debug line."""
    write = log.debug if status < 400 else log.info if status < 500 else log.error
    write(
        "answered",
        method=method,
        route=route,
        status=status,
        ms=round(seconds * 1000, 2),
        request_id=request_id,
        code=code or None,
    )


def failure(error: BaseException, *, request_id: str = "", room: str = "http") -> None:
    """Write what kind of exception rose where; its text may hold input, so it stays out."""
    structlog.get_logger().error(
        "failed",
        error=type(error).__name__,
        where=_where(error),
        request_id=request_id or None,
        room=room,
    )


def _where(error: BaseException) -> str:
    trace = error.__traceback__
    places = []
    while trace is not None:
        code = trace.tb_frame.f_code
        if "/app/" in code.co_filename or "/passes/" in code.co_filename:
            name = code.co_filename.rsplit("/", 3)
            places.append(f"{'/'.join(name[-2:])}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " < ".join(reversed(places[-4:]))
