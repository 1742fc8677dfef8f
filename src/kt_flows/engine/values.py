"""The type words of `process.yaml`: their CEL types, and the JSON values that they hold."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any

from cel_expr_python import cel

from kt_flows.clock import from_text, to_text
from kt_flows.engine.calendar import duration_text, parse_duration

WORDS = ("string", "int", "double", "bool", "timestamp", "duration", "map", "list", "list(string)", "any")
MAX_ITEMS = 10_000
MAX_TEXT = 100_000

# Compiled against, never bound: only the wrappers type-check both `x + 1` and `x == null`.
CHECKED: dict[str, Any] = {
    "string": cel.Type("google.protobuf.StringValue"),
    "int": cel.Type("google.protobuf.Int64Value"),
    "double": cel.Type("google.protobuf.DoubleValue"),
    "bool": cel.Type("google.protobuf.BoolValue"),
    "timestamp": cel.Type.TIMESTAMP,
    "duration": cel.Type.DURATION,
    # CEL's own lists and maps are never null, a variable may be.
    "map": cel.Type.DYN,
    "list": cel.Type.DYN,
    "list(string)": cel.Type.DYN,
    "any": cel.Type.DYN,
}
TIMES = {"timestamp": cel.Type.TIMESTAMP, "duration": cel.Type.DURATION}
_NAMES = {
    "BOOL": "bool",
    "bool_wrapper": "bool?",
    "INT": "int",
    "UINT": "int",
    "int_wrapper": "int?",
    "DOUBLE": "double",
    "double_wrapper": "double?",
    "STRING": "string",
    "string_wrapper": "string?",
    "TIMESTAMP": "timestamp",
    "DURATION": "duration",
    "NULL": "null",
    "DYN": "any",
}


def word_of(name: str) -> str:
    """Our word for a CEL type's name; a `?` after it says that the value may be null."""
    if name.startswith("LIST"):
        return "list(string)" if name in ("LIST<STRING>", "LIST<string_wrapper>") else "list"
    return "map" if name.startswith("MAP") else _NAMES.get(name, "any")


def fits(word: str, wanted: str) -> bool:
    """Whether a value of type `word` may stand where `wanted` is asked for."""
    word, wanted = word.rstrip("?"), wanted.rstrip("?")
    if "any" in (word, wanted) or word in (wanted, "null"):
        return True
    return (word, wanted) in {("list(string)", "list"), ("list", "list(string)"), ("int", "double")}


def bindable(word: str, value: Any) -> Any:
    """A JSON value as CEL takes it.  Raises ValueError where a text is not the time or length it should be."""
    if value is None or not isinstance(value, str):
        return value
    if word == "timestamp":
        return from_text(value)
    return parse_duration(value) if word == "duration" else value


def as_json(value: Any, depth: int = 0) -> Any:
    """A CEL result as JSON.  Raises ValueError for what JSON cannot say, or more than a variable may hold."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, str):
        if len(value) > MAX_TEXT:
            raise ValueError(f"the text is longer than {MAX_TEXT} characters")
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("the number is not finite")
        return value
    if isinstance(value, datetime):
        return to_text(value)
    if isinstance(value, timedelta):
        return duration_text(value)
    if depth > 16 or (isinstance(value, list | dict) and len(value) > MAX_ITEMS):
        raise ValueError("the value is too large or too deep")
    if isinstance(value, list):
        return [as_json(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {str(key): as_json(item, depth + 1) for key, item in value.items()}
    raise ValueError(f"a value of type {type(value).__name__} cannot be kept")


def check_value(word: str, value: Any) -> Any:
    """The value as a variable of that type keeps it; None always fits.  Raises ValueError saying what was asked."""
    if value is None or word == "any":
        return value
    if word == "timestamp":
        if not isinstance(value, str):
            raise ValueError("a time like 2026-03-02T10:00:00+05:00 is asked for")
        return to_text(from_text(value))
    if word == "duration":
        if not isinstance(value, str):
            raise ValueError("a length like PT24H is asked for")
        parse_duration(value)
        return value
    if word == "double" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted: type = {"string": str, "int": int, "double": float, "bool": bool, "map": dict}.get(word, list)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        raise ValueError(f"a value of type {word} is asked for")
    if word == "list(string)" and isinstance(value, list) and not all(isinstance(item, str) for item in value):
        raise ValueError("a list of texts is asked for")
    return value
