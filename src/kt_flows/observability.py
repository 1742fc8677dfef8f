"""Logs by allow-list: one JSON object a line, and never a variable's value.

A record carries ids, kinds, codes and figures; what is not on the list is dropped, so that nobody can log a
subscriber's phone by accident.  Texts of exceptions from libraries may quote data: their class is logged, and the
text only for our own errors, whose messages are written for people.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from typing import Any

from kt_flows import tracing
from kt_flows.errors import FlowsError

FIELDS = frozenset(
    {
        "request_id",
        "method",
        "route",
        "status",
        "code",
        "actor",
        "instance_id",
        "task_id",
        "job_id",
        "job_kind",
        "definition_key",
        "version",
        "element_id",
        "attempt",
        "seconds",
        "count",
        "address",
        "setting",
        "reason",
    }
)


class _OneLine(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC)
            .isoformat(timespec="milliseconds")
            .replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in vars(record).items() if name in FIELDS and value is not None}
        if (trace_id := tracing.trace_id()) is not None:
            line["trace_id"] = trace_id
        if record.exc_info and record.exc_info[1] is not None:
            line |= _about(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


def _about(error: BaseException) -> dict[str, Any]:
    """An exception without the values that its text may quote: classes, places, and our own messages."""
    frames = traceback.extract_tb(error.__traceback__)
    about: dict[str, Any] = {
        "error": type(error).__name__,
        "trace": [f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames[-12:]],
    }
    if isinstance(error, FlowsError):
        about["error_message"] = error.message
    elif isinstance(getattr(error, "sqlstate", None), str):
        about["sqlstate"] = error.sqlstate  # type: ignore[attr-defined]  # psycopg's errors
    if error.__cause__ is not None:
        about["cause"] = type(error.__cause__).__name__
    return about


def set_up_logs(level: str = "info") -> None:
    """Sends every logger's lines to standard error in our form; libraries from warning up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    root = logging.getLogger()
    for old in root.handlers[:]:
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("kt_flows").setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
