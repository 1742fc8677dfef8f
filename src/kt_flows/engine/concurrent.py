"""Two branches that go at the same time and write one variable: the later write stands, and an analyst should know.

One that adds to what is there (`log + [line]`) loses nothing, since a case is moved by one at a time; nor do two that
write the same expression.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator

from kt_flows.engine.definition import Definition, say
from kt_flows.engine.dialect import Element, Flow
from kt_flows.engine.ways import following, leaving, reach
from kt_flows.errors import Finding

Write = tuple[str, str]
"""Variable, and the text of what is written (empty where it comes from outside)."""
Pair = tuple[set[str], set[str]]


def concurrent_findings(definition: Definition) -> Iterator[Finding]:
    """Warnings, one per variable; `concurrent: last` at the variable says that it is meant."""
    told = {name for name, variable in definition.manifest.variables.items() if variable.concurrent == "last"}
    writes = {id: list(_writes(definition, element)) for id, element in definition.elements.items()}
    for one, other in _together(definition):
        for first, second in itertools.product(sorted(one), sorted(other)):
            for (name, text), (again, other_text) in itertools.product(writes[first], writes[second]):
                differs = first == second or not text or text != other_text
                if name == again and name not in told and differs:
                    told.add(name)
                    message = f"{name} меняют {first} и {second}, которые могут идти одновременно: "
                    message += "останется то, что записано последним"
                    hint = f"Дайте им разные переменные или напишите у {name} в process.yaml concurrent: last"
                    finding = say(definition, definition.elements[second], "concurrent-write", message, hint)
                    yield dataclasses.replace(finding, severity="warning")


def _writes(definition: Definition, element: Element) -> Iterator[Write]:
    """What the element sets, but for what only adds to the value that is there."""
    for name, template in element.outputs:
        if name not in template.names:
            yield name, template.text
    for mapping in element.call_out:
        if mapping.target and mapping.value is not None:
            yield mapping.target, ""
    for caught in (element.error_code_variable, element.error_message_variable):
        if caught:
            yield caught, ""
    if element.outputs:
        return
    if element.result_variable and (element.script is None or element.result_variable not in element.script.names):
        yield element.result_variable, element.script.text if element.script is not None else ""
    if element.form_key in definition.forms and element.type == "userTask":
        yield from ((name, "") for name in definition.forms[str(element.form_key)].variables)
    catches = element.type not in ("intermediateThrowEvent", "endEvent")
    if element.message and catches:
        yield from ((name, "") for name in definition.manifest.messages[element.message].payload)
    if element.signal and catches:
        yield from ((name, "") for name in definition.manifest.signals[element.signal].payload)


def _together(definition: Definition) -> Iterator[Pair]:
    """Sets of elements of which one may be active while one of the other is."""
    graph, ways = following(definition), leaving(definition)

    def region(split: str, starts: list[str]) -> set[str]:
        without = {**graph, split: set()}
        return reach(without, starts) - {split}

    def apart(one: set[str], other: set[str]) -> Pair:
        return _inside(definition, one - other), _inside(definition, other - one)

    for element in definition.elements.values():
        for left, right in itertools.combinations(ways[element.id], 2):
            if _both(element, left, right):
                yield apart(region(element.id, [left.target]), region(element.id, [right.target]))
        if element.type == "boundaryEvent" and not element.interrupting and element.attached_to:
            host = element.attached_to
            on = {host} | region(host, [flow.target for flow in ways[host]])
            yield apart(on, region(host, [flow.target for flow in ways[element.id]]) | {element.id})
        holder = definition.elements.get(element.parent or "")
        if element.type == "startEvent" and not element.interrupting and holder is not None:
            beside = {one.id for one in definition.elements.values() if one.parent == holder.parent} - {holder.id}
            yield apart(beside, {holder.id})
        if element.loop is not None and not element.loop.sequential:
            each = _inside(definition, {element.id})
            yield each, each


def _both(element: Element, one: Flow, other: Flow) -> bool:
    """Whether a token may leave by both flows at once."""
    if element.type in ("exclusiveGateway", "eventBasedGateway"):
        return False
    return element.type == "parallelGateway" or not (one.default or other.default)


def _inside(definition: Definition, ids: set[str]) -> set[str]:
    """The elements with all that they hold."""
    found = set(ids)
    for element in definition.elements.values():  # a sub-process stands before what it holds
        if element.parent in found:
            found.add(element.id)
    return found
