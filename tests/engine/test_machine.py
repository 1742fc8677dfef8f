"""What the engine does beyond single elements and single traps: calls, errors, incidents, golden snapshots."""

from __future__ import annotations

from pathlib import Path

import pytest

from kt_flows.engine import machine
from support.cases import CALLED, ERROR, ERROR_END, HOUR, T0, THROW, Case, call, gateway, program, script, sub, task
from support.processes import boundary, chain, end, flow, message, start, timer

GOLDEN = Path(__file__).parent / "golden"


def test_an_error_from_inside_a_call_reaches_its_edge() -> None:
    inner = start() + task("inner") + ERROR_END
    inner += chain("start", "inner", "end")
    edge = boundary("edge", "c", '<bpmn:errorEventDefinition id="e" errorRef="bad"/>')
    body = (
        start()
        + call("c", "")
        + edge
        + task("h")
        + end()
        + end("end2")
        + chain("start", "c", "end")
        + chain("edge", "h", "end2")
    )
    case = Case(program(body, others={"q": inner}, errors=ERROR))
    assert case.done("inner").open == ["h"]


def test_a_non_interrupting_escalation_leaves_the_call_running() -> None:
    throw = THROW
    inner = start() + throw + task("inner") + end() + chain("start", "throw", "inner", "end")
    edge = boundary("edge", "c", '<bpmn:escalationEventDefinition id="e" escalationRef="up"/>', interrupting=False)
    body = (
        start()
        + call("c", "")
        + edge
        + task("h")
        + end()
        + end("end2")
        + chain("start", "c", "end")
        + chain("edge", "h", "end2")
    )
    case = Case(program(body, others={"q": inner}, errors=ERROR))
    assert case.open == ["h", "inner"]
    assert case.done("inner").done("h").over


def test_terminate_ends_its_own_scope_only() -> None:
    stop = '<bpmn:endEvent id="stop"><bpmn:terminateEventDefinition id="d"/></bpmn:endEvent>'
    inner = start() + gateway("parallel", "fork") + task("a") + task("b") + stop + end()
    inner += chain("start", "fork", "a", "stop") + chain("fork", "b", "end")
    body = start("begin") + sub("s", inner) + task("after") + end("finish") + chain("begin", "s", "after", "finish")
    assert Case(program(body)).done("a").open == ["after"]


def test_a_moved_deadline_moves_the_timer_on_the_edge() -> None:
    edge = boundary("due", "a", timer("due", "timeDate", "${due_at}"), interrupting=False)
    moved = boundary("moved", "a", message("m", "moved"), interrupting=False)
    body = start() + task("a") + edge + moved + task("h") + end() + end("end2") + end("end3")
    body += chain("start", "a", "end") + chain("due", "h", "end2") + flow("moved", "end3")
    declared = {"variables": {"due_at": "timestamp"}, "messages": {"m": {"payload": {"due_at": "timestamp"}}}}
    case = Case(program(body, **declared))
    assert case.step.timers == (), "a deadline that is not set yet is not armed"
    case.told("moved", due_at="2026-03-02T06:00:00Z")
    assert case.step.timers[0].due_at == T0 + HOUR
    case.told("moved", due_at="2026-03-02T08:00:00Z").after(2 * HOUR)
    assert case.open == ["a"]
    assert case.after(HOUR).open == ["a", "h"]


@pytest.mark.parametrize("place", ["entry", "gateway"])
def test_what_cannot_be_evaluated_is_an_incident_that_can_be_tried_again(place: str) -> None:
    body = start() + gateway("parallel", "fork") + task("other") + task("a") + end() + chain("fork", "other", "end")
    body += chain("start", "fork", "a")
    if place == "entry":
        body += script("count", "n + 1", "n") + chain("a", "count", "end")
    else:
        body += gateway("exclusive", "choice", "no") + flow("choice", "end", "${n + 1 &gt; 1}") + flow("a", "choice")
        body += end("end2") + '<bpmn:sequenceFlow id="no" sourceRef="choice" targetRef="end2"/>'
    case = Case(program(body, variables={"n": "int"})).done("a")
    [incident] = case.step.incidents
    assert incident.code == "expression.failed"
    assert case.open == ["other"], "the rest of the case goes on"
    again = machine.retry(case.program, case.step.state, incident.wait, now=T0)
    assert [one.wait for one in again.incidents] == [incident.wait]
    mended = machine.put(case.program, case.step.state, {"n": 1}, now=T0)
    case.keep(machine.retry(case.program, mended.state, incident.wait, now=T0))
    assert not case.step.incidents
    assert case.done("other").over


def test_a_thrown_message_is_a_job() -> None:
    inputs = (
        "<bpmn:extensionElements><camunda:inputOutput>"
        '<camunda:inputParameter name="correlation">${{"k": "1"}}</camunda:inputParameter>'
        "</camunda:inputOutput></bpmn:extensionElements>"
    )
    throw = f'<bpmn:intermediateThrowEvent id="t">{inputs}{message("m", "t")}</bpmn:intermediateThrowEvent>'
    case = Case(program(start() + throw + end() + chain("start", "t", "end"), messages={"m": {"payload": {}}}))
    [job] = case.step.jobs
    assert (job.kind, job.payload) == ("message.throw", {"name": "m", "correlation": {"k": "1"}})
    case.keep(machine.finish(case.program, case.step.state, job.wait, {"result": "delivered"}, now=T0))
    assert case.over


GOLDEN_BODY = (
    start()
    + sub(
        "s",
        start("s1") + gateway("parallel", "fork") + task("a") + call("c", '<camunda:in source="x" target="y"/>')
        + gateway("parallel", "join") + end("s2")
        + chain("s1", "fork", "a", "join", "s2") + chain("fork", "c", "join"),
    )
    + boundary("edge", "s", timer("edge", "timeDuration", "PT24H"), interrupting=False)
    + task("h") + end() + end("end2") + chain("start", "s", "end") + chain("edge", "h", "end2")
)  # fmt: skip


def test_states_of_earlier_releases_are_read_and_go_on() -> None:
    """Golden snapshots: files are only ever added here, one per state format and release."""
    made = program(GOLDEN_BODY, others={"q": CALLED}, variables={"x": "int", "y": "int"})
    files = sorted(GOLDEN.glob("*.json"))
    assert files
    for file in files:
        step = machine.look(made, file.read_bytes(), now=T0)
        assert sorted(one.element_id for one in step.tasks) == ["a", "inner"], file.name
        for name in ("a", "inner"):
            wait = next(one.wait for one in step.tasks if one.element_id == name)
            step = machine.complete(made, step.state, wait, {}, now=T0 + HOUR)
        assert step.status == "completed"
