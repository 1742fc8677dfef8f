"""The type words of `process.yaml`: their CEL types, and the JSON values that they hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NoReturn

from cel_expr_python import cel

from kt_flows.clock import from_text, to_text
from kt_flows.engine.calendar import duration_text, parse_duration

WORDS = ("string", "int", "double", "bool", "timestamp", "duration", "map", "list", "list(string)", "any")
MAX_ITEMS = 10_000
"""How many values a list, a map and all that is in them may hold together."""
MAX_TEXT = 100_000
MAX_BYTES = 262_144
"""Of all texts in one variable, in UTF-8."""
MAX_DEPTH = 16
MAX_INT = 2**63 - 1

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
    "INT": "int",
    "UINT": "int",
    "DOUBLE": "double",
    "STRING": "string",
    "TIMESTAMP": "timestamp",
    "DURATION": "duration",
    "NULL": "null",
    "DYN": "any",
}


def word_of(name: str) -> str:
    """Our word for a CEL type's name."""
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
    """A JSON value as CEL takes it.

    A whole number stands for a double where one is declared: CEL has no `int * double`.  Raises ValueError where a
    text is not the time or length it should be.
    """
    if word == "double" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, str):
        return value
    if word == "timestamp":
        return moment_of(value)
    return parse_duration(value, signed=True) if word == "duration" else value


def moment_of(text: str) -> datetime:
    """An RFC 3339 time.  Raises ValueError, also for a year that only some zones have."""
    try:
        return from_text(text)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"«{text[:40]}» — не время вида 2026-03-02T10:00:00+05:00") from error


def as_json(value: Any) -> Any:
    """A CEL result as JSON: times and lengths become texts.

    Raises ValueError for what JSON cannot say (NaN, bytes, whole numbers beyond 64 bits, keys that are no texts,
    half of a character) and for more than a variable may hold.
    """
    return _Copy().of(value, 0)


class _Copy:
    """Copies one value, counting what it holds."""

    def __init__(self) -> None:
        self.items = MAX_ITEMS
        self.bytes = MAX_BYTES

    def of(self, value: Any, depth: int) -> Any:
        if value is None or isinstance(value, bool):
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, int):
            if not -MAX_INT - 1 <= value <= MAX_INT:
                raise ValueError("целое число не помещается в 64 бита")
            return value
        if isinstance(value, float):
            if not math.isfinite(value):
                raise ValueError("число не конечно")
            return value
        if isinstance(value, datetime):
            return to_text(value)
        if isinstance(value, timedelta):
            return duration_text(value)
        if not isinstance(value, list | dict):
            raise ValueError(f"значение вида {type(value).__name__} нельзя сохранить")
        self.items -= len(value)
        if depth >= MAX_DEPTH or self.items < 0:
            raise ValueError(f"значений больше {MAX_ITEMS} или уровней больше {MAX_DEPTH}")
        if isinstance(value, list):
            return [self.of(item, depth + 1) for item in value]
        if not all(isinstance(key, str) for key in value):
            raise ValueError("ключ отображения — не текст")
        return {self.text(key): self.of(item, depth + 1) for key, item in value.items()}

    def text(self, value: str) -> str:
        if len(value) > MAX_TEXT:
            raise ValueError(f"текст длиннее {MAX_TEXT} знаков")
        try:
            self.bytes -= len(value.encode())
        except UnicodeEncodeError as error:
            raise ValueError("в тексте половина знака") from error
        if self.bytes < 0:
            raise ValueError(f"текстов больше чем на {MAX_BYTES} байт")
        if "\x00" in value:
            raise ValueError("в тексте нулевой знак")
        return value


def check_value(word: str, value: Any) -> Any:
    """The value as a variable of that type keeps it; None always fits.

    Raises ValueError saying, in Russian, what was asked.
    """
    if value is None:
        return value
    if word == "timestamp":
        return to_text(moment_of(value)) if isinstance(value, str) else _refuse("время 2026-03-02T10:00:00+05:00")
    if word == "duration":
        return duration_text(parse_duration(value, signed=True)) if isinstance(value, str) else _refuse("PT24H")
    value = as_json(value)
    if word == "any":
        return value
    if word == "double" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    wanted: type = {"string": str, "int": int, "double": float, "bool": bool, "map": dict}.get(word, list)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        _refuse(word)
    if word == "list(string)" and isinstance(value, list) and not all(isinstance(item, str) for item in value):
        _refuse("список текстов")
    return value


def fitting(words: Mapping[str, str], payload: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """What of a payload is declared, in the declared types; and (field, what is wrong) for what does not fit."""
    kept: dict[str, Any] = {}
    faults: list[tuple[str, str]] = []
    for field, word in words.items():
        if field in payload:
            try:
                kept[field] = check_value(word, payload[field])
            except ValueError as error:
                faults.append((field, str(error)))
    return kept, faults


def _refuse(wanted: str) -> NoReturn:
    raise ValueError(f"нужно значение: {wanted}")
