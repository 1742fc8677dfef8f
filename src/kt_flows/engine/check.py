"""What the gate finds in processes that read well: dead ends, waits that count from the wrong moment, missing calls.

Messages are for analysts; docs/reference/check-rules.md has a heading for every rule.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping

from kt_flows.engine.calls import call_findings, message_findings, signal_findings
from kt_flows.engine.concurrent import concurrent_findings
from kt_flows.engine.coverage import table_findings
from kt_flows.engine.definition import Definition, is_drawing, read_definition, say
from kt_flows.engine.dialect import Element
from kt_flows.engine.packages import split_packages
from kt_flows.engine.paths import path_findings
from kt_flows.engine.tongues import text_findings
from kt_flows.engine.xml import read_xml
from kt_flows.errors import DiagramError, Finding


def check_packages(
    files: Mapping[str, bytes], known: Mapping[str, Definition] | None = None
) -> tuple[list[Definition], list[Finding]]:
    """Reads and checks every process folder among the files, with what is deployed already for their calls.

    Answers the processes that could be read and all findings, errors first; a drawing is only read.  What is
    deployed and calls one of these is checked too: its next case would run with the new version.
    """
    try:
        packages = split_packages(files)
    except DiagramError as error:
        return [], list(error.findings)
    read: dict[str, Definition] = {}
    findings: list[Finding] = []
    for folder, inside in sorted(packages.items()):
        try:
            if is_drawing(inside):
                _read_drawing(inside)
            else:
                read[folder] = read_definition(inside)
        except DiagramError as error:
            findings += [_in(folder, finding) for finding in error.findings]
    for folder, definition in read.items():
        if any(other.key == definition.key for home, other in read.items() if home < folder):
            finding = Finding("error", "process", definition.diagram, f"процесс {definition.key} есть в двух папках")
            findings.append(_in(folder, finding))
        findings += [_in(folder, finding) for finding in check_definition(definition)]
    fresh = {one.key: one for one in read.values()}
    together = {**(known or {}), **fresh}
    for folder, definition in read.items():
        findings += [_in(folder, finding) for finding in check_together(definition, together)]
    for caller in (known or {}).values():
        if caller.key not in fresh and caller.calls & fresh.keys():
            findings += [_in(caller.key, finding) for finding in call_findings(caller, together)]
    return list(read.values()), sorted(findings, key=_order)


def _order(finding: Finding) -> tuple[str, str, int, str, str]:
    return finding.severity, finding.file, finding.line or 0, finding.rule, finding.message


def _in(folder: str, finding: Finding) -> Finding:
    return finding if folder == "." else dataclasses.replace(finding, file=f"{folder}/{finding.file}")


def _read_drawing(files: Mapping[str, bytes]) -> None:
    for name, data in files.items():
        if not name.endswith((".bpmn", ".md", ".svg", ".png")):
            hint = "Процессу нужны process.yaml и исполняемая схема"
            raise DiagramError([Finding("error", "package", name, "у рисунка таких файлов нет", hint)])
        if name.endswith(".bpmn"):
            read_xml(data, name)


def check_definition(definition: Definition) -> list[Finding]:
    """Findings within one process."""
    findings = [finding for decision in definition.decisions.values() for finding in table_findings(decision)]
    paths = list(path_findings(definition))
    if not any(one.severity == "error" for one in paths):
        paths += concurrent_findings(definition)
    rest = [*_deadlines(definition), *_labels(definition), *_unused(definition), *text_findings(definition)]
    return sorted([*findings, *paths, *rest], key=_order)


def check_together(definition: Definition, known: Mapping[str, Definition]) -> list[Finding]:
    """Findings between a process and the others, by key; `known` has it too, and those that are deployed."""
    found = [*call_findings(definition, known), *message_findings(definition, known)]
    return sorted([*found, *signal_findings(definition, known)], key=_order)


def _deadlines(definition: Definition) -> Iterator[Finding]:
    """A deadline on a wait is a moment: a length would count from when the token came, not from the appeal."""
    for element, host in _deadlines_on_waits(definition):
        timer = element.timer
        if timer is None or timer.kind != "duration":
            continue
        message = f"{timer.value.text} отсчитывается от прихода к {host.id}, а не от обращения"
        hint = "Вычислите момент (due_at) из времени обращения и поставьте timeDate"
        yield say(definition, element, "duration-on-wait", message, hint)


def _deadlines_on_waits(definition: Definition) -> Iterator[tuple[Element, Element]]:
    """Timers with the wait for a message that they watch: on its boundary, on the sub-process around it, beside it
    behind an event-based gateway."""
    elements = definition.elements
    waits = {one.id for one in elements.values() if one.message and one.type in _MESSAGE_WAITS}
    waits |= {str(elements[id].parent) for id in waits if elements[id].parent}
    behind: dict[str, list[Element]] = {}
    for flow in definition.flows.values():
        source = elements.get(flow.source)
        if source is not None and source.type == "eventBasedGateway" and flow.target in elements:
            behind.setdefault(source.id, []).append(elements[flow.target])
    for element in elements.values():
        if element.timer is not None and element.attached_to in waits:
            yield element, elements[element.attached_to]
    for gateway, events in behind.items():
        if any(event.message for event in events):
            yield from ((event, elements[gateway]) for event in events if event.timer is not None)


_MESSAGE_WAITS = ("receiveTask", "intermediateCatchEvent")


def _labels(definition: Definition) -> Iterator[Finding]:
    """Who reads the diagram finds a name and the clause of the instruction; who speaks at a task is a person."""
    manifest = definition.manifest
    for id, facts in manifest.elements.items():
        if id not in definition.elements:
            message = f"elements.{id}: такого элемента в схеме нет"
            yield Finding("error", "manifest", "process.yaml", message, "Уберите или исправьте id", id)
        elif facts.say is not None and definition.elements[id].type != "userTask":
            message = f"elements.{id}.say: говорит только человек у своей задачи"
            yield Finding("error", "manifest", "process.yaml", message, "Перенесите к задаче человека", id)
    for element in definition.elements.values():
        told = manifest.elements.get(element.id)
        named = bool(element.name) or element.type == "userTask"
        if named and (told is None or not (element.name and told.clause)):
            message = "нет названия или пункта инструкции"
            yield say(definition, element, "labels", message, "Допишите elements в process.yaml", "warning")


def _unused(definition: Definition) -> Iterator[Finding]:
    """Forms, tables and texts that no element names: a slip of the pen, or left over."""
    elements = definition.elements.values()
    decided = {one.decision for one in elements} & definition.decisions.keys()
    decided = {made.id for id in decided for made in definition.decisions[str(id)].with_required()}
    for there, used, file in (
        (definition.forms, {one.form_key for one in elements}, "forms/{}.form"),
        (definition.decisions, decided, "{}"),
        (definition.texts, {one.template_id for one in elements}, "mail/{}.ru.txt"),
    ):
        for id in sorted(set(there) - used):
            message = f"{id}: ни один элемент этого не берёт"
            yield Finding("warning", "unused", file.format(id), message, "Уберите или назовите в схеме", id)
