"""The rules of one field, read from its component: what `validate` says and what stands beside it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from kt_flows.engine.expression import Expression, SyntaxProblem, Types
from kt_flows.engine.field import MAX_TEXT, compile_pattern
from kt_flows.engine.formula import compile_number, compile_path

_TEXT_RULES = {"minLength", "maxLength", "pattern", "patternErrorMessage", "validationType"}
_RULES = {"textfield": _TEXT_RULES, "textarea": _TEXT_RULES, "number": {"min", "max"}}
_COMPUTED = ("min", "max", "minLength", "maxLength")
"""Rules that may be FEEL."""


class Rules(ABC):
    """Reads a component's rules, each mistake said at the component."""

    @abstractmethod
    def say(self, component: Mapping[str, Any], message: str, hint: str = "", rule: str = "form") -> None: ...

    def rules(
        self, component: Mapping[str, Any], kind: str, types: Types
    ) -> tuple[dict[str, Any], dict[str, Expression]]:
        """The rules with a value, and those that are computed from the form and the case."""
        rules = component.get("validate", {})
        if not isinstance(rules, dict):
            self.say(component, "validate — не объект")
            return {}, {}
        kept: dict[str, Any] = {}
        computed: dict[str, Expression] = {}
        for name, value in rules.items():
            if value is None or value == "":
                continue
            if (
                isinstance(value, str)
                and value.startswith("=")
                and name in _COMPUTED
                and name in _RULES.get(kind, ())
            ):
                computed |= self.computed(component, name, value, types)
            elif name not in {"required"} | _RULES.get(kind, set()):
                self.say(component, f"правило {name} для {kind} не поддержано", "Уберите его")
            elif not _fits(name, value):
                self.say(component, f"негодное правило {name}: {value!r}", "Исправьте значение")
            else:
                kept[name] = value
        return kept, computed

    def computed(self, component: Mapping[str, Any], name: str, text: str, types: Types) -> dict[str, Expression]:
        try:
            return {name: compile_number(text, types)}
        except SyntaxProblem as problem:
            hint = "Напишите число или, например: =limit"
            self.say(component, f"{name} «{text[:100]}», знак {problem.column}: {problem}", hint, "form-rule")
            return {}

    def pattern(self, component: Mapping[str, Any], rules: Mapping[str, Any]) -> Any:
        if "pattern" not in rules:
            return None
        try:
            return compile_pattern(rules["pattern"])
        except ValueError as error:
            self.say(component, str(error), "Шаблон — без просмотра вперёд, назад и ссылок")
            return None

    def choices(self, component: Mapping[str, Any], types: Types) -> dict[str, Any]:
        """A choice's options as they are listed, or where they come from: a list of the case's or the form's data."""
        key, text = component.get("valuesKey"), component.get("valuesExpression")
        if not key and not text:
            return {"options": self.options(component)}
        try:
            if (key and text) or component.get("values"):
                raise SyntaxProblem("варианты заданы дважды", 1)
            return {"source": compile_path(f"={key}" if key else str(text), types)}
        except SyntaxProblem as problem:
            hint = "Назовите переменную со списком: branches или =branches"
            said = f"варианты «{str(key or text)[:100]}», знак {problem.column}: {problem}"
            self.say(component, said, hint, "form-rule")
            return {}

    def options(self, component: Mapping[str, Any]) -> tuple[Any, ...]:
        given = component.get("values")
        rows = given if isinstance(given, list) else []
        options = [item.get("value") if isinstance(item, dict) else None for item in rows]
        scalar = all(isinstance(option, str | int | float) for option in options)
        if not options or not scalar or len({(type(option), option) for option in options}) < len(options):
            self.say(
                component,
                "у выбора нет вариантов, или один стоит дважды",
                "Перечислите их в values или назовите valuesKey",
            )
            return ()
        return tuple(options)

    def digits(self, component: Mapping[str, Any]) -> int | None:
        digits = component.get("decimalDigits")
        if digits is not None and not (type(digits) is int and 0 <= digits <= 15):
            self.say(component, f"негодное decimalDigits: {digits!r}", "Целое от 0 до 15")
            return None
        return digits

    def increment(self, component: Mapping[str, Any]) -> Decimal | None:
        given = component.get("increment")
        if given is None or given == "":
            return None
        try:
            step = Decimal(str(given))
            if step.is_finite() and Decimal("1e-15") <= step <= 10**15:
                return step
        except InvalidOperation:
            pass
        self.say(component, f"негодный шаг increment: {given!r}", "Число больше нуля")
        return None

    def subtype(self, component: Mapping[str, Any]) -> str:
        subtype = component.get("subtype")
        if subtype not in ("date", "time", "datetime"):
            self.say(component, f"вид даты {subtype!r} неизвестен", "date, time или datetime")
        elif subtype == "datetime" and component.get("timeSerializingFormat") == "no_timezone":
            self.say(component, "дата и время без часового пояса — не момент", "Выберите utc_offset")
        return str(subtype)

    def extras(self, component: Mapping[str, Any]) -> dict[str, Any]:
        """Our own words among the component's properties."""
        properties = component.get("properties") or {}
        if not isinstance(properties, dict) or not all(isinstance(value, str) for value in properties.values()):
            self.say(component, "properties — тексты по именам")
            return {}
        return {
            "error_code": properties.get("errorCode") or None,
            "required_message": properties.get("requiredMessage", ""),
        }


def _fits(name: str, value: Any) -> bool:
    """Whether a rule's value is of its kind."""
    if name == "required":
        return isinstance(value, bool)
    if name in ("minLength", "maxLength"):
        return type(value) is int and 0 <= value <= MAX_TEXT
    if name in ("min", "max"):
        return type(value) in (int, float) and math.isfinite(value) and abs(value) <= 10**15
    if name == "validationType":
        return value in ("email", "phone", "custom")
    return isinstance(value, str) and len(value) <= 1_000
