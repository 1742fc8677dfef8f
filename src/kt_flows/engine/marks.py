"""What every part of a diagram is read with: findings with their place, attributes by the list, expressions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from kt_flows.engine.allowed import BOOLEANS, BPMN, CAMUNDA, DRAWN, DRAWN_NAMESPACES, XSI
from kt_flows.engine.dialect import Element, Flow
from kt_flows.engine.expression import (
    Expression,
    SyntaxProblem,
    Template,
    Types,
    compile_expression,
    compile_template,
)
from kt_flows.engine.instead import INSTEAD
from kt_flows.engine.manifest import Manifest
from kt_flows.engine.values import fits
from kt_flows.errors import DiagramError, Finding

MAX_EXPRESSIONS = 2_000
MAX_FINDINGS = 200


def tag(item: Any) -> str:
    """An element's local name; with its namespace where that is not BPMN's, so that no stranger passes for one."""
    name = etree.QName(item)
    return str(name.localname if name.namespace == BPMN else name.text)


def camunda(item: Any, name: str) -> str | None:
    value = item.get(f"{{{CAMUNDA}}}{name}")
    return None if value is None else str(value)


def children(item: Any) -> list[Any]:
    """The elements inside, without comments."""
    return [child for child in item if isinstance(child.tag, str)]


def seen_as(template: Template) -> str:
    """The type word of a name that holds the template's value."""
    return "any" if template.type == "null" else template.type.rstrip("?")


@dataclass
class Marks:
    """One process while it is read: what it may refer to, and what has been found in it."""

    file: str
    manifest: Manifest
    forms: Mapping[str, Mapping[str, str]]
    """Form id to the variables that a submission sets."""
    decisions: frozenset[str]
    texts: frozenset[str]
    all_read: bool = True
    """Whether every table and form of the folder could be read."""
    findings: list[Finding] = field(default_factory=list)
    elements: dict[str, Element] = field(default_factory=dict)
    flows: dict[str, Flow] = field(default_factory=dict)
    text_types: dict[str, dict[str, str]] = field(default_factory=dict)
    """Text id to the types of the inputs of the elements that send it."""
    refs: dict[tuple[str, str], str] = field(default_factory=dict)
    """Kind (message, error, escalation) and id to the name or code."""
    defaults: dict[str, str | None] = field(default_factory=dict)
    """Flow id to the element that names it as its default."""
    compiled: int = 0
    groups_of: dict[str, tuple[Template, ...]] = field(default_factory=dict)
    """Element id to the candidate groups that its lane gives it."""
    _lane_depths: dict[str, int] = field(default_factory=dict)
    handlers: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Id of a compensation event at an activity's edge to the activities that associations lead to."""
    seen_by_handlers: dict[str, dict[str, str]] = field(default_factory=dict)
    """Id of what undoes an activity to the names that the activity's repetition gives it."""
    around: dict[str, str] = field(default_factory=dict)
    """Names that the repeated sub-processes around give to what is inside."""

    @property
    def types(self) -> dict[str, str]:
        return self.manifest.types | self.around

    def say(self, rule: str, item: Any, message: str, hint: str = "") -> None:
        owner = item
        while owner is not None and owner.get("id") is None:
            owner = owner.getparent()
        id = owner.get("id") if owner is not None else None
        self.findings.append(Finding("error", rule, self.file, message, hint, element_id=id, line=item.sourceline))

        if len(self.findings) > MAX_FINDINGS:
            raise DiagramError(self.findings)

    def unknown(self, item: Any) -> None:
        """Refuses an element that is on no list, saying what to draw instead."""
        name = etree.QName(item).localname
        self.say("element", item, f"элемент {name} не выполняется", INSTEAD.get(name, "Уберите его"))

    def only_drawn(self, item: Any, *allowed: str) -> None:
        """Refuses whatever is inside beside documentation and the allowed names."""
        for child in children(item):
            if tag(child) not in DRAWN and tag(child) not in allowed:
                self.unknown(child)

    def attributes(self, item: Any, plain: set[str], extended: set[str]) -> None:
        for full in item.attrib:
            name, space = etree.QName(full).localname, etree.QName(full).namespace
            if space in DRAWN_NAMESPACES or space == XSI or (space is None and name in {"id", "name"}):
                continue
            allowed = extended if space == CAMUNDA else plain if space is None else set()
            value = item.get(full)
            if name not in allowed:
                message = f"атрибут {name}=«{value[:60]}» не выполняется"
                self.say("attribute", item, message, INSTEAD.get(name, "Уберите его"))
            elif name in BOOLEANS and value not in ("true", "false"):
                self.say("attribute", item, f"{name}=«{value[:60]}»", "Напишите true или false")

    # ---- expressions

    def expression(self, item: Any, text: str, types: Types, expects: str | None = None) -> Expression | None:
        self.count(item)
        body = text.strip()
        if not (body.startswith(("${", "#{")) and body.endswith("}")):
            self.say("expression", item, f"«{body[:80]}» не выражение", "Напишите ${…}")
            return None
        try:
            return compile_expression(body[2:-1], types, expects)
        except SyntaxProblem as problem:
            self.say("expression", item, f"«{body}»: {problem}", "Исправьте выражение")
            return None

    def formal(self, item: Any, types: Types) -> Expression | None:
        """A child element that holds a condition; in CEL alone, and refused where it says another language."""
        self.attributes(item, {"language"}, set())
        if (language := item.get("language", "cel")).lower() != "cel":
            self.say("expression", item, f"условие на языке {language[:60]}", "Напишите ${…} на CEL")
        return self.expression(item, item.text or "", types, "bool")

    def template(self, item: Any, text: str, types: Types, expects: str | None = None) -> Template | None:
        self.count(item)
        if "#{" in text:
            self.say("expression", item, f"«{text.strip()[:200]}»: «#{{» не вычисляется", "Напишите ${…}")
            return None
        try:
            return compile_template(text, types, expects)
        except SyntaxProblem as problem:
            self.say("expression", item, f"«{text.strip()[:200]}»: {problem}", "Исправьте выражение")
            return None

    def count(self, item: Any) -> None:
        """Bounds the time that a diagram takes: one expression costs some tenths of a millisecond."""
        self.compiled += 1
        if self.compiled > MAX_EXPRESSIONS:
            self.say("budget", item, f"в схеме больше {MAX_EXPRESSIONS} выражений", "Разделите процесс")
            raise DiagramError(self.findings)

    def parameters(self, extension: Mapping[str, list[Any]], kind: str) -> list[Any]:
        """The input or the output parameters, in their order; `extension` has passed `extensions` already."""
        return [
            parameter
            for holder in extension.get("inputOutput", [])
            for parameter in children(holder)
            if etree.QName(parameter).localname == kind and parameter.get("name")
        ]

    def extensions(self, item: Any, allowed: set[str]) -> dict[str, list[Any]]:
        """What stands in `extensionElements`, by local name, everything unknown refused."""
        found: dict[str, list[Any]] = {}
        for holder in children(item):
            if tag(holder) != "extensionElements":
                continue
            for inner in children(holder):
                name, space = etree.QName(inner).localname, etree.QName(inner).namespace
                if space in DRAWN_NAMESPACES or (space == CAMUNDA and name == "properties"):
                    continue
                if space != CAMUNDA or name not in allowed:
                    message = f"расширение {name} не выполняется у {tag(item)}"
                    self.say("extension", inner, message, INSTEAD.get(name, "Уберите его"))
                elif name == "inputOutput":
                    self.input_output(inner)
                found.setdefault(name, []).append(inner)
        return found

    def input_output(self, holder: Any) -> None:
        names: set[tuple[str, str]] = set()
        for parameter in children(holder):
            kind, name = etree.QName(parameter).localname, parameter.get("name") or ""
            if kind not in ("inputParameter", "outputParameter") or len(parameter) or not name:
                message = "параметр без имени или со вложенным сценарием, списком, картой"
                self.say("extension", parameter, message, "Напишите ${…} в теле параметра")
            elif (kind, name) in names:
                self.say("extension", parameter, f"параметр {name} стоит дважды", "Оставьте один")
            names.add((kind, name))
            self.attributes(parameter, set(), set())

    def outputs(self, extension: Mapping[str, list[Any]], facts: dict[str, Any], local: Types) -> None:
        found = []
        for parameter in self.parameters(extension, "outputParameter"):
            name = parameter.get("name")
            word = self.declared(parameter, name)
            if word and (template := self.template(parameter, parameter.text or "", local, word)):
                found.append((name, template))
        facts["outputs"] = tuple(found)

    def declared(self, item: Any, name: str) -> str | None:
        if name not in self.manifest.variables:
            self.say("variable", item, f"переменная {name} не объявлена в process.yaml", "Объявите её с типом")
            return None
        return self.manifest.variables[name].type

    def result(self, item: Any, facts: dict[str, Any], type_: str, has_outputs: bool) -> dict[str, str]:
        """The result variable: the process's own, or with outputs a name that only they see."""
        name = camunda(item, "resultVariable")
        if name is None:
            return {}
        facts["result_variable"] = name
        if not has_outputs and (word := self.declared(item, name)) and not fits(type_, word):
            self.say("type", item, f"{name} объявлена как {word}, а результат {type_}", "Исправьте тип")
        return {name: "any" if type_ == "null" else type_.rstrip("?")}
