"""What comes in from outside, checked against what the process declares."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from kt_flows.engine.definition import Definition
from kt_flows.engine.values import check_value
from kt_flows.errors import FieldError, InvalidValues


def start_values(definition: Definition, values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The variables that a case may start with: what its start form lets through, or else what it declares.

    Raises InvalidValues with the variable at fault; the caller mends its request.
    """
    if definition.start_form is not None:
        return definition.start_form.check(values, now=now)
    kept: dict[str, Any] = {}
    errors = []
    for name, value in values.items():
        variable = definition.manifest.variables.get(name)
        if variable is None:
            errors.append(FieldError(name, "Такой переменной у процесса нет", "unknown"))
            continue
        try:
            kept[name] = check_value(variable.type, value)
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
    if errors:
        raise InvalidValues(errors)
    return kept


def hash_of(**parts: Any) -> str:
    """One text for a request's meaning: equal requests have equal ones, whatever the order of their keys."""
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()
