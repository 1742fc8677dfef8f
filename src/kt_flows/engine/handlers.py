"""Reads which activity undoes which: the associations that lead from a compensation event."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kt_flows.engine.allowed import LOOPED
from kt_flows.engine.marks import Marks, camunda, children, tag


class Handlers(Marks):
    """The compensation handlers of a process and of its sub-processes (BPMN 2.0.2, 10.7)."""

    def learn_handlers(self, holder: Any) -> None:
        """Learns the handlers of a scope before its elements are read: a handler sees what it undoes."""
        items = {item.get("id"): item for item in children(holder)}
        led: dict[str, list[str]] = {}
        for item in children(holder):
            if tag(item) == "association":
                led.setdefault(item.get("sourceRef", ""), []).append(item.get("targetRef", ""))
        for event in children(holder):
            if tag(event) != "boundaryEvent" or not any(
                tag(child) == "compensateEventDefinition" for child in children(event)
            ):
                continue
            id, undone = event.get("id", ""), items.get(event.get("attachedToRef"))
            self.handlers[id] = tuple(target for target in led.get(id, ()) if target in items)
            for handler in self.handlers[id] if undone is not None else ():
                self.seen_by_handlers[handler] = dict(_repeated(undone))


def _repeated(item: Any) -> Iterator[tuple[str, str]]:
    """The names that an activity's repetition gives to each of its instances."""
    for child in children(item):
        if tag(child) in LOOPED:
            yield "loopCounter", "int"
            if variable := camunda(child, "elementVariable"):
                yield variable, "any"
