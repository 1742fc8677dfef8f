"""form-js forms: the file that the browser shows is read into the rules by which the server accepts.

How a submission is taken is engine/submission.py; one field's rules are engine/field.py.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

import orjson

from kt_flows.engine.expression import SyntaxProblem, Types
from kt_flows.engine.field import MAX_TEXT, TYPES, Field, compile_pattern
from kt_flows.engine.hide import Condition, compile_hide
from kt_flows.engine.submission import Form, Group, leaves_of
from kt_flows.errors import DiagramError, Finding

__all__ = ["Field", "Form", "Group", "read_form"]

SCHEMA_VERSION = 19
MAX_COMPONENTS = 300
MAX_DEPTH = 8
DRAWN = ("text", "html", "image", "separator", "spacer", "button")
_CHOICES = ("radio", "select", "checklist", "taglist")
_KEY = re.compile(r"[A-Za-z_]\w{0,63}(?:\.[A-Za-z_]\w{0,63}){0,3}", re.ASCII)
_ID = re.compile(r"[A-Za-z_][\w.-]{0,99}", re.ASCII)
_ACTIVE = re.compile(
    r"<\s*/?\s*(?:script|iframe|object|embed|form|meta|link|base|style|svg|math)\b|\bon\w+\s*=|"
    r"(?:javascript|vbscript)\s*:|(?:^|=)\s*[\"']?\s*data:(?!image/(?:png|jpeg|gif|webp)\b)",
    re.IGNORECASE,
)
_TEXT_RULES = {"minLength", "maxLength", "pattern", "patternErrorMessage", "validationType"}
_RULES = {"textfield": _TEXT_RULES, "textarea": _TEXT_RULES, "number": {"min", "max"}}
_SCALARS: dict[type, str] = {bool: "bool", int: "double", float: "double", str: "string"}
_COMPUTED = {
    "valuesKey": "варианты из данных",
    "valuesExpression": "вычисляемые варианты",
    "expression": "вычисление",
}


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("ключ стоит дважды")
    return found


def read_form(data: bytes, file: str, types: Types | None = None) -> Form:
    """Reads a `.form` file; `types` are the process variables that its conditions may read beside its own fields.

    Raises DiagramError with every component that the service would not run as the browser does.
    """
    try:
        orjson.loads(data)  # bounds the depth, and knows the line of what is wrong
        schema = json.loads(data, object_pairs_hook=_once)
    except ValueError as error:
        hint, line = "Сохраните форму из редактора заново", getattr(error, "lineno", None)
        raise DiagramError([Finding("error", "form", file, f"это не JSON: {error}", hint, line=line)]) from error
    reader = _Reader(file, data.decode("utf-8"))
    form = schema if isinstance(schema, dict) else {}
    name, components, version = (form.get(key) for key in ("id", "components", "schemaVersion"))
    if form.get("type") != "default" or not isinstance(components, list) or not isinstance(name, str):
        reader.say(form, "это не форма form-js: нужны type «default», id и components", "Сохраните заново")
    elif not _ID.fullmatch(name):
        reader.say(form, f"негодный id формы {name[:40]!r}", "Латинские буквы, цифры, _ и -")
    elif type(version) is not int or not 1 <= version <= SCHEMA_VERSION:
        reader.say(form, f"schemaVersion {version}, а поддержаны от 1 до {SCHEMA_VERSION}", "Сохраните старее")
    else:
        known = {**(types or {}), **reader.names(components, ())}
        root = Group((), reader.parts(components, known, 0))
        reader.paths(root, ())
        if not reader.findings:
            return Form(name, data, root)
    raise DiagramError(reader.findings)


class _Reader:
    """Reads the components, collecting findings."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.findings: list[Finding] = []
        self.count = 0

    def say(self, component: Mapping[str, Any], message: str, hint: str = "", rule: str = "form") -> None:
        id = str(component.get("id") or component.get("key") or "")[:100] or None
        # JSON has no line numbers: the id's own line is where an analyst looks.
        at = re.search(r'"(?:id|key)"\s*:\s*"' + re.escape(id) + '"', self.text) if id else None
        line = self.text.count("\n", 0, at.start()) + 1 if at else None
        self.findings.append(Finding("error", rule, self.file, message, hint, element_id=id, line=line))

    def names(self, components: list[Any], path: tuple[str, ...]) -> dict[str, str]:
        """The names at the top of the form's data, with their types, for its conditions."""
        found: dict[str, str] = {}
        for component in components:
            if not isinstance(component, dict) or len(path) > MAX_DEPTH:
                continue
            kind, inner = component.get("type"), component.get("components")
            own = tuple(part for part in str(component.get("path") or "").split(".") if part)
            if kind == "dynamiclist" and own:
                found[(*path, *own)[0]] = "map" if path or len(own) > 1 else "list"
            elif kind == "group" and isinstance(inner, list):
                below = self.names(inner, (*path, *own))
                found |= {own[0]: "map"} if own and not path else below
            elif kind in TYPES and isinstance(component.get("key"), str):
                whole = (*path, *component["key"].split("."))
                found[whole[0]] = "map" if len(whole) > 1 else _word(component)
        return found

    def parts(self, components: list[Any], types: Types, depth: int) -> tuple[Field | Group, ...]:
        found: list[Field | Group] = []
        for component in components:
            self.count += 1
            if not isinstance(component, dict):
                self.say({}, f"компонент {str(component)[:40]!r} — не объект")
            elif self.count > MAX_COMPONENTS or depth > MAX_DEPTH:
                self.say(component, f"компонентов больше {MAX_COMPONENTS} или уровней больше {MAX_DEPTH}")
                break
            elif component.get("type") in DRAWN:
                self.shown(component)
            elif component.get("type") in ("group", "dynamiclist"):
                found += self.group(component, types, depth)
            elif component.get("type") in TYPES:
                found += self.field(component, types)
            else:
                hint = f"Возьмите один из: {', '.join(TYPES)}"
                self.say(component, f"компонент {component.get('type')} не поддержан", hint)
        return tuple(found)

    def shown(self, component: dict[str, Any]) -> None:
        """What is only shown may not do anything in the browser, whatever cleans it there."""
        for key in ("content", "text", "source", "label", "alt"):
            if _ACTIVE.search(str(component.get(key, ""))):
                self.say(component, f"в {key} есть исполняемая разметка", "Оставьте текст и простую разметку")

    def paths(self, group: Group, prefix: tuple[str, ...]) -> None:
        """Refuses two components that would write over each other."""
        seen: set[tuple[str, ...]] = set()
        for leaf in leaves_of(group):
            if any(leaf.path[: len(other)] == other or other[: len(leaf.path)] == leaf.path for other in seen):
                name = ".".join((*prefix, *leaf.path))
                id = leaf.item.id if isinstance(leaf.item, Field) else ""
                self.say({"id": id}, f"под именем {name} стоят два компонента", "Дайте каждому свой ключ")
            seen.add(leaf.path)

    def group(self, component: dict[str, Any], types: Types, depth: int) -> list[Group]:
        path, inner = component.get("path") or "", component.get("components", [])
        repeated = component["type"] == "dynamiclist"
        if (
            not isinstance(inner, list)
            or not isinstance(path, str)
            or ((path or repeated) and not _KEY.fullmatch(path))
        ):
            self.say(component, f"у группы нет годного пути: {path!r}", "Латинские буквы, цифры и _")
            return []
        condition = self.condition(component, types)
        # In a row, form-js knows the row as `this` and what is around it as `parent`.
        seen = {**types, "this": "map", "parent": "map"} if repeated else types
        parts = self.parts(inner, seen, depth + 1)
        group = Group(tuple(part for part in path.split(".") if part), parts, condition, repeated)
        if repeated:
            self.paths(Group((), parts), (*group.path, ""))
        return [group]

    def condition(self, component: Mapping[str, Any], types: Types) -> Condition | None:
        conditional = component.get("conditional") or {}
        text = conditional.get("hide") if isinstance(conditional, dict) else conditional
        if not text:
            return None
        try:
            if not isinstance(text, str):
                raise SyntaxProblem("условие — не текст")
            return compile_hide(text, types)
        except SyntaxProblem as problem:
            hint = 'Напишите, например: =service != "ott"'
            self.say(component, f"условие «{text}», знак {problem.column}: {problem}", hint, "form-hide")
            return None

    def field(self, component: dict[str, Any], types: Types) -> list[Field]:
        before = len(self.findings)
        kind, key = str(component["type"]), component.get("key")
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            self.say(component, f"у поля нет годного ключа: {key!r}", "Латинские буквы, цифры и _")
            return []
        for name, meaning in _COMPUTED.items():
            if component.get(name):
                self.say(component, f"{meaning} ({name}) не поддержано", "Перечислите варианты в values")
        if not isinstance(component.get("disabled", False), bool):
            self.say(component, "disabled бывает только true или false", "Возьмите readonly или скройте поле")
        rules = self.rules(component, kind)
        found = Field(
            str(component.get("id") or key),
            key,
            kind,
            str(component.get("label") or key),
            disabled=component.get("disabled") is True,
            hide=self.condition(component, types),
            options=self.options(component) if kind in _CHOICES else None,
            rules=rules,
            pattern=self.pattern(component, rules),
            digits=self.digits(component),
            increment=self.increment(component),
            as_text=component.get("serializeToString") is True,
            subtype=self.subtype(component) if kind == "datetime" else "datetime",
            not_past=component.get("disallowPassedDates") is True,
            **self.extras(component),
        )
        return [found] if len(self.findings) == before else []

    def rules(self, component: Mapping[str, Any], kind: str) -> dict[str, Any]:
        rules = component.get("validate", {})
        if not isinstance(rules, dict):
            self.say(component, "validate — не объект")
            return {}
        kept: dict[str, Any] = {}
        for name, value in rules.items():
            if value is None or value == "":
                continue
            if isinstance(value, str) and value.startswith("="):
                self.say(component, f"вычисляемое правило {name} не поддержано", "Напишите значение")
            elif name not in {"required"} | _RULES.get(kind, set()):
                self.say(component, f"правило {name} для {kind} не поддержано", "Уберите его")
            elif not _fits(name, value):
                self.say(component, f"негодное правило {name}: {value!r}", "Исправьте значение")
            else:
                kept[name] = value
        return kept

    def pattern(self, component: Mapping[str, Any], rules: Mapping[str, Any]) -> Any:
        if "pattern" not in rules:
            return None
        try:
            return compile_pattern(rules["pattern"])
        except ValueError as error:
            self.say(component, str(error), "Шаблон — без просмотра вперёд, назад и ссылок")
            return None

    def options(self, component: Mapping[str, Any]) -> tuple[Any, ...]:
        given = component.get("values")
        rows = given if isinstance(given, list) else []
        options = [item.get("value") if isinstance(item, dict) else None for item in rows]
        scalar = all(isinstance(option, str | int | float) for option in options)
        if not options or not scalar or len({(type(option), option) for option in options}) < len(options):
            self.say(component, "у выбора нет вариантов, или один стоит дважды", "Перечислите их в values")
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


def _word(component: Mapping[str, Any]) -> str:
    """The type that a condition may take the field for."""
    kind, given = component["type"], component.get("values")
    if kind == "number":
        return "string" if component.get("serializeToString") else "double"
    if kind not in ("radio", "select"):
        return {"checkbox": "bool", "checklist": "list", "taglist": "list"}.get(kind, "string")
    options = given if isinstance(given, list) else []
    words = {_SCALARS.get(type(item.get("value")), "any") for item in options if isinstance(item, dict)}
    return words.pop() if len(words) == 1 else "any"
