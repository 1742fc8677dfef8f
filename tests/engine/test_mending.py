"""A person puts right what a token is stuck on, or goes past it; the scope is that of the element's own process."""

from __future__ import annotations

from copy import copy
from typing import Any

import pytest

from kt_flows.engine import machine
from kt_flows.engine.machine import ElementRefuses, NoSuchWait
from kt_flows.errors import InvalidValues
from support.cases import T0, Case, call, gateway, program, script, task
from support.processes import boundary, chain, end, flow, service, start

ASK = service("ask", "line.test", {"subscriber_id": "${who}"}, outputs={"ok": "${broadband_ok}"})
WORDS = {"who": "string", "ok": "bool", "n": "int"}
INSIDE = start() + ASK + task("after") + end() + chain("start", "ask", "after", "end")


def asking(**variables: Any) -> Case:
    return Case(program(INSIDE, variables=WORDS), **variables)


def nested() -> Case:
    body = start() + call("c", '<camunda:in source="who" target="who"/>') + end() + chain("start", "c", "end")
    return Case(program(body, others={"q": INSIDE}, variables=WORDS), who="S1")


def mend(case: Case, **given: Any) -> Case:
    given = {"variables": {}, "payload": {}, **given}
    wait = case.step.jobs[0].wait
    return copy(case).keep(machine.mend(case.program, case.step.state, wait, now=case.now, **given))


def skip(case: Case, result: dict[str, Any] | None = None) -> Case:
    waits = [*case.step.incidents, *case.step.jobs]
    return copy(case).keep(machine.skip(case.program, case.step.state, waits[0].wait, result, now=case.now))


def retry(case: Case, **variables: Any) -> Case:
    wait = case.step.incidents[0].wait
    return copy(case).keep(machine.retry(case.program, case.step.state, wait, variables, now=case.now))


def faults(error: pytest.ExceptionInfo[InvalidValues]) -> list[tuple[str, str]]:
    return [(one.field, one.code) for one in error.value.errors]


def test_variables_go_to_the_scope_of_the_element_and_its_inputs_are_read_anew() -> None:
    case = mend(nested(), variables={"who": "S2"})
    assert case.step.jobs[0].payload == {"subscriber_id": "S2"}
    assert case.step.variables["who"] == "S1"
    assert mend(asking(who="S1"), variables={"who": "S2"}).step.variables["who"] == "S2"


def test_a_payload_is_replaced_by_name_and_outlives_other_moves() -> None:
    case = mend(asking(who="S1"), payload={"subscriber_id": "S3"})
    assert case.step.jobs[0].payload == {"subscriber_id": "S3"}
    assert case.step.variables["who"] == "S1"
    both = mend(case, variables={"who": "S4", "n": 1}, payload={"subscriber_id": "S5"})
    assert both.step.jobs[0].payload == {"subscriber_id": "S5"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"variables": {"who": 1}}, [("variables.who", "type")]),
        ({"variables": {"nobody": 1}}, [("variables.nobody", "unknown")]),
        ({"payload": {"phone": "1"}}, [("payload.phone", "unknown")]),
        ({"payload": {"subscriber_id": {}}}, [("payload.subscriber_id", "type")]),
    ],
)
def test_what_is_not_declared_is_refused(given: dict[str, Any], said: list[tuple[str, str]]) -> None:
    with pytest.raises(InvalidValues) as error:
        mend(asking(who="S1"), **given)
    assert faults(error) == said


def test_a_job_is_skipped_as_if_it_had_answered() -> None:
    case = skip(asking(who="S1"), {"broadband_ok": True})
    assert case.step.variables["ok"] is True
    assert [one.element_id for one in case.step.tasks] == ["after"]
    assert skip(asking(who="S1")).step.variables["ok"] is None
    for result, said in (({"broadband_ok": "yes"}, "type"), ({"x": 1}, "unknown")):
        with pytest.raises(InvalidValues) as error:
            skip(asking(who="S1"), result)
        assert faults(error)[0][1] == said


def test_a_result_that_the_element_does_not_take_leaves_all_as_it_is() -> None:
    wants = service("ask", "line.test", {"subscriber_id": "${who}"}, outputs={"n": "${size(string(tested_at))}"})
    case = Case(program(start() + wants + end() + chain("start", "ask", "end"), variables=WORDS), who="S1")
    with pytest.raises(ElementRefuses, match="ask"):
        skip(case, {"broadband_ok": True})
    assert skip(case, {"tested_at": "2026-03-02T10:00:00Z"}).step.status == "completed"


def test_an_activity_that_cannot_do_its_work_is_passed() -> None:
    body = start() + script("work", "1 / n", "n") + task("after") + end() + chain("start", "work", "after", "end")
    case = Case(program(body, variables=WORDS), n=0)
    assert [one.element_id for one in case.step.incidents] == ["work"]
    past = skip(case)
    assert ([one.element_id for one in past.step.tasks], past.step.variables["n"]) == (["after"], 0)
    assert retry(case, n=1).step.variables["n"] == 1
    with pytest.raises(InvalidValues):
        skip(case, {"n": 1})
    with pytest.raises(InvalidValues):
        retry(case, m=1)


def test_a_call_whose_inputs_cannot_be_read_is_passed_or_answered() -> None:
    bad = service("ask", "line.test", {"subscriber_id": "${string(1 / n)}"}, outputs={"ok": "${broadband_ok}"})
    case = Case(program(start() + bad + end() + chain("start", "ask", "end"), variables=WORDS), n=0)
    assert skip(case).step.variables.get("ok") is None
    assert skip(case, {"broadband_ok": True}).step.variables["ok"] is True


def test_a_sub_case_that_cannot_hand_over_is_passed_with_what_it_holds() -> None:
    out = '<camunda:out sourceExpression="${1 / n}" target="n"/>'
    body = start() + call("c", out) + task("after") + end() + chain("start", "c", "after", "end")
    inside = start() + end() + chain("start", "end")
    case = Case(program(body, others={"q": inside}, variables=WORDS), n=0)
    assert [one.element_id for one in case.step.incidents] == ["c"]
    with pytest.raises(ElementRefuses):  # what it has done is done: only its way on is missing
        skip(case)


def test_there_is_no_way_past_a_gateway_or_an_event() -> None:
    body = (
        start()
        + gateway("exclusive", "which")
        + task("a")
        + task("b")
        + end()
        + chain("start", "which")
        + flow("which", "a", "${1 / n == 1}")
        + flow("which", "b", "${1 / n == 2}")
        + chain("a", "end")
        + chain("b", "end")
    )
    case = Case(program(body, variables=WORDS), n=0)
    with pytest.raises(ElementRefuses, match="which"):
        skip(case)
    assert [one.element_id for one in retry(case, n=1).step.tasks] == ["a"]
    wrong = (
        '<bpmn:timerEventDefinition id="t"><bpmn:timeDuration>${d}</bpmn:timeDuration></bpmn:timerEventDefinition>'
    )
    body = (
        start() + task("a") + boundary("late", "a", wrong) + end() + chain("start", "a", "end") + chain("late", "end")
    )
    edge = Case(program(body, variables={"d": "string"}), d="tomorrow")
    with pytest.raises(ElementRefuses, match="late"):
        skip(edge)
    assert len(retry(edge, d="PT1H").step.timers) == 1


def test_what_no_longer_waits_is_not_mended() -> None:
    case = asking(who="S1")
    wait = case.step.jobs[0].wait
    done = skip(case)
    for late in (
        lambda: machine.mend(done.program, done.step.state, wait, variables={}, payload={}, now=T0),
        lambda: machine.skip(done.program, done.step.state, wait, None, now=T0),
        lambda: machine.retry(done.program, done.step.state, wait, {}, now=T0),
    ):
        with pytest.raises(NoSuchWait):
            late()
