"""Each element, and each place where stock SpiffWorkflow goes wrong, by one small diagram."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from kt_flows.engine import machine
from kt_flows.engine.definition import read_definition
from kt_flows.engine.program import Program, link
from kt_flows.engine.step import Step
from support.processes import boundary, chain, end, flow, human, message, package, start, timer

T0 = datetime(2026, 3, 2, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
GOLDEN = Path(__file__).parent / "golden"


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


def test_what_an_interrupting_event_cancels_does_not_run() -> None:
    """Seam fact 1: stock's list of ready tasks is taken once."""
    body = start() + gateway("parallel", "fork") + task("a") + task("b") + boundary("edge", "a", message("m", "edge"))
    body += (
        end() + end("end2") + chain("start", "fork", "a", "end") + chain("fork", "b", "end") + flow("edge", "end2")
    )
    case = Case(program(body, messages={"m": {"payload": {}}}))
    case.told("edge")
    assert case.open == ["b"]
    assert case.done("b").over


def test_a_non_interrupting_message_listens_again() -> None:
    """Seam fact 3."""
    body = start() + task("a") + boundary("edge", "a", message("m", "edge"), interrupting=False) + task("h")
    body += end() + end("end2") + chain("start", "a", "end") + chain("edge", "h", "end2")
    case = Case(program(body, messages={"m": {"payload": {}}}))
    case.told("edge").told("edge")
    assert case.open == ["a", "h", "h"]
    assert case.done("a").done("h").done("h").over


def test_a_loop_costs_no_state_and_never_gets_lost() -> None:
    """Seam fact 4: stock loses a loop at depth 1,000."""
    body = start() + gateway("exclusive", "merge") + task("a") + script("count", "n + 1", "n")
    body += gateway("exclusive", "choice", "leave") + end() + chain("start", "merge", "a", "count", "choice")
    body += flow("choice", "merge", "${n &lt; 1200}")
    body += '<bpmn:sequenceFlow id="leave" sourceRef="choice" targetRef="end"/>'
    case = Case(program(body, variables={"n": "int"}), n=0)
    sizes = []
    while not case.over:
        wait = case.step.tasks[0].wait
        case.step = machine.complete(case.program, case.step.state, wait, {}, now=T0)
        sizes.append(len(case.step.state))
    assert case.step.variables["n"] == 1200
    assert max(sizes) - min(sizes[:10]) < 20


def test_a_parallel_join_in_a_loop_takes_a_token_of_each_flow() -> None:
    """Seam fact 5: stock's fires after one token in round two."""
    body = start() + gateway("exclusive", "merge") + gateway("parallel", "fork") + task("a") + task("b")
    body += (
        gateway("parallel", "join") + script("count", "n + 1", "n") + gateway("exclusive", "choice", "leave") + end()
    )
    body += chain("start", "merge", "fork", "a", "join", "count", "choice") + chain("fork", "b", "join")
    body += flow("choice", "merge", "${n &lt; 3}")
    body += '<bpmn:sequenceFlow id="leave" sourceRef="choice" targetRef="end"/>'
    case = Case(program(body, variables={"n": "int"}), n=0)
    for order in ("ab", "ba", "ab"):
        for name in order:
            assert case.open == sorted(case.open)
            case.done(name)
    assert case.over
    assert case.step.variables["n"] == 3


@pytest.mark.parametrize("chosen", [{"a"}, {"a", "b"}, {"a", "b", "c"}])
def test_an_inclusive_join_waits_for_those_that_can_come(chosen: set[str]) -> None:
    body = start() + gateway("inclusive", "fork") + "".join(task(name) for name in "abc")
    body += (
        gateway("inclusive", "join") + task("after") + end() + flow("start", "fork") + chain("join", "after", "end")
    )
    body += "".join(flow("fork", name, f"${{v{name} == true}}") + flow(name, "join") for name in "abc")
    case = Case(
        program(body, variables={f"v{name}": "bool" for name in "abc"}), **{f"v{n}": n in chosen for n in "abc"}
    )
    for name in sorted(chosen):
        assert "after" not in case.open
        case.done(name)
    assert case.open == ["after"]


def test_several_and_conditional_flows_straight_out_of_a_task() -> None:
    """Seam fact 6."""
    body = start() + task("a") + task("x") + task("y") + task("z") + end()
    body += chain("start", "a") + flow("a", "x") + flow("a", "y", "${n &gt; 1}") + flow("a", "z", "${n &gt; 5}")
    body += chain("x", "end") + chain("y", "end") + chain("z", "end")
    case = Case(program(body, variables={"n": "int"}), n=3)
    assert case.done("a").open == ["x", "y"]


def test_the_right_one_of_two_timers_behind_an_event_gateway_fires() -> None:
    """Seam fact 6: stock keeps one slot for both."""
    body = start() + gateway("eventBased", "race") + task("a") + task("b") + end()
    for id, length in (("day", "PT24H"), ("hour", "PT1H")):
        event = timer(id, "timeDuration", length)
        body += f'<bpmn:intermediateCatchEvent id="{id}">{event}</bpmn:intermediateCatchEvent>'
    body += chain("start", "race", "day", "a", "end") + chain("race", "hour", "b", "end")
    assert Case(program(body)).after(2 * HOUR).open == ["b"]


CALLED = start() + task("inner") + end() + chain("start", "inner", "end")


def call(id: str, mappings: str) -> str:
    inner = f"<bpmn:extensionElements>{mappings}</bpmn:extensionElements>"
    return f'<bpmn:callActivity id="{id}" calledElement="q">{inner}</bpmn:callActivity>'


def test_a_call_has_a_scope_of_its_own_and_shows_what_it_would_hand_over() -> None:
    """Seam fact 7; decision 0004."""
    mapped = '<camunda:in source="x" target="y"/><camunda:out source="y" target="z"/>'
    body = start() + call("c", mapped) + end() + chain("start", "c", "end")
    case = Case(program(body, others={"q": CALLED}, variables={"x": "int", "y": "int", "z": "int"}), x=41)
    assert case.step.variables == {"x": 41, "z": 41}
    case.done("inner", y=42)
    assert case.over
    assert case.step.variables == {"x": 41, "z": 42}


ERROR_END = '<bpmn:endEvent id="end"><bpmn:errorEventDefinition id="d" errorRef="bad"/></bpmn:endEvent>'
THROW = (
    '<bpmn:intermediateThrowEvent id="throw">'
    '<bpmn:escalationEventDefinition id="d" escalationRef="up"/></bpmn:intermediateThrowEvent>'
)
ERROR = '<bpmn:error id="bad" name="bad" errorCode="B1"/><bpmn:escalation id="up" name="up" escalationCode="U1"/>'


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


def test_an_error_that_nobody_catches_is_an_incident() -> None:
    """Seam fact 8: stock ends as if nothing was wrong."""
    body = start() + task("a") + ERROR_END
    case = Case(program(body + chain("start", "a", "end"), errors=ERROR)).done("a")
    assert [(one.element_id, one.code) for one in case.step.incidents] == [("end", "error.uncaught")]
    assert not case.over


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


@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("place", ["process", "sub-process", "call"])
def test_event_sub_processes_listen_in_every_scope(place: str, interrupting: bool) -> None:
    """Seam fact 2: in stock an interrupting one does not interrupt, and inside a call it does not listen."""
    begins = start("heard", message("m", "heard"), f'isInterrupting="{str(interrupting).lower()}"')
    handler = sub(
        "handler", begins + task("h") + end("end3") + chain("heard", "h", "end3"), 'triggeredByEvent="true"'
    )
    inside = start() + task("a") + end() + chain("start", "a", "end") + handler
    declared: dict[str, Any] = {"messages": {"m": {"payload": {}}}}
    if place == "process":
        made = program(inside, **declared)
    elif place == "sub-process":
        outer = start("begin") + sub("s", inside) + end("finish") + chain("begin", "s", "finish")
        made = program(outer, **declared)
    else:
        outer = start("begin") + call("c", "") + end("finish") + chain("begin", "c", "finish")
        made = program(outer, others={"q": inside}, **declared)
    case = Case(made).told("heard")
    assert case.open == (["h"] if interrupting else ["a", "h"])
    for name in case.open:
        case.done(name)
    assert case.over
    assert Case(made).step.messages, "and the next case listens as the first did"


def test_terminate_ends_its_own_scope_only() -> None:
    stop = '<bpmn:endEvent id="stop"><bpmn:terminateEventDefinition id="d"/></bpmn:endEvent>'
    inner = start() + gateway("parallel", "fork") + task("a") + task("b") + stop + end()
    inner += chain("start", "fork", "a", "stop") + chain("fork", "b", "end")
    body = start("begin") + sub("s", inner) + task("after") + end("finish") + chain("begin", "s", "after", "finish")
    assert Case(program(body)).done("a").open == ["after"]


@pytest.mark.parametrize("sequential", [True, False])
def test_multi_instance_with_a_completion_condition(sequential: bool) -> None:
    loop = (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}" '
        'camunda:collection="people" camunda:elementVariable="person"><bpmn:completionCondition>'
        "${nrOfCompletedInstances == 2}</bpmn:completionCondition></bpmn:multiInstanceLoopCharacteristics>"
    )
    body = start() + f'<bpmn:userTask id="ask" camunda:candidateGroups="${{string(person)}}">{loop}</bpmn:userTask>'
    body += task("after") + end() + chain("start", "ask", "after", "end")
    case = Case(program(body, variables={"people": "list(string)"}), people=["x", "y", "z"])
    assert len(case.open) == (1 if sequential else 3)
    assert case.step.tasks[0].groups == ("x",)
    case.done("ask").done("ask")
    assert case.open == ["after"]


def test_a_completion_after_an_interrupting_deadline_has_lost() -> None:
    """Seam fact 16: in stock it wins when timers are looked at too late."""
    body = start() + task("a") + boundary("late", "a", timer("late", "timeDuration", "PT1H")) + task("h") + end()
    case = Case(program(body + end("end2") + chain("start", "a", "end") + chain("late", "h", "end2")))
    wait = case.step.tasks[0].wait
    with pytest.raises(machine.NoSuchWait):
        machine.complete(case.program, case.step.state, wait, {}, now=T0 + 2 * HOUR)
    assert case.after(2 * HOUR).open == ["h"]


def test_missed_turns_of_a_cycle_collapse_into_one() -> None:
    body = start() + task("a") + boundary("tick", "a", timer("tick", "timeCycle", "R/PT1H"), interrupting=False)
    body += task("h") + end() + end("end2") + chain("start", "a", "end") + chain("tick", "h", "end2")
    case = Case(program(body)).after(5 * HOUR + HOUR / 2)
    assert case.open == ["a", "h"]
    assert case.step.timers[0].due_at == T0 + 6 * HOUR


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


def test_elements_called_start_and_end_are_nothing_special() -> None:
    """Seam fact 13: in stock they make a silently empty process."""
    body = start("Start") + task("a") + end("End") + chain("Start", "a", "End")
    assert Case(program(body)).open == ["a"]


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


def test_no_uploaded_text_reaches_pythons_evaluators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seam fact 11: stock evaluates scripts, conditions, timers and loops as Python."""
    body = (
        start()
        + script("count", "n + 1", "n")
        + task("a")
        + gateway("exclusive", "choice", "no")
        + end()
        + end("end2")
    )
    body += chain("start", "count", "a", "choice") + flow("choice", "end", "${n == 2}")
    body += '<bpmn:sequenceFlow id="no" sourceRef="choice" targetRef="end2"/>'
    made = program(body, variables={"n": "int"})

    def forbidden(*_: Any, **__: Any) -> None:
        raise AssertionError("an evaluator of Python was called")

    for name in ("eval", "exec", "compile"):
        monkeypatch.setattr(builtins, name, forbidden)
    step = machine.begin(made, {"n": 1}, now=T0, instance_id="case")
    step = machine.complete(made, step.state, step.tasks[0].wait, {}, now=T0)
    monkeypatch.undo()
    assert step.end_elements == ("end",)


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
