"""One input of a form: what form-js calls a keyed component, and the rules that its value must keep.

The browser shows the same file and checks the same rules; what it leaves out (that a selected value is among the
options, that a text is not only spaces) is checked here too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from decimal import Context, Decimal
from typing import Any

from kt_flows.clock import to_text
from kt_flows.engine.expression import Expression, ExpressionError, SyntaxProblem, compile_expression
from kt_flows.engine.hide import Condition
from kt_flows.engine.values import moment_of

MAX_TEXT = 20_000
MAX_NUMBER = 10**15
TYPES = ("textfield", "textarea", "number", "datetime", "checkbox", "checklist", "taglist", "radio", "select")
_EXACT = Context(prec=400)
_NUMBER = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?(?:e[+-]?\d{1,3})?", re.ASCII)
_EMAIL = re.compile(
    r"(?!\.)(?!.*\.\.)[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}(?<!\.)@(?!-)[A-Za-z0-9-]{1,63}(?<!-)"
    r"(?:\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*"
)
_PHONE = re.compile(r"(?:\+|00)[1-9]\d{6,14}", re.ASCII)
_TIME = re.compile(r"\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d)?", re.ASCII)
# What JavaScript and RE2 read differently, or only one of them reads.
_FOREIGN = re.compile(r"\\(?:[pPAzQEC]|c[A-Za-z]|\d)|\[\[:|\(\?(?!:|=|!|<=|<!)|\[\^?\]")


class Wrong(ValueError):
    """A value breaks a rule; the message is for the person at the form, `code` for programs."""

    def __init__(self, message: str, code: str = "invalid") -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Field:
    """A keyed component; `key` is its name in the form's data, below its groups' paths, dots and all."""

    id: str
    key: str
    type: str
    label: str
    disabled: bool = False
    hide: Condition | None = None
    options: tuple[Any, ...] | None = None
    rules: Mapping[str, Any] = field(default_factory=dict)
    computed: Mapping[str, Expression] = field(default_factory=dict)
    """Rules that the form and the case decide; a null is no rule."""
    formula: tuple[Expression, str] | None = None
    """What the form computes, and its type word: whatever is submitted, the value is this."""
    source: Expression | None = None
    """A list of the form's or the case's that has the options."""
    pattern: Expression | None = None
    digits: int | None = None
    increment: Decimal | None = None
    as_text: bool = False
    """Whether a number is kept as the text that was typed (`serializeToString`)."""
    subtype: str = "datetime"
    not_past: bool = False
    error_code: str | None = None
    required_message: str = ""

    @property
    def word(self) -> str:
        """The type word of the value."""
        if self.formula is not None:
            return self.formula[1]
        if self.type == "number":
            return "string" if self.as_text else "int" if self.digits == 0 else "double"
        if self.type == "checkbox":
            return "bool"
        if self.type == "datetime":
            return "timestamp" if self.subtype == "datetime" else "string"
        if self.source is not None:
            return "list" if self.type in ("checklist", "taglist") else "any"
        if self.options is None:
            return "string"
        kinds = {type(option) for option in self.options}
        if self.type in ("checklist", "taglist"):
            return "list(string)" if kinds == {str} else "list"
        return (
            {bool: "bool", int: "int", float: "double", str: "string"}.get(kinds.pop(), "any")
            if len(kinds) == 1
            else "any"
        )

    def settled(self, seen: Mapping[str, Any]) -> Field:
        """The field with what it computes and chooses from decided on `seen`: the form's data over the case's."""
        if not self.computed and self.source is None:
            return self
        rules = {name: _answer(one, seen) for name, one in self.computed.items()}
        bounds = {name: value for name, value in rules.items() if isinstance(value, int | float)}
        options = self.options if self.source is None else _offered(_answer(self.source, seen))
        return replace(self, rules={**self.rules, **bounds}, options=options, computed={}, source=None)

    def computes(self, seen: Mapping[str, Any]) -> Any:
        """The value of a formula; null where FEEL has one."""
        return None if self.formula is None else _answer(self.formula[0], seen)

    def check(self, value: Any, now: datetime | None = None) -> Any:
        """The value as the case keeps it; None where it is empty and may be.  Raises Wrong, and nothing else.

        `now` is the time by which a date has passed; without it none has.
        """
        empty = value is None or value == [] or (isinstance(value, str) and not value.strip())
        if empty or (self.type == "checkbox" and value is False):
            if self.rules.get("required"):
                raise Wrong(self.required_message or "Заполните это поле", "required")
            return False if value is False else None
        if self.type in ("textfield", "textarea"):
            return self._text(value)
        if self.type == "number":
            return self._number(value)
        if self.type == "datetime":
            return self._moment(value, now)
        if self.type == "checkbox":
            if not isinstance(value, bool):
                raise Wrong("Нужно да или нет", "type")
            return value
        return self._choices(value) if self.type in ("checklist", "taglist") else self._choice(value)

    def _text(self, value: Any) -> str:
        if not isinstance(value, str):
            raise Wrong("Нужен текст", "type")
        allowed = "\t" if self.type == "textfield" else "\t\n\r"
        if any((c < " " and c not in allowed) or c == "\x7f" or "\ud800" <= c <= "\udfff" for c in value):
            raise Wrong("В тексте есть недопустимые знаки", "type")
        length = len(value.strip())
        longest = self.rules.get("maxLength", MAX_TEXT)
        if length > longest or len(value) > MAX_TEXT:
            raise Wrong(f"Не больше {longest} знаков", "max_length")
        if self.pattern is not None and not self.pattern.evaluate({"value_": value}):
            raise Wrong(self.rules.get("patternErrorMessage") or "Значение не того вида", "pattern")
        if length < self.rules.get("minLength", 0):
            raise Wrong(f"Не меньше {self.rules['minLength']} знаков", "min_length")
        kind = self.rules.get("validationType")
        if kind == "email" and (len(value) > 254 or not _EMAIL.fullmatch(value)):
            raise Wrong("Это не адрес электронной почты", "email")
        if kind == "phone" and not _PHONE.fullmatch(value):
            raise Wrong("Это не номер телефона вида +77011234567", "phone")
        return value

    def _number(self, value: Any) -> float | int | str:
        if self.as_text:
            number = _decimal(value) if isinstance(value, str) and len(value) <= 40 else None
        elif isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            number = None  # NaN is what differs from itself; math.isnan takes no large whole number
        else:
            number = _decimal(value) if abs(value) <= MAX_NUMBER else Decimal(MAX_NUMBER + 1)
        if number is None:
            raise Wrong("Нужно число", "type")
        if abs(number) > MAX_NUMBER:
            raise Wrong("Слишком большое число", "max")
        if self.digits is not None and _decimals(number) > self.digits:
            message = "Нужно целое число" if self.digits == 0 else f"Не больше {self.digits} знаков после запятой"
            raise Wrong(message, "decimal_digits")
        if self.increment is not None and _EXACT.remainder(number, self.increment):
            raise Wrong(f"Нужно число, кратное {self.increment}", "increment")
        if "min" in self.rules and number < Decimal(str(self.rules["min"])):
            raise Wrong(f"Не меньше {self.rules['min']}", "min")
        if "max" in self.rules and number > Decimal(str(self.rules["max"])):
            raise Wrong(f"Не больше {self.rules['max']}", "max")
        if self.as_text:
            return str(value)
        return int(value) if self.digits == 0 else float(value)

    def _choice(self, value: Any) -> Any:
        for option in self.options or ():
            if isinstance(option, bool) is isinstance(value, bool) and option == value:
                return option
        raise Wrong("Выберите одно из: " + ", ".join(_shown(option) for option in self.options or ())[:400], "option")

    def _choices(self, value: Any) -> list[Any]:
        if not isinstance(value, list):
            raise Wrong("Нужен список", "type")
        chosen = [self._choice(item) for item in value[: len(self.options or ()) + 1]]
        if any(item in chosen[:place] for place, item in enumerate(chosen)):
            raise Wrong("Один вариант выбран дважды", "option")
        return chosen

    def _moment(self, value: Any, now: datetime | None) -> str:
        if not isinstance(value, str) or len(value) > 40:
            raise Wrong("Нужна дата", "type")
        try:
            if self.subtype == "date":
                if not re.fullmatch(r"\d{4}-\d\d-\d\d", value, re.ASCII):
                    raise ValueError(value)
                self._look_back(date.fromisoformat(value), now)
                return value
            if self.subtype == "time":
                if not _TIME.fullmatch(value):
                    raise ValueError(value)
                time.fromisoformat(value)
                return value
            moment = moment_of(value)
        except Wrong:
            raise
        except ValueError as error:
            said = {"date": "2026-03-02", "time": "10:00"}.get(self.subtype, "2026-03-02T10:00+05:00")
            raise Wrong(f"Нужно значение вида {said}", "type") from error
        self._look_back(moment.date(), now)
        return to_text(moment)

    def _look_back(self, day: date, now: datetime | None) -> None:
        """Refuses a day that is over wherever it was meant: the form does not say in which zone that is."""
        if self.not_past and now is not None and day.toordinal() < now.astimezone(UTC).date().toordinal() - 1:
            raise Wrong("Эта дата уже прошла", "past")


def _answer(expression: Expression, seen: Mapping[str, Any]) -> Any:
    """The answer, or null: FEEL has a null where CEL has an error."""
    try:
        return expression.evaluate(seen)
    except ExpressionError:
        return None


def _offered(rows: Any) -> tuple[Any, ...]:
    """The options in a list of data, as form-js reads them: plain values, or maps with a `value`."""
    found = [row.get("value") if isinstance(row, dict) else row for row in rows] if isinstance(rows, list) else []
    return tuple(one for one in found if isinstance(one, str | int | float))


def _decimal(value: Any) -> Decimal | None:
    """A number as it is written, or None where it is none."""
    text = str(value)
    return Decimal(text) if _NUMBER.fullmatch(text) else None


def _decimals(number: Decimal) -> int:
    exponent = _EXACT.normalize(number).as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _shown(value: Any) -> str:
    return {True: "да", False: "нет"}[value] if isinstance(value, bool) else str(value)


def compile_pattern(pattern: str) -> Expression:
    """A form's pattern as a search in linear time (RE2), unanchored as JavaScript's.

    Raises ValueError for what RE2 has not (look-around, references back) or reads otherwise than JavaScript.
    """
    if foreign := _FOREIGN.search(pattern):
        raise ValueError(f"{foreign[0]} в шаблоне не поддержано")
    portable = re.sub(r"\\u([0-9A-Fa-f]{4})", r"\\x{\1}", pattern).replace("\\/", "/")
    quoted = portable.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    try:
        expression = compile_expression(f'value_.matches("{quoted}")', {"value_": "string"}, "bool")
        expression.evaluate({"value_": ""})
    except (SyntaxProblem, ExpressionError) as error:
        raise ValueError(f"шаблон {pattern[:100]} не понятен RE2") from error
    return expression
