"""A process as SpiffWorkflow's spec: its nodes, connected, with what the joins must know beforehand."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec

from kt_flows.engine.definition import Definition
from kt_flows.engine.dialect import Element, Flow
from kt_flows.engine.links import linked
from kt_flows.engine.spiff.hosts import Inside, Many, Repeating
from kt_flows.engine.spiff.nodes import Choice, Node, Pass, Race, Rule, Script, Some, Together
from kt_flows.engine.spiff.rounds import Rounds
from kt_flows.engine.spiff.undoing import Cancel, Undo
from kt_flows.engine.spiff.waiting import Catch, Human, Job
from kt_flows.engine.ways import ways_into_joins

KINDS: dict[str, type[Node]] = {
    "userTask": Human,
    "manualTask": Pass,
    "task": Pass,
    "serviceTask": Job,
    "sendTask": Job,
    "receiveTask": Catch,
    "scriptTask": Script,
    "businessRuleTask": Rule,
    "callActivity": Inside,
    "subProcess": Inside,
    "transaction": Inside,
    "startEvent": Pass,
    "endEvent": Pass,
    "intermediateCatchEvent": Catch,
    "intermediateThrowEvent": Pass,
    "boundaryEvent": Catch,
    "exclusiveGateway": Choice,
    "parallelGateway": Together,
    "inclusiveGateway": Some,
    "eventBasedGateway": Race,
}


class Graph(BpmnProcessSpec):
    """The nodes of one process by element id, built from the checked definition and never changed."""

    def __init__(self, definition: Definition) -> None:
        super().__init__(name=definition.key, description=definition.name)
        # Stock's own entry and exit, which an element called «Start» or «End» would collide with.
        self.task_specs.clear()
        self.definition = definition
        self.nodes: dict[str, Node] = {}
        self.defaults: dict[str, str] = {}
        self.event_starts: dict[str | None, list[Node]] = {}
        """Starts of the event sub-processes by the scope that they stand in."""
        self.undone_by: dict[str, Node] = {}
        """Activity to what undoes it, drawn at its edge."""
        self.undone_inside: dict[str, Node] = {}
        """Sub-process to the start of the event sub-process in it that undoes it."""
        self._entries: dict[str | None, list[Node]] = {}
        for element in definition.elements.values():
            self.nodes[element.id] = self._node(element)
        for element in definition.elements.values():
            self._place(element)
        for flow in definition.flows.values():
            source, target = self.nodes[flow.source], self.nodes[flow.target]
            source.flows.append((flow, target))
            target.incoming.append(flow.id)
            if flow.condition is not None:
                source.conditional.append(flow)
            if flow.default:
                self.defaults[flow.source] = flow.id
        self._link()
        self.before = ways_into_joins(definition)

    def _node(self, element: Element) -> Node:
        kind: type[Node] = KINDS[element.type]
        if element.topic is not None:
            kind = Job
        if element.type == "startEvent" and self._in_event_sub_process(element):
            kind = Catch
        if element.event == "link":
            kind = Pass
        if element.event in ("compensate", "cancel") and element.type in ("intermediateThrowEvent", "endEvent"):
            kind = Undo if element.event == "compensate" else Cancel
        if element.loop is None and element.repeat is None:
            return kind(self, element)
        around: type[Repeating] = Many if element.loop is not None else Rounds
        return around(self, element, kind(self, element, f"{element.id} (instance)"))

    def _in_event_sub_process(self, element: Element) -> bool:
        parent = self.definition.elements.get(element.parent or "")
        return parent is not None and parent.triggered_by_event

    def _place(self, element: Element) -> None:
        node = self.nodes[element.id]
        if element.undone_at_edge:
            self.undone_by[str(element.attached_to)] = self.nodes[element.handlers[0]]
        elif element.undone_inside:
            holder = self.definition.elements[str(element.parent)]
            self.undone_inside[str(holder.parent)] = node
        elif element.type == "boundaryEvent":
            self.nodes[str(element.attached_to)].boundaries.append(node)
        elif element.type == "startEvent" and self._in_event_sub_process(element):
            holder = self.definition.elements[str(element.parent)]
            self.event_starts.setdefault(holder.parent, []).append(node)
        elif element.type == "startEvent":
            self._entries.setdefault(element.parent, []).append(node)

    def _link(self) -> None:
        """A thrown link goes on at the catch of its name in the same scope, as if a flow led there."""
        for thrown, caught in linked(self.definition):
            flow = Flow(f"link:{thrown.id}", thrown.link or "", thrown.id, caught.id, None, thrown.line)
            self.nodes[thrown.id].flows.append((flow, self.nodes[caught.id]))

    def entry(self, message: str | None = None, start_element: str | None = None) -> Node:
        """Where a case begins: the named start, the one for the message, else the plain one, else the only one."""
        starts = self._entries.get(None, [])
        for node in starts:
            if node.element.id == start_element or (message and node.element.message == message):
                return node
        plain = [node for node in starts if node.element.event == "none"]
        return (plain or starts)[0]

    def inner_entry(self, id: str) -> Node:
        """Where a sub-process begins; an event sub-process goes on from its own start."""
        if id in self._entries:
            return self._entries[id][0]
        return next(node for nodes in self.event_starts.values() for node in nodes if node.element.parent == id)

    def serialize(self, *_: Any, **__: Any) -> Any:
        """A graph is never written: it is built again from the definition's bytes."""
        raise TypeError("a graph is built from its definition")
