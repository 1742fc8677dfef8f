"""One case of a small diagram at a clock that stands still, and the pieces that such diagrams are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from kt_flows.engine import machine
from kt_flows.engine.definition import read_definition
from kt_flows.engine.program import Program, link
from kt_flows.engine.step import Step
from support.processes import chain, end, human, package, start

T0 = datetime(2026, 3, 2, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)


def program(body: str, *, others: Mapping[str, str] | None = None, errors: str = "", **declared: Any) -> Program:
    """A program from the body of a process `p` and of those that it calls; all share their declarations."""
    definitions = {}
    for key, inside in {"p": body, **(others or {})}.items():
        files = package(key, inside, **declared)
        folder = {path.removeprefix(f"{key}/"): data for path, data in files.items()}
        folder["process.bpmn"] = folder["process.bpmn"].replace(b"<bpmn:process", errors.encode() + b"<bpmn:process")
        definitions[key] = read_definition(folder)
    return link(definitions["p"], definitions)


class Case:
    """A case at a clock that stands still; every move goes through bytes."""

    def __init__(self, made: Program, **variables: Any) -> None:
        self.program, self.now = made, T0
        self.step = machine.begin(made, variables, now=T0, instance_id="case")
        self.trace = list(self.step.trace)

    def keep(self, step: Step) -> Case:
        again = machine.look(self.program, step.state, now=self.now)
        assert (again.state, again.tasks, again.timers, again.messages, again.jobs, again.incidents) == (
            step.state,
            step.tasks,
            step.timers,
            step.messages,
            step.jobs,
            step.incidents,
        )
        self.step = step
        self.trace += step.trace
        return self

    def done(self, element: str, **values: Any) -> Case:
        wait = next(task.wait for task in self.step.tasks if task.element_id == element)
        return self.keep(machine.complete(self.program, self.step.state, wait, values, now=self.now))

    def told(self, element: str, **payload: Any) -> Case:
        wait = next(one.wait for one in self.step.messages if one.element_id == element)
        return self.keep(machine.deliver(self.program, self.step.state, wait, payload, now=self.now))

    def after(self, length: timedelta) -> Case:
        self.now += length
        return self.keep(machine.tick(self.program, self.step.state, now=self.now))

    @property
    def open(self) -> list[str]:
        return sorted(task.element_id for task in self.step.tasks)

    @property
    def over(self) -> bool:
        return self.step.status == "completed"

    def entered(self, element: str) -> int:
        return sum(line.kind == "entered" and line.element_id == element for line in self.trace)


def task(id: str) -> str:
    return human(id, "people")


def gateway(kind: str, id: str, default: str = "") -> str:
    return f'<bpmn:{kind}Gateway id="{id}"{f" default={chr(34)}{default}{chr(34)}" if default else ""}/>'


def script(id: str, text: str, variable: str) -> str:
    return (
        f'<bpmn:scriptTask id="{id}" scriptFormat="cel" camunda:resultVariable="{variable}">'
        f"<bpmn:script>{text}</bpmn:script></bpmn:scriptTask>"
    )


def sub(id: str, body: str, attributes: str = "") -> str:
    return f'<bpmn:subProcess id="{id}" {attributes}>{body}</bpmn:subProcess>'


def call(id: str, mappings: str) -> str:
    inner = f"<bpmn:extensionElements>{mappings}</bpmn:extensionElements>"
    return f'<bpmn:callActivity id="{id}" calledElement="q">{inner}</bpmn:callActivity>'


CALLED = start() + task("inner") + end() + chain("start", "inner", "end")


ERROR_END = '<bpmn:endEvent id="end"><bpmn:errorEventDefinition id="d" errorRef="bad"/></bpmn:endEvent>'
THROW = (
    '<bpmn:intermediateThrowEvent id="throw">'
    '<bpmn:escalationEventDefinition id="d" escalationRef="up"/></bpmn:intermediateThrowEvent>'
)
ERROR = '<bpmn:error id="bad" name="bad" errorCode="B1"/><bpmn:escalation id="up" name="up" escalationCode="U1"/>'
