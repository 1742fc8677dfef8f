"""Small processes for tests of the machinery: a folder's files from a few lines."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import orjson
import yaml

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'id="definitions" targetNamespace="http://kt-flows.test">\n'
)


def package(
    key: str,
    body: str,
    *,
    variables: Mapping[str, str] | None = None,
    messages: Mapping[str, Mapping[str, Any]] | None = None,
    forms: Mapping[str, list[dict[str, Any]]] | None = None,
    more: Mapping[str, Any] | None = None,
) -> dict[str, bytes]:
    """The files of one process folder, by path from the folder above it.

    `body` are the flow nodes and flows; `messages` are declared in the diagram too, under their names; `more` are
    further keys of process.yaml.
    """
    declared = "".join(f'<bpmn:message id="{name}" name="{name}"/>' for name in messages or {})
    declared += "".join(f'<bpmn:signal id="{name}" name="{name}"/>' for name in (more or {}).get("signals", {}))
    xml = f'{_HEAD}{declared}<bpmn:process id="{key}" isExecutable="true" camunda:historyTimeToLive="P365D">{body}'
    manifest = {
        "key": key,
        "name": {"ru": key, "kk": key, "en": key},
        "variables": {name: {"type": word} for name, word in (variables or {}).items()},
        "messages": dict(messages or {}),
        **(more or {}),
    }
    files = {
        f"{key}/process.bpmn": f"{xml}</bpmn:process></bpmn:definitions>".encode(),
        f"{key}/process.yaml": yaml.safe_dump(manifest, allow_unicode=True).encode(),
    }
    for id, components in (forms or {}).items():
        schema = {"type": "default", "id": id, "schemaVersion": 17, "components": components}
        files[f"{key}/forms/{id}.form"] = orjson.dumps(schema)
    return files


def flow(source: str, target: str, condition: str | None = None) -> str:
    inner = (
        f'<bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{condition}</bpmn:conditionExpression>'
        if condition
        else ""
    )
    id = f"{source}_to_{target}"
    return f'<bpmn:sequenceFlow id="{id}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'


def chain(*ids: str) -> str:
    return "".join(flow(left, right) for left, right in itertools.pairwise(ids))


def start(id: str = "start", inner: str = "", attributes: str = "") -> str:
    return f'<bpmn:startEvent id="{id}" name="{id}" {attributes}>{inner}</bpmn:startEvent>'


def end(id: str = "end") -> str:
    return f'<bpmn:endEvent id="{id}" name="{id}"/>'


def message(name: str, id: str) -> str:
    return f'<bpmn:messageEventDefinition id="{id}_message" messageRef="{name}"/>'


def catch(id: str, name: str) -> str:
    inner = message(name, id)
    return f'<bpmn:intermediateCatchEvent id="{id}" name="{id}">{inner}</bpmn:intermediateCatchEvent>'


def timer(id: str, kind: str, value: str) -> str:
    return (
        f'<bpmn:timerEventDefinition id="{id}_timer"><bpmn:{kind} xsi:type="bpmn:tFormalExpression">'
        f"{value}</bpmn:{kind}></bpmn:timerEventDefinition>"
    )


def boundary(id: str, host: str, inner: str, *, interrupting: bool = True) -> str:
    return (
        f'<bpmn:boundaryEvent id="{id}" name="{id}" attachedToRef="{host}" '
        f'cancelActivity="{str(interrupting).lower()}">{inner}</bpmn:boundaryEvent>'
    )


def human(id: str, groups: str, *, form: str | None = None, more: str = "") -> str:
    reference = f'camunda:formRef="{form}" camunda:formRefBinding="deployment"' if form else ""
    return f'<bpmn:userTask id="{id}" name="{id}" camunda:candidateGroups="{groups}" {reference} {more}/>'


def service(id: str, topic: str, inputs: Mapping[str, str], *, outputs: Mapping[str, str] | None = None) -> str:
    given = "".join(
        f'<camunda:inputParameter name="{name}">{value}</camunda:inputParameter>' for name, value in inputs.items()
    )
    taken = "".join(
        f'<camunda:outputParameter name="{name}">{value}</camunda:outputParameter>'
        for name, value in (outputs or {}).items()
    )
    return (
        f'<bpmn:serviceTask id="{id}" name="{id}" camunda:type="external" camunda:topic="{topic}">'
        f"<bpmn:extensionElements><camunda:inputOutput>{given}{taken}</camunda:inputOutput></bpmn:extensionElements>"
        "</bpmn:serviceTask>"
    )
