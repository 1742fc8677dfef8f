"""form-js forms: the schema that the browser shows is the one by which the server accepts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from kt_flows.engine.expression import Expression, SyntaxProblem, Types
from kt_flows.engine.field import TYPES, Field, Wrong, compile_pattern
from kt_flows.engine.hide import compile_hide, hides
from kt_flows.errors import DiagramError, FieldError, Finding, InvalidValues

DRAWN = ("text", "html", "image", "separator", "spacer", "button")
MAX_ROWS = 500
_RULES = {"required", "minLength", "maxLength", "min", "max", "pattern", "patternErrorMessage", "validationType"}


@dataclass(frozen=True, slots=True)
class Group:
    """Components under one path; a repeated one holds a list of rows."""

    path: tuple[str, ...]
    parts: tuple[Field | Group, ...]
    hide: Expression | None = None
    repeated: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """A form by its id, with the schema's own bytes for the browser."""

    id: str
    schema: bytes
    root: Group

    def fields(self) -> Iterator[tuple[str, Field]]:
        """Each field with its dotted path; rows are named `list[]`."""
        yield from _walk(self.root, "")

    @property
    def variables(self) -> dict[str, str]:
        """The process variables that a submission sets, with their type words."""
        found: dict[str, str] = {}
        for path, item in self.fields():
            name, _, rest = path.replace("[]", ".[]").partition(".")
            found[name] = item.word if not rest else "list" if rest.startswith("[]") else "map"
        return found

    def check(self, values: Mapping[str, Any], context: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The submitted values as the case takes them: hidden and disabled fields left out.

        `context` are the variables that hide conditions may read beside the form's own.  Raises InvalidValues with
        one FieldError per field, by its path; the task stays open and the person at the form mends it.
        """
        errors: list[FieldError] = []
        kept = _check(self.root, values, {**(context or {}), **values}, "", errors)
        if errors:
            raise InvalidValues(errors, "Проверьте поля формы")
        return kept


def _walk(group: Group, prefix: str) -> Iterator[tuple[str, Field]]:
    inner = prefix + ".".join(group.path) + ("[]" if group.repeated else "")
    inner = f"{inner}." if group.path else prefix
    for part in group.parts:
        if isinstance(part, Field):
            yield inner + part.key, part
        else:
            yield from _walk(part, inner)


def _check(
    group: Group, values: Mapping[str, Any], context: Mapping[str, Any], prefix: str, errors: list[FieldError]
) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    left = set(values)
    for part in group.parts:
        hidden = hides(part.hide, context)
        if isinstance(part, Field):
            left.discard(part.key)
            if not hidden and not part.disabled:
                _check_field(part, values, prefix, kept, errors)
        elif not part.path:
            inner = {key: values[key] for key in _keys(part) if key in values}
            left -= set(inner)
            if not hidden:
                kept.update(_check(part, inner, context, prefix, errors))
        else:
            left.discard(part.path[0])
            if not hidden:
                _check_group(part, values, context, prefix, kept, errors)
    errors.extend(FieldError(f"{prefix}{key}", "Такого поля в форме нет", "unknown") for key in sorted(left))
    return kept


def _keys(group: Group) -> Iterator[str]:
    for part in group.parts:
        if isinstance(part, Field):
            yield part.key
        elif part.path:
            yield part.path[0]
        else:
            yield from _keys(part)


def _check_field(
    item: Field, values: Mapping[str, Any], prefix: str, kept: dict[str, Any], errors: list[FieldError]
) -> None:
    try:
        value = item.check(values.get(item.key))
    except Wrong as wrong:
        errors.append(FieldError(f"{prefix}{item.key}", str(wrong), item.error_code or "invalid"))
    else:
        if item.key in values:
            kept[item.key] = value


def _check_group(
    group: Group,
    values: Mapping[str, Any],
    context: Mapping[str, Any],
    prefix: str,
    kept: dict[str, Any],
    errors: list[FieldError],
) -> None:
    name = group.path[0]
    inner = Group(group.path[1:], group.parts, repeated=group.repeated)
    value = values.get(name)
    where = f"{prefix}{name}"
    if len(inner.path):
        inner = Group((), (inner,))
    elif group.repeated:
        rows = [] if value is None else value
        if not isinstance(rows, list) or len(rows) > MAX_ROWS:
            errors.append(FieldError(where, f"Нужен список, не больше {MAX_ROWS} строк"))
            return
        plain = Group((), group.parts)
        kept[name] = [
            _check(plain, row, {**context, **row}, f"{where}[{number}].", errors)
            for number, row in enumerate(rows)
            if _is_row(row, f"{where}[{number}]", errors)
        ]
        return
    if not _is_row({} if value is None else value, where, errors):
        return
    answer = _check(inner, value or {}, context, f"{where}.", errors)
    if value is not None:
        kept[name] = {**kept.get(name, {}), **answer}


def _is_row(value: Any, where: str, errors: list[FieldError]) -> bool:
    if isinstance(value, dict):
        return True
    errors.append(FieldError(where, "Нужна группа полей"))
    return False


def read_form(data: bytes, file: str, types: Types | None = None) -> Form:
    """Reads a `.form` file; `types` are the process variables that its conditions may read beside its own fields.

    Raises DiagramError with every component that the service does not run as the browser would.
    """
    try:
        schema = orjson.loads(data)
        components, name = schema["components"], schema["id"]
        assert isinstance(components, list)
        assert isinstance(name, str)
    except (orjson.JSONDecodeError, KeyError, TypeError, AssertionError) as error:
        raise DiagramError([Finding("error", "form", file, f"это не форма form-js: {error}")]) from error
    reader = _Reader(file, dict(types or {}))
    reader.learn(components, "")
    root = Group((), reader.parts(components))
    if reader.findings:
        raise DiagramError(reader.findings)
    return Form(name, data, root)


class _Reader:
    """Reads the components, collecting findings."""

    def __init__(self, file: str, types: dict[str, str]) -> None:
        self.file = file
        self.types = types
        self.findings: list[Finding] = []

    def say(self, component: Mapping[str, Any], message: str, hint: str = "", rule: str = "form") -> None:
        self.findings.append(
            Finding("error", rule, self.file, message, hint, element_id=str(component.get("id", "")))
        )

    def learn(self, components: list[dict[str, Any]], prefix: str) -> None:
        """The types of the form's own fields, for its conditions."""
        for component in components:
            if component.get("type") in ("group", "dynamiclist"):
                self.types.setdefault(str(component.get("path") or "_").partition(".")[0], "any")
                if not component.get("path"):
                    self.learn(component.get("components", []), prefix)
            elif component.get("type") in TYPES and component.get("key"):
                self.types[str(component["key"])] = "any"

    def parts(self, components: list[dict[str, Any]]) -> tuple[Field | Group, ...]:
        found: list[Field | Group] = []
        for component in components:
            kind = component.get("type")
            if kind in DRAWN:
                continue
            if kind in ("group", "dynamiclist"):
                path = tuple(part for part in str(component.get("path") or "").split(".") if part)
                inner = self.parts(component.get("components", []))
                found.append(Group(path, inner, self.condition(component), repeated=kind == "dynamiclist"))
            elif kind in TYPES:
                if item := self.field(component):
                    found.append(item)
            else:
                self.say(component, f"компонент {kind} не поддержан", f"Возьмите один из: {', '.join(TYPES)}")
        return tuple(found)

    def condition(self, component: Mapping[str, Any]) -> Expression | None:
        text = (component.get("conditional") or {}).get("hide")
        if not text:
            return None
        try:
            return compile_hide(str(text), self.types)
        except SyntaxProblem as problem:
            self.say(component, f"условие «{text}»: {problem}", "Назовите поле этой формы", "form-hide")
            return None

    def field(self, component: Mapping[str, Any]) -> Field | None:
        key, rules = component.get("key"), dict(component.get("validate") or {})
        if not isinstance(key, str) or not key.replace("_", "a").isalnum() or not key.isascii():
            self.say(component, f"у поля нет годного ключа: {key!r}", "Латинские буквы, цифры и _")
            return None
        computed = [name for name, value in rules.items() if isinstance(value, str) and value.startswith("=")]
        unknown = set(rules) - _RULES
        if unknown or computed:
            self.say(component, f"правило {', '.join(sorted(unknown) or computed)} не поддержано", "Уберите его")
            return None
        pattern = None
        if rules.get("pattern"):
            try:
                pattern = compile_pattern(str(rules["pattern"]))
            except ValueError as error:
                self.say(component, str(error), "Шаблон должен быть понятен RE2: без просмотра вперёд и ссылок")
                return None
        options = None
        if component["type"] in ("radio", "select", "checklist", "taglist"):
            if not component.get("values"):
                self.say(component, "у выбора нет вариантов", "Перечислите их в values")
                return None
            options = tuple(option.get("value") for option in component["values"])
        properties = component.get("properties") or {}
        return Field(
            str(component.get("id", key)),
            key,
            str(component["type"]),
            str(component.get("label") or key),
            disabled=bool(component.get("disabled")),
            hide=self.condition(component),
            options=options,
            rules=rules,
            pattern=pattern,
            pattern_message=str(rules.get("patternErrorMessage") or ""),
            digits=component.get("decimalDigits"),
            subtype=str(component.get("subtype") or "datetime"),
            error_code=properties.get("errorCode"),
        )
