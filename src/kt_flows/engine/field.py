"""One input of a form: what form-js calls a keyed component, and the rules that its value must keep.

The browser shows the same file and checks the same rules; what it leaves out (that a selected value is among the
options) is checked here too.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from typing import Any

from kt_flows.clock import from_text, to_text
from kt_flows.engine.expression import Expression, compile_expression

MAX_TEXT = 20_000
TYPES = (
    "textfield",
    "textarea",
    "number",
    "datetime",
    "checkbox",
    "checklist",
    "taglist",
    "radio",
    "select",
)
_EMAIL = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@.<>,;]{1,63}(\.[^\s@.<>,;]{1,63})+")
_PHONE = re.compile(r"\+?\d[\d\s()-]{3,18}\d")


class Wrong(ValueError):
    """A value breaks a rule; the message is for the person at the form."""


@dataclass(frozen=True, slots=True)
class Field:
    """A keyed component.  `key` is its name in the form's data, below its groups' paths."""

    id: str
    key: str
    type: str
    label: str
    disabled: bool = False
    hide: Expression | None = None
    options: tuple[Any, ...] | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)
    pattern: Expression | None = None
    pattern_message: str = ""
    digits: int | None = None
    subtype: str = "datetime"
    error_code: str | None = None

    @property
    def word(self) -> str:
        """The type word of the value."""
        if self.type == "number":
            return "int" if self.digits == 0 else "double"
        if self.type in ("checklist", "taglist"):
            return "list"
        if self.type == "checkbox":
            return "bool"
        if self.type == "datetime":
            return "timestamp" if self.subtype == "datetime" else "string"
        if self.options:
            kinds = {type(option) for option in self.options}
            if len(kinds) == 1:
                return {bool: "bool", int: "int", float: "double", str: "string"}.get(kinds.pop(), "any")
            return "any"
        return "string"

    def check(self, value: Any) -> Any:
        """The value as the case keeps it; None where it is empty and may be.  Raises Wrong."""
        if value is None or value == "" or value == [] or (self.type == "checkbox" and value is False):
            if self.rules.get("required"):
                raise Wrong("Заполните это поле")
            return False if value is False else None
        return getattr(self, f"_{_CHECKS[self.type]}")(value)

    def _text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong("Нужен текст")
        if "\x00" in value or len(value) > MAX_TEXT:
            raise Wrong(f"Не больше {MAX_TEXT} знаков, без нулевых")
        if self.pattern is not None and not self.pattern.evaluate({"value_": value}):
            raise Wrong(self.pattern_message or "Значение не того вида")
        length = len(value.strip())
        if length < self.rules.get("minLength", 0):
            raise Wrong(f"Не меньше {self.rules['minLength']} знаков")
        if length > self.rules.get("maxLength", MAX_TEXT):
            raise Wrong(f"Не больше {self.rules['maxLength']} знаков")
        kind = self.rules.get("validationType")
        if kind == "email" and (not _EMAIL.fullmatch(value) or len(value) > 254):
            raise Wrong("Это не адрес электронной почты")
        if kind == "phone" and not _PHONE.fullmatch(value):
            raise Wrong("Это не номер телефона")
        return value

    def _number(self, value: Any) -> float | int:
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise Wrong("Нужно число")
        if self.digits is not None and round(value, self.digits) != value:
            raise Wrong("Нужно целое число" if self.digits == 0 else f"Не больше {self.digits} знаков после запятой")
        if value < self.rules.get("min", value):
            raise Wrong(f"Не меньше {self.rules['min']}")
        if value > self.rules.get("max", value):
            raise Wrong(f"Не больше {self.rules['max']}")
        return int(value) if self.digits == 0 else float(value)

    def _flag(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise Wrong("Нужно да или нет")
        return value

    def _choice(self, value: Any) -> Any:
        if not any(type(option) is type(value) and option == value for option in self.options or ()):
            raise Wrong("Выберите одно из: " + ", ".join(_shown(option) for option in self.options or ()))
        return value

    def _choices(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Wrong("Нужен список")
        return [self._choice(item) for item in value]

    def _moment(self, value: Any) -> str:
        if not isinstance(value, str) or len(value) > 40:
            raise Wrong("Нужна дата")
        try:
            if self.subtype == "date":
                return date.fromisoformat(value).isoformat()
            if self.subtype == "time":
                return time.fromisoformat(value).isoformat()
            return to_text(from_text(value))
        except ValueError as error:
            raise Wrong("Нужна дата и время со смещением, например 2026-03-02T10:00:00+05:00") from error


_CHECKS = {
    "textfield": "text",
    "textarea": "text",
    "number": "number",
    "datetime": "moment",
    "checkbox": "flag",
    "checklist": "choices",
    "taglist": "choices",
    "radio": "choice",
    "select": "choice",
}


def _shown(value: Any) -> str:
    return {True: "да", False: "нет"}[value] if isinstance(value, bool) else str(value)


def compile_pattern(pattern: str) -> Expression:
    """A form's pattern as a linear-time search.  Raises ValueError for what RE2 does not have (look-around …)."""
    expression = compile_expression(f"value_.matches({json.dumps(pattern)})", {"value_": "string"}, "bool")
    try:
        expression.evaluate({"value_": ""})
    except Exception as error:
        raise ValueError(f"the pattern {pattern} is not supported") from error
    return expression
