"""Two branches that go at the same time and write one variable: the later write stands, and an analyst should know.

One that adds to what is there (`log + [line]`) loses nothing, since a case is moved by one at a time; nor do two that
write the same expression.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from kt_flows.engine.definition import Definition, say
from kt_flows.engine.dialect import Element, Flow
from kt_flows.engine.ways import following, leaving, reach
from kt_flows.errors import Finding

Write = tuple[str, str]
"""Variable, and the text of what is written (empty where it comes from outside)."""
Written = Mapping[str, list[tuple[str, Write]]]
"""Element to what it and all that it holds write, each with the id of who writes."""
Branches = list[set[str]]
"""Sets of elements: one of each may be active while one of another is."""


def concurrent_findings(definition: Definition) -> Iterator[Finding]:
    """Warnings, one per variable; `concurrent: last` at the variable says that it is meant."""
    told = {name for name, variable in definition.manifest.variables.items() if variable.concurrent == "last"}
    written = _written(definition)
    clashes = itertools.chain(
        *(_clashes(branches, written) for branches in _together(definition)),
        *(
            _with_itself(id, written)
            for id, one in definition.elements.items()
            if one.loop and not one.loop.sequential
        ),
    )
    for name, first, second in clashes:
        if name not in told:
            told.add(name)
            message = f"{name} меняют {first} и {second}, которые могут идти одновременно: "
            message += "останется то, что записано последним"
            hint = f"Дайте им разные переменные или напишите у {name} в process.yaml concurrent: last"
            yield say(definition, definition.elements[second], "concurrent-write", message, hint, "warning")


def _clashes(branches: Branches, written: Written) -> Iterator[tuple[str, str, str]]:
    """Variable and two that write it in different branches and differently, at most one pair for each variable."""
    seen: dict[str, dict[tuple[str, str], int]] = defaultdict(lambda: defaultdict(int))
    for number, branch in enumerate(branches):
        for id in sorted(branch):
            for who, (name, text) in written[id]:
                seen[name][who, text] |= 1 << number
    for name, writers in seen.items():
        alike: dict[tuple[str, int], str] = {}  # many writers of one text in the same branches are as one
        for (who, text), where in writers.items():
            alike.setdefault((text, where), who)
        if len(alike) == 1:
            continue
        for ((text, where), who), ((other, there), whom) in itertools.combinations(alike.items(), 2):
            if (not text or text != other) and where & ~there and there & ~where:
                yield name, who, whom
                break


def _with_itself(id: str, written: Written) -> Iterator[tuple[str, str, str]]:
    """Instances that go side by side write the same variables."""
    for who, (name, _) in sorted(written[id]):
        yield name, who, who


def _written(definition: Definition) -> Written:
    found: dict[str, list[tuple[str, Write]]] = {}
    for element in reversed(list(definition.elements.values())):  # a sub-process stands before what it holds
        found.setdefault(element.id, []).extend((element.id, write) for write in _writes(definition, element))
        if element.parent is not None:
            found.setdefault(element.parent, []).extend(found[element.id])
    return found


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


def _together(definition: Definition) -> Iterator[Branches]:
    graph, ways = following(definition), leaving(definition)

    def after(split: str, starts: Iterable[str]) -> set[str]:
        return reach(graph, starts, but=split)

    for element in definition.elements.values():
        yield [after(element.id, [way]) for way in _at_once(element, ways[element.id])]
    for host, edges in _edges(definition).items():
        on = {host} | after(host, [flow.target for flow in ways[host]])
        yield [on, *({edge} | after(host, [flow.target for flow in ways[edge]]) for edge in edges)]
    for scope, started in _events_beside(definition).items():
        yield [
            {id for id, one in definition.elements.items() if one.parent == scope} - set(started),
            *({id} for id in started),
        ]


def _at_once(element: Element, ways: list[Flow]) -> list[str]:
    """The ends of the flows by which tokens may leave at once."""
    if element.type in ("exclusiveGateway", "eventBasedGateway"):
        return []
    return [flow.target for flow in ways if element.type == "parallelGateway" or not flow.default]


def _edges(definition: Definition) -> dict[str, list[str]]:
    """Activity to the events at its edge that leave it going."""
    found: dict[str, list[str]] = defaultdict(list)
    for element in definition.elements.values():
        if element.type == "boundaryEvent" and not element.interrupting and element.attached_to:
            found[element.attached_to].append(element.id)
    return found


def _events_beside(definition: Definition) -> dict[str | None, list[str]]:
    """Scope to its event sub-processes that leave it going."""
    found: dict[str | None, list[str]] = defaultdict(list)
    for element in definition.elements.values():
        holder = definition.elements.get(element.parent or "")
        if element.type == "startEvent" and not element.interrupting and holder is not None:
            found[holder.parent].append(holder.id)
    return found
