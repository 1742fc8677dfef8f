"""Stock SpiffWorkflow 3.2 under a safe scheduler: the oracle of the differential test and the bench's baseline.

Its own `do_engine_steps` takes its list of ready tasks once, so that what an interrupting event has just cancelled
still runs; here one task runs at a time, boundary events first.
"""

from __future__ import annotations

from typing import Any, ClassVar

from lxml import etree
from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnEvent, BpmnWorkflow
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.parser.event_parsers import BoundaryEventParser
from SpiffWorkflow.bpmn.parser.util import full_tag
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent
from SpiffWorkflow.bpmn.specs.event_definitions import MessageEventDefinition


class Rearmed(BoundaryEvent):
    """A non-interrupting boundary event that listens again after it has fired; stock's fires once."""

    def _on_complete_hook(self, my_task: Any) -> None:
        super()._on_complete_hook(my_task)
        if self.cancel_activity:
            return
        main = [task for task in my_task.parent.children if not isinstance(task.task_spec, BoundaryEvent)]
        if main and main[0].has_state(TaskState.NOT_FINISHED_MASK):
            again = my_task.parent._add_child(self, TaskState.MAYBE)
            again.triggered = True
            again._set_state(TaskState.WAITING)
            self._predict(again, mask=TaskState.NOT_FINISHED_MASK)
            self._update(again)


class Parser(BpmnParser):
    OVERRIDE_PARSER_CLASSES: ClassVar = {full_tag("boundaryEvent"): (BoundaryEventParser, Rearmed)}


def parsed(xml: bytes, key: str = "drawn") -> tuple[Any, Any]:
    parser = Parser()
    parser.add_bpmn_xml(etree.fromstring(xml))
    return parser.get_spec(key), parser.get_subprocess_specs(key)


class Stock:
    """One case on the stock engine."""

    def __init__(self, xml: bytes, variables: dict[str, Any]) -> None:
        self.workflow = BpmnWorkflow(*parsed(xml))
        self.workflow.task_tree.data.update(variables)
        self.run()

    @property
    def completed(self) -> bool:
        return bool(self.workflow.completed)

    def open(self) -> list[str]:
        """The user tasks that are ready, by element."""
        return sorted(task.task_spec.name for task in self.workflow.get_tasks(state=TaskState.READY, manual=True))

    def complete(self, name: str) -> None:
        self.workflow.get_next_task(spec_name=name, state=TaskState.READY).run()
        self.run()

    def send(self, message: str) -> None:
        self.workflow.send_event(BpmnEvent(MessageEventDefinition(message), {}))
        self.run()

    def run(self) -> None:
        while self._one():
            pass

    def _one(self) -> bool:
        ready = self.workflow.get_tasks(state=TaskState.READY, manual=False)
        if not ready:
            return False
        edge = next((task for task in ready if isinstance(task.task_spec, BoundaryEvent)), ready[0])
        edge.run()
        return True
