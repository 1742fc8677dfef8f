"""What the gate finds in processes that read well: dead ends, waits that count from the wrong moment, missing calls.

Messages are for analysts; docs/reference/check-rules.md has a heading for every rule.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from kt_flows.engine.coverage import table_findings
from kt_flows.engine.definition import Definition, is_drawing, read_definition
from kt_flows.engine.dialect import Element
from kt_flows.engine.packages import split_packages
from kt_flows.engine.values import fits
from kt_flows.engine.xml import read_xml
from kt_flows.errors import DiagramError, Finding

_WAITS = (
    "userTask",
    "receiveTask",
    "serviceTask",
    "sendTask",
    "callActivity",
    "intermediateCatchEvent",
    "subProcess",
)


def check_packages(
    files: Mapping[str, bytes], known: Mapping[str, Definition] | None = None
) -> tuple[list[Definition], list[Finding]]:
    """Reads and checks every process folder among the files, with what is deployed already for their calls.

    Answers the processes that could be read and all findings, errors first; a drawing is only read.
    """
    definitions: list[Definition] = []
    findings: list[Finding] = []
    try:
        packages = split_packages(files)
    except DiagramError as error:
        return [], list(error.findings)
    for folder, inside in sorted(packages.items()):
        try:
            if is_drawing(inside):
                for name, data in inside.items():
                    if name.endswith(".bpmn"):
                        read_xml(data, name)
                continue
            definition = read_definition(inside)
        except DiagramError as error:
            findings += [_in(folder, finding) for finding in error.findings]
            continue
        if any(other.key == definition.key for other in definitions):
            finding = Finding("error", "process", definition.diagram, f"процесс {definition.key} есть в двух папках")
            findings.append(_in(folder, finding))
        definitions.append(definition)
        findings += [_in(folder, finding) for finding in check_definition(definition)]
    together = {**(known or {}), **{one.key: one for one in definitions}}
    for definition in definitions:
        folder = next(name for name, inside in packages.items() if inside.keys() == definition.files.keys())
        findings += [_in(folder, finding) for finding in check_calls(definition, together)]
    return definitions, sorted(findings, key=lambda one: (one.severity, one.file, one.line or 0, one.rule))


def _in(folder: str, finding: Finding) -> Finding:
    return finding if folder == "." else dataclasses.replace(finding, file=f"{folder}/{finding.file}")


def check_definition(definition: Definition) -> list[Finding]:
    """Findings within one process."""
    findings = [finding for decision in definition.decisions.values() for finding in table_findings(decision)]
    return [*findings, *_flows(definition), *_gateways(definition), *_deadlines(definition), *_labels(definition)]


def _say(definition: Definition, element: Element, severity: str, rule: str, message: str, hint: str) -> Finding:
    return Finding(
        severity,  # type: ignore[arg-type]
        rule,
        definition.diagram,
        message,
        hint,
        element_id=element.id,
        line=element.line,
    )


def _next(definition: Definition) -> dict[str, set[str]]:
    """Element to the elements that a token may come to from it, boundary events counted with their activity."""
    following: dict[str, set[str]] = {id: set() for id in definition.elements}
    for flow in definition.flows.values():
        following.setdefault(flow.source, set()).add(flow.target)
    for element in definition.elements.values():
        if element.attached_to:
            following.setdefault(element.attached_to, set()).add(element.id)
    return following


def _flows(definition: Definition) -> Iterator[Finding]:
    """Every flow joins two elements of one scope; every element can be reached; no loop without a wait."""
    elements = definition.elements
    for flow in definition.flows.values():
        source, target = elements.get(flow.source), elements.get(flow.target)
        if source is None or target is None or source.parent != target.parent:
            message = f"поток {flow.id} не соединяет два элемента одного уровня"
            yield Finding("error", "flow", definition.diagram, message, "Проведите его заново", flow.id, flow.line)
            return
    following = _next(definition)
    starts = [id for id, one in elements.items() if one.type == "startEvent"]
    if not any(elements[id].parent is None for id in starts):
        yield Finding("error", "no-start", definition.diagram, "у процесса нет начала", "Добавьте стартовое событие")
    reached: set[str] = set()
    to_do = list(starts)
    while to_do:
        id = to_do.pop()
        if id not in reached:
            reached.add(id)
            to_do.extend(following[id])
    for element in elements.values():
        if element.id not in reached and not element.triggered_by_event:
            yield _say(definition, element, "error", "unreachable", "до элемента не дойти", "Подведите к нему поток")
        inner = [one for one in elements.values() if one.parent == element.id and one.type == "startEvent"]
        if element.type == "subProcess" and len(inner) != 1:
            message = f"в подпроцессе начал: {len(inner)}"
            yield _say(definition, element, "error", "sub-process-start", message, "Нужно одно стартовое событие")
        if element.attached_to and element.attached_to not in elements:
            yield _say(definition, element, "error", "flow", "событие ни к чему не прикреплено", "Прикрепите его")
    for element in _loops(definition, following):
        hint = "Поставьте в цикл ожидание: задачу, сообщение или таймер"
        yield _say(definition, element, "error", "endless-loop", "цикл, в котором никто не ждёт", hint)


def _loops(definition: Definition, following: Mapping[str, set[str]]) -> Iterator[Element]:
    """The first element of each cycle that runs through no element that waits."""
    running = {id for id, one in definition.elements.items() if one.type not in _WAITS and not one.topic}
    colour: dict[str, int] = {}
    for root in sorted(running):
        stack = [(root, iter(sorted(following[root] & running)))]
        if colour.get(root):
            continue
        colour[root] = 1
        while stack:
            id, rest = stack[-1]
            step = next(rest, None)
            if step is None:
                colour[id] = 2
                stack.pop()
            elif colour.get(step) == 1:
                yield definition.elements[step]
                return
            elif not colour.get(step):
                colour[step] = 1
                stack.append((step, iter(sorted(following[step] & running))))


def _gateways(definition: Definition) -> Iterator[Finding]:
    """A choice has a condition or a default on every way out."""
    out: dict[str, list[str]] = {}
    for flow in definition.flows.values():
        out.setdefault(flow.source, []).append(flow.id)
    for element in definition.elements.values():
        ways = [definition.flows[id] for id in out.get(element.id, [])]
        if element.type in ("exclusiveGateway", "inclusiveGateway") and len(ways) > 1:
            bare = [flow for flow in ways if flow.condition is None and not flow.default]
            if bare:
                message = f"у потока {bare[0].id} нет условия"
                yield _say(definition, element, "error", "gateway-condition", message, "Задайте условие или default")
            elif not any(flow.default for flow in ways):
                message = "если ни одно условие не выполнится, случай встанет"
                yield _say(definition, element, "warning", "gateway-default", message, "Назначьте поток по умолчанию")
        if element.type == "eventBasedGateway":
            for flow in ways:
                target = definition.elements[flow.target]
                if target.type not in ("intermediateCatchEvent", "receiveTask"):
                    message = f"за событийным шлюзом стоит {target.id}, а нужно событие"
                    yield _say(definition, element, "error", "event-gateway", message, "Поставьте событие")


def _deadlines(definition: Definition) -> Iterator[Finding]:
    """A deadline on a wait is a moment: a length would count from when the token came, not from the appeal."""
    for element in definition.elements.values():
        host = definition.elements.get(element.attached_to or "")
        timer = element.timer
        if host is None or timer is None or timer.kind != "duration":
            continue
        if host.type == "receiveTask" or host.message is not None:
            message = f"{timer.value.text} отсчитывается от прихода к {host.id}, а не от обращения"
            hint = "Вычислите момент (due_at) и поставьте timeDate"
            yield _say(definition, element, "error", "duration-on-wait", message, hint)


def _labels(definition: Definition) -> Iterator[Finding]:
    """Who reads the diagram finds a name in three languages and the clause of the instruction."""
    for id in definition.manifest.elements:
        if id not in definition.elements:
            message = f"elements.{id}: такого элемента в схеме нет"
            yield Finding("error", "manifest", "process.yaml", message, "Уберите или исправьте id", id)
    for element in definition.elements.values():
        facts = definition.manifest.elements.get(element.id)
        if element.name and (facts is None or not (facts.kk and facts.en and facts.clause)):
            message = "нет пункта инструкции или названий на казахском и английском"
            yield _say(definition, element, "warning", "labels", message, "Допишите elements в process.yaml")


def check_calls(definition: Definition, known: Mapping[str, Definition]) -> list[Finding]:
    """Calls reach a process that there is, hand over what it knows, and never come back to themselves."""
    findings = []
    for element in definition.elements.values():
        if element.called is None:
            continue
        called = known.get(element.called)
        if called is None:
            message = f"процесса {element.called} нет"
            findings.append(_say(definition, element, "error", "call", message, "Разверните его вместе с этим"))
            continue
        findings += _handed(definition, element, called)
        if _comes_back(definition.key, called, known):
            message = f"{element.called} вызывает в конце концов {definition.key}"
            findings.append(_say(definition, element, "error", "call-cycle", message, "Разорвите круг"))
    return findings


def _handed(definition: Definition, element: Element, called: Definition) -> Iterator[Finding]:
    for mapping in element.call_in:
        if mapping.target is None or mapping.value is None:
            continue
        variable = called.manifest.variables.get(mapping.target)
        if variable is None:
            message = f"у процесса {called.key} нет переменной {mapping.target}"
            yield _say(definition, element, "error", "call", message, "Исправьте target")
        elif not fits(mapping.value.type, variable.type):
            message = f"{mapping.target}: передаётся {mapping.value.type}, а объявлено {variable.type}"
            yield _say(definition, element, "error", "type", message, "Исправьте тип")
    for mapping in element.call_out:
        if mapping.target is None or mapping.value is None:
            continue
        for name in sorted(mapping.value.names - set(called.manifest.types)):
            message = f"у процесса {called.key} нет переменной {name}"
            yield _say(definition, element, "error", "call", message, "Исправьте source")


def _comes_back(key: str, called: Definition, known: Mapping[str, Definition]) -> bool:
    seen: set[str] = set()
    to_do = [called.key]
    while to_do:
        one = to_do.pop()
        if one == key:
            return True
        if one not in seen and one in known:
            seen.add(one)
            to_do.extend(known[one].calls)
    return False
