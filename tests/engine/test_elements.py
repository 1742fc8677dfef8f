"""Signals, conditions, links, standard loops, lanes and several starts, by one small diagram each."""

from __future__ import annotations

from typing import Any

import pytest

from kt_flows.engine import machine
from kt_flows.engine.check import check_packages
from kt_flows.engine.program import Program
from kt_flows.errors import DiagramError
from support.cases import HOUR, Case, program
from support.processes import boundary, chain, end, flow, human, package, start, timer

ALARM = '<bpmn:signalEventDefinition id="{}_signal" signalRef="alarm"/>'
SIGNALS = {"signals": {"alarm": {"payload": {"level": "int"}}}}
LEVEL = {"level": "int", "ready": "bool", "rounds": "int", "due": "string"}


def made(body: str) -> Program:
    return program(body, variables=LEVEL, more=SIGNALS)


def event(kind: str, id: str, inner: str) -> str:
    return f'<bpmn:{kind} id="{id}" name="{id}">{inner}</bpmn:{kind}>'


def condition(id: str, text: str) -> str:
    return (
        f'<bpmn:conditionalEventDefinition id="{id}_condition"><bpmn:condition xsi:type="bpmn:tFormalExpression">'
        f"${{{text}}}</bpmn:condition></bpmn:conditionalEventDefinition>"
    )


def link(id: str, name: str) -> str:
    return f'<bpmn:linkEventDefinition id="{id}_link" name="{name}"/>'


def sent(case: Case, **payload: Any) -> Case:
    waits = [wait.wait for wait in case.step.signals]
    return case.keep(machine.signal(case.program, case.step.state, waits, payload, now=case.now))


def put(case: Case, **variables: Any) -> Case:
    return case.keep(machine.put(case.program, case.step.state, variables, now=case.now))


def open_tasks(case: Case) -> list[str]:
    return sorted(task.element_id for task in case.step.tasks)


def test_a_signal_reaches_every_place_that_waits_and_brings_its_payload() -> None:
    both = '<bpmn:parallelGateway id="g"/>'
    catches = event("intermediateCatchEvent", "a", ALARM.format("a")) + event(
        "intermediateCatchEvent", "b", ALARM.format("b")
    )
    body = start() + both + catches + end("x") + end("y") + chain("start", "g", "a", "x") + chain("g", "b", "y")
    case = Case(made(body))
    assert [wait.name for wait in case.step.signals] == ["alarm", "alarm"]
    sent(case, level=3)
    assert (case.step.status, case.step.variables["level"]) == ("completed", 3)


@pytest.mark.parametrize("interrupting", [True, False])
def test_a_signal_at_the_edge(interrupting: bool) -> None:
    edge = boundary("edge", "work", ALARM.format("edge"), interrupting=interrupting)
    body = start() + human("work", "w") + edge + human("look", "w") + end() + end("over")
    case = Case(made(body + chain("start", "work", "end") + chain("edge", "look", "over")))
    sent(case)
    assert open_tasks(case) == (["look"] if interrupting else ["look", "work"])
    if not interrupting:  # it listens again
        sent(case)
        assert open_tasks(case) == ["look", "look", "work"]
    else:
        assert case.step.signals == ()


def test_a_signal_that_reaches_nobody_any_more() -> None:
    body = start() + event("intermediateCatchEvent", "a", ALARM.format("a")) + end() + chain("start", "a", "end")
    case = Case(made(body))
    [wait] = case.step.signals
    sent(case)
    with pytest.raises(machine.NoSuchWait):
        machine.signal(case.program, case.step.state, [wait.wait], {}, now=case.now)


def test_a_thrown_signal_is_a_job() -> None:
    body = start() + event("intermediateThrowEvent", "t", ALARM.format("t")) + end() + chain("start", "t", "end")
    case = Case(made(body))
    assert [(job.kind, job.payload["name"]) for job in case.step.jobs] == [("signal.throw", "alarm")]


def test_the_first_of_a_signal_and_a_timer_behind_a_gateway() -> None:
    race = '<bpmn:eventBasedGateway id="race"/>'
    late = event("intermediateCatchEvent", "late", timer("late", "timeDuration", "PT1H"))
    body = start() + race + late + event("intermediateCatchEvent", "a", ALARM.format("a")) + end("x") + end("y")
    case = Case(made(body + chain("start", "race", "a", "x") + chain("race", "late", "y")))
    sent(case)
    assert (case.step.end_elements, case.step.timers) == (("x",), ())


def test_a_condition_fires_when_it_turns_true_whoever_changes_the_variable() -> None:
    body = start() + event("intermediateCatchEvent", "c", condition("c", "level &gt; 2")) + end()
    case = Case(made(body + chain("start", "c", "end")))
    put(case, level=2)
    assert case.step.status == "active"
    assert put(case, level=3).step.status == "completed"


def test_a_condition_that_is_true_at_once_fires_at_once() -> None:
    body = start() + event("intermediateCatchEvent", "c", condition("c", "level &gt; 2")) + end()
    assert Case(made(body + chain("start", "c", "end")), level=5).step.status == "completed"


def test_a_condition_at_the_edge_fires_again_only_after_having_been_false() -> None:
    edge = boundary("edge", "work", condition("edge", "level &gt; 2"), interrupting=False)
    body = start() + human("work", "w") + edge + human("look", "w") + end() + end("over")
    case = Case(made(body + chain("start", "work", "end") + chain("edge", "look", "over")))
    for level, seen in ((3, 1), (4, 1), (1, 1), (3, 2)):
        put(case, level=level)
        assert open_tasks(case).count("look") == seen, level


def test_a_branch_changes_what_another_waits_for() -> None:
    edge = boundary("edge", "work", condition("edge", "ready == true"))
    script = (
        '<bpmn:scriptTask id="s" name="s" scriptFormat="cel" camunda:resultVariable="ready">'
        "<bpmn:script>true</bpmn:script></bpmn:scriptTask>"
    )
    both = '<bpmn:parallelGateway id="g"/>'
    body = start() + both + human("work", "w") + edge + human("first", "w") + script + end() + end("x") + end("y")
    ways = chain("start", "g", "work", "end") + chain("g", "first", "s", "x") + flow("edge", "y")
    case = Case(made(body + ways))
    case.done("first")
    assert (case.step.status, set(case.step.end_elements)) == ("completed", {"x", "y"})


def test_two_conditions_that_wake_each_other_are_an_incident_and_no_hung_worker() -> None:
    def turn(id: str, value: str) -> str:
        return (
            f'<bpmn:scriptTask id="{id}" name="{id}" scriptFormat="cel" camunda:resultVariable="ready">'
            f"<bpmn:script>{value}</bpmn:script></bpmn:scriptTask>"
        )

    edges = boundary("on", "work", condition("on", "ready == true"), interrupting=False)
    edges += boundary("off", "work", condition("off", "ready == false"), interrupting=False)
    body = start() + human("work", "w") + edges + turn("a", "false") + turn("b", "true") + end() + end("x") + end("y")
    ways = chain("start", "work", "end") + chain("on", "a", "x") + chain("off", "b", "y")
    case = Case(made(body + ways))
    put(case, ready=True)
    assert [one.code for one in case.step.incidents] == ["budget.steps"]


def test_several_throws_go_on_at_the_one_catch_of_their_link() -> None:
    choice = '<bpmn:exclusiveGateway id="g" default="g_to_other"/>'
    throws = event("intermediateThrowEvent", "one", link("one", "there"))
    throws += event("intermediateThrowEvent", "other", link("other", "there"))
    body = start() + choice + throws + event("intermediateCatchEvent", "there", link("there", "there")) + end()
    ways = chain("start", "g") + flow("g", "one", "${level == 1}") + flow("g", "other") + chain("there", "end")
    for level in (1, 2):
        assert Case(made(body + ways), level=level).step.end_elements == ("end",)


@pytest.mark.parametrize("inside", [True, False])
def test_a_link_stays_in_its_scope(inside: bool) -> None:
    throw = event("intermediateThrowEvent", "one", link("one", "there"))
    catch = event("intermediateCatchEvent", "there", link("there", "there")) + end("e") + chain("there", "e")
    sub = (
        f'<bpmn:subProcess id="sub">{start("s")}{throw}{chain("s", "one")}{catch if inside else ""}</bpmn:subProcess>'
    )
    body = start() + sub + end() + chain("start", "sub", "end") + ("" if inside else catch)
    _, findings = check_packages(package("p", body))
    assert ("link" in {one.rule for one in findings}) is not inside


@pytest.mark.parametrize(
    ("attributes", "text", "rounds"),
    [('loopMaximum="3"', "", 3), ("", "loopCounter &lt; 2", 2), ('testBefore="true"', "false", 0), ("", "false", 1)],
)
def test_a_standard_loop_goes_round(attributes: str, text: str, rounds: int) -> None:
    inner = f"<bpmn:loopCondition>${{{text}}}</bpmn:loopCondition>" if text else ""
    again = f"<bpmn:standardLoopCharacteristics {attributes}>{inner}</bpmn:standardLoopCharacteristics>"
    work = human("work", "w").replace("/>", f">{again}</bpmn:userTask>")
    case = Case(made(start() + work + end() + chain("start", "work", "end")))
    for number in range(rounds):
        assert case.step.tasks[0].variables["loopCounter"] == number
        case.done("work")
    assert case.step.status == "completed"


def test_a_deadline_at_the_edge_of_a_loop_ends_all_of_it() -> None:
    again = '<bpmn:standardLoopCharacteristics loopMaximum="9"/>'
    work = human("work", "w").replace("/>", f">{again}</bpmn:userTask>")
    edge = boundary("late", "work", timer("late", "timeDuration", "PT1H"))
    body = start() + work + edge + end() + end("over") + chain("start", "work", "end") + flow("late", "over")
    case = Case(made(body))
    case.done("work")
    assert case.after(HOUR).step.end_elements == ("over",)


LANES = (
    '<bpmn:laneSet id="lanes">'
    '<bpmn:lane id="l1" name="operator_160"><bpmn:flowNodeRef>a</bpmn:flowNodeRef></bpmn:lane>'
    '<bpmn:lane id="l2" name="Филиал"><bpmn:extensionElements><camunda:properties>'
    '<camunda:property name="candidateGroups" value="branch_${level}, chiefs"/></camunda:properties>'
    "</bpmn:extensionElements><bpmn:flowNodeRef>b</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>"
)


def test_a_lane_says_whose_a_task_is_that_names_nobody() -> None:
    tasks = '<bpmn:userTask id="a" name="a"/><bpmn:userTask id="b" name="b"/>' + human("c", "own")
    case = Case(made(LANES + start() + tasks + end() + chain("start", "a", "b", "c", "end")), level=7)
    for id, groups in (("a", ("operator_160",)), ("b", ("branch_7", "chiefs")), ("c", ("own",))):
        assert (case.step.tasks[0].element_id, case.step.tasks[0].groups) == (id, groups)
        case.done(id)


def test_a_lane_that_is_no_group_leaves_a_task_to_nobody() -> None:
    lanes = LANES.replace("operator_160", "Служба «160»")
    with pytest.raises(DiagramError) as refused:
        made(lanes + start() + '<bpmn:userTask id="a" name="a"/>' + end() + chain("start", "a", "end"))
    assert {one.rule for one in refused.value.findings} == {"missing-candidate-group"}


def test_a_length_that_moves_moves_its_open_timer() -> None:
    edge = boundary("late", "work", timer("late", "timeDuration", "${due}"))
    body = start() + human("work", "w") + edge + end() + end("over") + chain("start", "work", "end")
    case = Case(made(body + flow("late", "over")), due="PT5H")
    put(case, due="PT1H")
    assert case.step.timers[0].due_at == case.now + HOUR
