"""Bytes of a request to JSON values, or a refusal that names the place.

Python's own reader takes NaN, the last of two equal keys, UTF-16, NUL and half characters; PostgreSQL's jsonb then
refuses some of them long after the caller got its answer.  Here nothing gets in that cannot come out again.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

from kt_flows.errors import FieldError, InvalidValues, Refused

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_KEYS_IN_OBJECT = 500
MAX_KEYS = 10_000
MAX_NUMBER = 2**63 - 1

_BAD_CHARACTER = re.compile("[\x00\ud800-\udfff]")


class Malformed(Refused):
    """The request cannot be read at all."""

    code = "malformed"


class _Fault:
    """Stands where a value cannot be accepted, until the walk comes by and knows the path."""

    def __init__(self, message: str, code: str) -> None:
        self.message = message
        self.code = code


def read_json(raw: bytes) -> Any:
    """The JSON value in `raw`.

    Raises Malformed when the bytes are no JSON text in UTF-8, InvalidValues when a value in it is not acceptable;
    the field is its path with dots and indexes.
    """
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Malformed(f"The body is not UTF-8 (byte {error.start}).") from None
    if text.startswith("\ufeff"):
        raise Malformed("The body begins with a byte order mark; send plain UTF-8.")
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
    except json.JSONDecodeError as error:
        raise Malformed(f"The body is not JSON: {error.msg}, line {error.lineno}, column {error.colno}.") from None
    except RecursionError:
        raise _invalid("", f"More than {MAX_DEPTH} levels.", "too_deep") from None
    except ValueError:  # an integer of thousands of digits
        raise _invalid("", "A number has too many digits.", "number") from None
    _check(value)
    return value


def _object(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            found[name] = _Fault("This name stands twice in one object.", "duplicate")
        seen.add(name)
    return found


def _constant(name: str) -> _Fault:
    return _Fault(f"{name} is not a JSON number.", "number")


def _check(root: Any) -> None:
    """Walks without recursion: what is refused may be deep on purpose."""
    keys = 0
    stack: list[tuple[str, int, Any]] = [("", 1, root)]
    while stack:
        path, depth, value = stack.pop()
        if isinstance(value, str):
            if _BAD_CHARACTER.search(value):
                raise _invalid(path, "The text has a NUL or half a character in it.", "character")
        elif isinstance(value, bool) or value is None:
            continue
        elif isinstance(value, int):
            if not -MAX_NUMBER - 1 <= value <= MAX_NUMBER:
                raise _invalid(path, "The number does not fit into 64 bits.", "number")
        elif isinstance(value, float):
            if not math.isfinite(value):
                raise _invalid(path, "The number is too large.", "number")
        elif isinstance(value, _Fault):
            raise _invalid(path, value.message, value.code)
        elif depth > MAX_DEPTH:
            raise _invalid(_short(path), f"More than {MAX_DEPTH} levels.", "too_deep")
        elif isinstance(value, dict):
            keys += len(value)
            if len(value) > MAX_KEYS_IN_OBJECT:
                raise _invalid(path, f"More than {MAX_KEYS_IN_OBJECT} names in one object.", "too_many")
            if keys > MAX_KEYS:
                raise _invalid(path, f"More than {MAX_KEYS} names in the body.", "too_many")
            for name, part in value.items():
                if _BAD_CHARACTER.search(name):
                    raise _invalid(path, "A name has a NUL or half a character in it.", "character")
                stack.append((f"{path}.{_short(name)}" if path else _short(name), depth + 1, part))
        else:
            for index, part in enumerate(value):
                stack.append((f"{path}[{index}]", depth + 1, part))


def _short(text: str) -> str:
    return text if len(text) <= 200 else text[:200] + "…"


def _invalid(field: str, message: str, code: str) -> InvalidValues:
    return InvalidValues([FieldError(field, message, code)])
