"""Which elements and attributes of DMN 1.3 may stand where, and what to do instead of those that may not.

docs/reference/dmn-by-name.md says the same to analysts; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from lxml import etree

CAMUNDA = "http://camunda.org/schema/1.0/dmn"

NOTES = frozenset({"description", "extensionElements"})
INSIDE: Mapping[str, frozenset[str]] = {
    "definitions": NOTES
    | {"decision", "inputData", "knowledgeSource", "textAnnotation", "association", "group", "DMNDI"},
    "decision": NOTES
    | {"question", "allowedAnswers", "variable", "informationRequirement", "authorityRequirement", "decisionTable"},
    "informationRequirement": NOTES | {"requiredDecision", "requiredInput"},
    "requiredDecision": frozenset(),
    "decisionTable": NOTES | {"input", "output", "annotation", "rule"},
    "input": NOTES | {"inputExpression", "inputValues"},
    "inputExpression": NOTES | {"text"},
    "inputValues": NOTES | {"text"},
    "output": NOTES | {"outputValues"},
    "outputValues": NOTES | {"text"},
    "rule": NOTES | {"inputEntry", "outputEntry", "annotationEntry"},
    "inputEntry": NOTES | {"text"},
    "outputEntry": NOTES | {"text"},
    "annotationEntry": NOTES | {"text"},
    "text": frozenset(),
}
"""What is read, and what may stand in it; the others are only drawn and not looked into."""
DRAWN = frozenset[str]().union(*INSIDE.values()) - INSIDE.keys()
ATTRIBUTES: Mapping[str, frozenset[str]] = {
    "requiredDecision": frozenset({"href"}),
    "decisionTable": frozenset({"hitPolicy", "aggregation"}),
    "inputExpression": frozenset({"typeRef", "expressionLanguage"}),
    "inputValues": frozenset({"typeRef", "expressionLanguage"}),
    "outputValues": frozenset({"typeRef", "expressionLanguage"}),
    "output": frozenset({"name", "typeRef"}),
    "inputEntry": frozenset({"typeRef", "expressionLanguage"}),
    "outputEntry": frozenset({"typeRef", "expressionLanguage"}),
}
DRAWN_ATTRIBUTES = frozenset(
    {"id", "name", "label", "namespace", "exporter", "exporterVersion", "preferredOrientation", "outputLabel"}
    | {"typeLanguage"}
)
DRAWN_CAMUNDA = frozenset({"historyTimeToLive", "versionTag"})
_HINTS = {
    "Запишите решение таблицей": """
        literalExpression invocation context relation list functionDefinition conditional for some every filter""",
    "Внесите правило в таблицу, решения соединяйте информационной связью": """
        businessKnowledgeModel knowledgeRequirement decisionService""",
    "Уберите: цели и роли решения записывают в тексте процесса": """
        organizationUnit performanceIndicator elementCollection supportedObjective impactedPerformanceIndicator
        decisionMaker decisionOwner usingProcess usingTask""",
    "Перенесите решения в этот файл": "import",
    "Задайте тип столбца словом: string, integer, boolean": "itemDefinition",
    "Добавьте последнюю строку «-» и политику FIRST": "defaultOutputEntry",
    "Очистите «Input Variable»: ячейка и так сравнивает значение столбца": "inputVariable",
}
INSTEAD: Mapping[str, str] = {name: hint for hint, names in _HINTS.items() for name in names.split()}
"""Hints at what is refused."""
_CELLS = ("inputEntry", "inputValues", "outputValues")


def strangers(item: Any, ns: str, within: Any = None) -> Iterator[tuple[Any, str, str, Any]]:
    """What another engine would heed and this one does not: the element, what is wrong, the hint, and the decision,
    column or row in which it is."""
    name = etree.QName(item).localname
    for full, value in item.attrib.items():
        if value and not _known(name, etree.QName(full)):
            plain = etree.QName(full).localname
            yield item, f"{plain[:60]} здесь не выполняется", INSTEAD.get(plain, "Уберите его"), within
    language = item.get("expressionLanguage", "").lower()
    if language not in (("", "feel") if name in _CELLS else ("", "cel")):
        yield item, f"язык {language[:60]}: ячейки входа — S-FEEL, остальное — CEL", "Сбросьте язык", within
    for part in item:
        if not isinstance(part.tag, str):
            continue
        child = etree.QName(part).localname
        if child == "DMNDI" and name == "definitions":
            continue
        if part.tag != f"{ns}{child}" or child not in INSIDE[name]:
            yield part, f"элемент {child[:60]} здесь не выполняется", INSTEAD.get(child, "Уберите его"), within
        elif child in INSIDE:
            yield from strangers(part, ns, part if child in ("decision", "rule", "input", "output") else within)


def _known(element: str, name: etree.QName) -> bool:
    """An attribute of ours, one that is only drawn, or a drawing program's own."""
    if name.namespace is None:
        return name.localname in DRAWN_ATTRIBUTES | ATTRIBUTES.get(element, frozenset())
    return name.namespace != CAMUNDA or name.localname in DRAWN_CAMUNDA
