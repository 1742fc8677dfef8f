"""Pieces of diagrams in the dialect's own words, and what the gate makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kt_flows.engine.check import check_packages
from kt_flows.engine.definition import Definition, read_definition
from kt_flows.errors import Finding
from support.processes import chain, end, package, start

VARIABLES = {
    "x": "any",
    "amount": "double",
    "ok": "bool",
    "due_at": "timestamp",
    "wait_for": "duration",
    "token": "string",
}
VARIABLES |= {"names": "list(string)", "answer": "map", "text": "string", "count": "int"}
MESSAGES: Mapping[str, Any] = {"msg_paid": {"correlation": ["token"], "payload": {"amount": "double"}}}
MI = '<bpmn:multiInstanceLoopCharacteristics camunda:collection="names" camunda:elementVariable="one">{}'
MI += "</bpmn:multiInstanceLoopCharacteristics>"


def read(body: str, **more: Any) -> Definition:
    files = package("p", body, variables=VARIABLES, messages=MESSAGES, **more)
    return read_definition({name.removeprefix("p/"): data for name, data in files.items()})


def findings(body: str, **more: Any) -> list[Finding]:
    _, found = check_packages(package("p", body, variables=VARIABLES, messages=MESSAGES, **more))
    return [one for one in found if one.severity == "error"]


def around(inner: str, id: str = "t") -> str:
    """A whole process with one element between its start and its end."""
    return start() + inner + end() + chain("start", id, "end")


def task(inner: str = "", attributes: str = "", tag: str = "bpmn:userTask", id: str = "t") -> str:
    return f'<{tag} id="{id}" name="t" {attributes}>{inner}</{tag}>'


def extension(inner: str) -> str:
    return f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>"


def io(inner: str) -> str:
    return extension(f"<camunda:inputOutput>{inner}</camunda:inputOutput>")


FOR = 'camunda:candidateGroups="staff"'
EXTERNAL = 'camunda:type="external" camunda:topic='
NOTE = '<camunda:inputParameter name="{}">{}</camunda:inputParameter>'
OUT = '<camunda:outputParameter name="{}">{}</camunda:outputParameter>'
CATCH = "bpmn:intermediateCatchEvent"
THROW = "bpmn:intermediateThrowEvent"
