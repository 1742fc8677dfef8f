"""Who comes after whom in a process: the graph that every check of ways stands on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set

from kt_flows.engine.definition import Definition
from kt_flows.engine.dialect import Flow
from kt_flows.engine.links import linked

Graph = Mapping[str, set[str]]


def following(definition: Definition) -> dict[str, set[str]]:
    """Element to the elements that a token may come to from it, boundary events counted with their activity."""
    found: dict[str, set[str]] = {id: set() for id in definition.elements}
    for flow in definition.flows.values():
        found[flow.source].add(flow.target)
    for element in definition.elements.values():
        if element.attached_to:
            found[element.attached_to].add(element.id)
        found[element.id].update(id for id in element.handlers if id in definition.elements)
    for thrown, caught in linked(definition):
        found[thrown.id].add(caught.id)
    return found


def reach(graph: Graph, roots: Iterable[str], *, but: str | None = None) -> set[str]:
    """Everything that can be reached from the roots, themselves included, on ways that do not touch `but`."""
    seen: set[str] = set()
    to_do = list(roots)
    while to_do:
        id = to_do.pop()
        if id != but and id not in seen:
            seen.add(id)
            to_do.extend(graph.get(id, ()))
    return seen


def leaving(definition: Definition) -> dict[str, list[Flow]]:
    out: dict[str, list[Flow]] = {id: [] for id in definition.elements}
    for flow in definition.flows.values():
        out[flow.source].append(flow)
    return out


def before(graph: Graph) -> dict[str, set[str]]:
    """The same graph backwards."""
    found: dict[str, set[str]] = {id: set() for id in graph}
    for id, others in graph.items():
        for other in others:
            found[other].add(id)
    return found


def ways_into_joins(definition: Definition) -> dict[str, dict[str, set[str]]]:
    """For each flow into an inclusive gateway where a token that may come by it can be, the gateway not passed."""
    backwards = before(following(definition))
    found: dict[str, dict[str, set[str]]] = {
        id: {} for id, element in definition.elements.items() if element.type == "inclusiveGateway"
    }
    for flow in definition.flows.values():
        if flow.target in found:
            found[flow.target][flow.id] = reach(backwards, [flow.source], but=flow.target)
    return found


def awaited(into: Mapping[str, Set[str]], here: Set[str], element: str) -> bool:
    """Whether an inclusive join that has tokens by the flows `here` waits for one that is at `element`.

    It waits for a token that may still come by a flow which has none, unless that token may come by a flow which has
    one as well (BPMN 2.0.2, table 13.3): in a loop everything may come again, and two joins would wait for each
    other for ever.
    """
    may_come_by = {flow for flow, elements in into.items() if element in elements}
    return bool(may_come_by) and not may_come_by & here
