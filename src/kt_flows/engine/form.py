"""form-js forms: the file that the browser shows is read into the rules by which the server accepts.

How a submission is taken is engine/submission.py; one field's rules are engine/field.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from itertools import islice
from typing import Any

import orjson

from kt_flows.engine.expression import SyntaxProblem, Types
from kt_flows.engine.field import TYPES, Field
from kt_flows.engine.form_names import DRAWN, strangers
from kt_flows.engine.form_rules import Rules
from kt_flows.engine.formula import compile_formula
from kt_flows.engine.hide import Condition, compile_hide
from kt_flows.engine.submission import MAX_ROWS, Form, Group, leaves_of
from kt_flows.errors import DiagramError, Finding

__all__ = ["Field", "Form", "Group", "read_form"]

SCHEMA_VERSION = 19
MAX_COMPONENTS = 300
MAX_DEPTH = 8
MOST_STRANGE = 10
"""So many unknown properties of one component are told."""
_CHOICES = ("radio", "select", "checklist", "taglist")
_KEY = re.compile(r"[A-Za-z_]\w{0,63}(?:\.[A-Za-z_]\w{0,63}){0,3}", re.ASCII)
_ID = re.compile(r"[A-Za-z_][\w.-]{0,99}", re.ASCII)
ACTIVE = re.compile(
    r"<\s*/?\s*(?:script|iframe|object|embed|form|meta|link|base|style|svg|math)\b|\bon\w+\s*=|"
    r"(?:javascript|vbscript)\s*:|(?:^|=)\s*[\"']?\s*data:(?!image/(?:png|jpeg|gif|webp)\b)",
    re.IGNORECASE,
)
_SCALARS: dict[type, str] = {bool: "bool", int: "double", float: "double", str: "string"}


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


def line_of_component(text: str, id: str | None) -> int | None:
    """JSON has no line numbers: the id's own line is where an analyst looks."""
    at = re.search(r'"(?:id|key)"\s*:\s*"' + re.escape(id) + '"', text) if id else None
    return text.count("\n", 0, at.start()) + 1 if at else None


class _Reader(Rules):
    """Reads the components, collecting findings."""

    def __init__(self, file: str, text: str) -> None:
        self.file = file
        self.text = text
        self.findings: list[Finding] = []
        self.count = 0

    def say(self, component: Mapping[str, Any], message: str, hint: str = "", rule: str = "form") -> None:
        id = str(component.get("id") or component.get("key") or "")[:100] or None
        self.findings.append(Finding("error", rule, self.file, message, hint, element_id=id, line=self.line(id)))

    @cache  # noqa: B019 - a reader lives as long as one file is read
    def line(self, id: str | None) -> int | None:
        return line_of_component(self.text, id)

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
            elif strange := list(islice(strangers(component), MOST_STRANGE)):
                for message, hint in strange:
                    self.say(component, message, hint)
            elif component.get("type") in DRAWN:
                self.shown(component)
            elif component.get("type") in ("group", "dynamiclist"):
                found += self.group(component, types, depth)
            elif component.get("type") == "expression":
                found += self.formula(component, types)
            elif component.get("type") in TYPES:
                found += self.field(component, types)
        return tuple(found)

    def shown(self, component: dict[str, Any]) -> None:
        """What is only shown may not do anything in the browser, whatever cleans it there."""
        for key in ("content", "text", "source", "label", "alt"):
            if ACTIVE.search(str(component.get(key, ""))):
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
        whole = tuple(part for part in path.split(".") if part)
        group = Group(whole, parts, condition, repeated, self.rows(component) if repeated else None)
        if repeated:
            self.paths(Group((), parts), (*group.path, ""))
        return [group]

    def rows(self, component: dict[str, Any]) -> int | None:
        """How many rows there are, where nobody may add or take away any."""
        many = component.get("defaultRepetitions", 1)
        if type(many) is not int or not 0 <= many <= MAX_ROWS:
            self.say(component, f"негодное defaultRepetitions: {many!r}", f"Целое от 0 до {MAX_ROWS}")
            return None
        return None if component.get("allowAddRemove", True) else many

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

    def formula(self, component: dict[str, Any], types: Types) -> list[Field]:
        """What the browser computes and the server computes again: no other field may read it."""
        text, key = component.get("expression"), component.get("key")
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            self.say(component, f"у выражения нет годного ключа: {key!r}", "Латинские буквы, цифры и _")
            return []
        try:
            made = compile_formula(str(text or ""), types)
        except SyntaxProblem as problem:
            hint = "Посчитайте задачей-скриптом или выходным параметром"
            self.say(component, f"«{str(text)[:100]}», знак {problem.column}: {problem}", hint, "form-rule")
            return []
        id, label = str(component.get("id") or key), str(component.get("label") or key)
        return [Field(id, key, "expression", label, hide=self.condition(component, types), formula=made)]

    def field(self, component: dict[str, Any], types: Types) -> list[Field]:
        before = len(self.findings)
        kind, key = str(component["type"]), component.get("key")
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            self.say(component, f"у поля нет годного ключа: {key!r}", "Латинские буквы, цифры и _")
            return []
        if not isinstance(component.get("disabled", False), bool):
            self.say(component, "disabled бывает только true или false", "Возьмите readonly или скройте поле")
        rules, computed = self.rules(component, kind, types)
        found = Field(
            str(component.get("id") or key),
            key,
            kind,
            str(component.get("label") or key),
            disabled=component.get("disabled") is True,
            hide=self.condition(component, types),
            rules=rules,
            computed=computed,
            pattern=self.pattern(component, rules),
            digits=self.digits(component),
            increment=self.increment(component),
            as_text=component.get("serializeToString") is True,
            subtype=self.subtype(component) if kind == "datetime" else "datetime",
            not_past=component.get("disallowPassedDates") is True,
            **(self.choices(component, types) if kind in _CHOICES else {}),
            **self.extras(component),
        )
        return [found] if len(self.findings) == before else []


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
