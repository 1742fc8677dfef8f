"""Compensation, transactions and what cancels them, by one small diagram each."""

from __future__ import annotations

from typing import Any

import pytest

from kt_flows.engine import machine
from kt_flows.engine.check import check_packages
from kt_flows.engine.program import Program
from support.cases import Case, program
from support.processes import boundary, chain, end, human, package, start

UNDO_EDGE = '<bpmn:compensateEventDefinition id="{}_compensation"/>'
NUMBERS: dict[str, str] = {"log": "list(string)", "items": "list(string)", "again": "bool"}
REFUSED = {"variables": {**NUMBERS, "code": "string"}, "errors": '<bpmn:error id="no" errorCode="NO"/>'}


def log(id: str, text: str, attributes: str = "", inner: str = "") -> str:
    """A script that writes one line."""
    return (
        f'<bpmn:scriptTask id="{id}" name="{id}" scriptFormat="cel" camunda:resultVariable="log" {attributes}>{inner}'
        f"<bpmn:script>(log == null ? [] : log) + [{text}]</bpmn:script></bpmn:scriptTask>"
    )


def undone(host: str, by: str) -> str:
    """The compensation event at an activity's edge, and its way to what undoes it."""
    edge = boundary(f"{host}_edge", host, UNDO_EDGE.format(host))
    return f'{edge}<bpmn:association id="{host}_by" sourceRef="{host}_edge" targetRef="{by}"/>'


def step(id: str, inner: str = "") -> str:
    """A piece of work and what undoes it, both telling that they have run."""
    return log(id, f"'{id}'", inner=inner) + undone(id, f"un_{id}") + handler(f"un_{id}", f"'un_{id}'")


def handler(id: str, text: str) -> str:
    return log(id, text, 'isForCompensation="true"')


def throw(id: str, activity: str | None = None, kind: str = "intermediateThrowEvent") -> str:
    of = f' activityRef="{activity}"' if activity else ""
    return f'<bpmn:{kind} id="{id}" name="{id}"><bpmn:compensateEventDefinition id="{id}_c"{of}/></bpmn:{kind}>'


def sub(id: str, body: str, kind: str = "subProcess", attributes: str = "") -> str:
    return f'<bpmn:{kind} id="{id}" name="{id}" {attributes}>{body}</bpmn:{kind}>'


def undoes_inside(id: str, body: str, first: str, last: str) -> str:
    """An event sub-process that undoes the sub-process that it stands in."""
    begin = start(f"{id}_start", UNDO_EDGE.format(id))
    return sub(id, begin + body + end(f"{id}_end") + chain(f"{id}_start", first) + chain(last, f"{id}_end"),
               attributes='triggeredByEvent="true"')  # fmt: skip


def cancelling(id: str) -> str:
    return f'<bpmn:endEvent id="{id}" name="{id}"><bpmn:cancelEventDefinition id="{id}_c"/></bpmn:endEvent>'


def made(body: str, **more: Any) -> Program:
    return program(body, **({"variables": NUMBERS} | more))


def lines(case: Case) -> list[str]:
    found: list[str] = case.step.variables.get("log") or []
    return found


def test_what_was_done_is_undone_the_last_first_and_the_case_goes_on_after_it() -> None:
    body = start() + step("a") + step("b") + step("c") + throw("undo") + human("after", "w") + end()
    case = Case(made(body + chain("start", "a", "b", "undo", "after", "c", "end")))
    assert lines(case) == ["a", "b", "un_b", "un_a"]
    assert case.open == ["after"]
    assert case.done("after").over, "what was never done is not undone"
    assert lines(case)[-1] == "c"


def test_one_activity_by_its_name_and_nothing_twice() -> None:
    body = start() + step("a") + step("b") + throw("only", "a") + throw("rest") + throw("again") + end()
    case = Case(made(body + chain("start", "a", "b", "only", "rest", "again", "end")))
    assert lines(case) == ["a", "b", "un_a", "un_b"]
    assert case.over


def test_it_waits_for_each_handler_before_the_next_begins() -> None:
    by = human("un_a", "w", more='isForCompensation="true"') + human("un_b", "w", more='isForCompensation="true"')
    body = start() + log("a", "'a'") + undone("a", "un_a") + log("b", "'b'") + undone("b", "un_b") + by
    case = Case(made(body + throw("undo", kind="endEvent") + chain("start", "a", "b", "undo")))
    assert case.open == ["un_b"]
    assert case.done("un_b").open == ["un_a"]
    assert case.done("un_a").over
    assert case.step.end_elements == ("undo",)


def test_a_loop_is_undone_as_often_as_it_was_done() -> None:
    rounds = '<bpmn:standardLoopCharacteristics loopMaximum="3"/>'
    again = log("a", "'a' + string(loopCounter)", inner=rounds) + undone("a", "un_a")
    body = start() + again + handler("un_a", "'un_a' + string(loopCounter)") + throw("undo") + end()
    case = Case(made(body + chain("start", "a", "undo", "end")))
    assert lines(case) == ["a0", "a1", "a2", "un_a2", "un_a1", "un_a0"]


@pytest.mark.parametrize("sequential", ["true", "false"])
def test_each_instance_is_undone_with_its_own_item(sequential: str) -> None:
    many = (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}" camunda:collection="items" '
        'camunda:elementVariable="item"/>'
    )
    each = log("a", "item", inner=many) + undone("a", "un_a") + handler("un_a", "'un_' + string(item)")
    body = start() + '<bpmn:userTask id="ask" name="ask" camunda:candidateGroups="w"/>' + each + throw("undo") + end()
    made_ = made(body + chain("start", "ask", "a", "undo", "end"))
    case = Case(made_, items=["x", "y"])
    assert lines(case.done("ask")) == ["x", "y", "un_y", "un_x"]


def test_a_sub_process_is_undone_with_all_that_it_held_in_its_place() -> None:
    inner = start("in") + step("b") + step("c") + end("out") + chain("in", "b", "c", "out")
    body = start() + step("a") + sub("s", inner) + step("d") + throw("undo") + end()
    case = Case(made(body + chain("start", "a", "s", "d", "undo", "end")))
    assert lines(case) == ["a", "b", "c", "d", "un_d", "un_c", "un_b", "un_a"]


def test_a_sub_process_with_a_handler_of_its_own_is_undone_by_that_alone() -> None:
    inner = start("in") + step("b") + end("out") + chain("in", "b", "out")
    body = start() + sub("s", inner) + undone("s", "un_s") + handler("un_s", "'un_s'") + throw("undo") + end()
    case = Case(made(body + chain("start", "s", "undo", "end")))
    assert lines(case) == ["b", "un_s"]


def test_a_sub_process_says_inside_how_it_is_undone() -> None:
    own = undoes_inside("how", log("first", "'how'") + throw("rest") + chain("first", "rest"), "first", "rest")
    inner = start("in") + step("b") + step("c") + end("out") + chain("in", "b", "c", "out") + own
    body = start() + step("a") + sub("s", inner) + throw("undo") + end() + chain("start", "a", "s", "undo", "end")
    case = Case(made(body))
    assert lines(case) == ["a", "b", "c", "how", "un_c", "un_b", "un_a"]
    assert case.over


def test_thrown_in_a_sub_process_it_is_about_that_one_alone() -> None:
    inner = start("in") + step("b") + throw("undo") + end("out") + chain("in", "b", "undo", "out")
    case = Case(made(start() + step("a") + sub("s", inner) + end() + chain("start", "a", "s", "end")))
    assert lines(case) == ["a", "b", "un_b"]


def test_thrown_in_an_event_sub_process_it_is_about_what_that_interrupts() -> None:
    failing = start("in", '<bpmn:errorEventDefinition errorRef="no"/>') + throw("undo") + end("out")
    rescue = sub("rescue", failing + chain("in", "undo", "out"), attributes='triggeredByEvent="true"')
    refused = '<bpmn:endEvent id="bad" name="bad"><bpmn:errorEventDefinition errorRef="no"/></bpmn:endEvent>'
    body = start() + step("a") + step("b") + refused + rescue + chain("start", "a", "b", "bad")
    case = Case(program(body, **REFUSED))
    assert lines(case) == ["a", "b", "un_b", "un_a"]
    assert case.over


def test_a_handler_may_be_a_sub_process() -> None:
    inner = start("in") + human("ask", "w") + end("out") + chain("in", "ask", "out")
    by = sub("un_a", inner, attributes='isForCompensation="true"')
    body = start() + log("a", "'a'") + undone("a", "un_a") + by + throw("undo") + throw("again") + end()
    case = Case(made(body + chain("start", "a", "undo", "again", "end")))
    assert case.open == ["ask"]
    assert case.done("ask").over


def test_what_was_interrupted_is_not_undone() -> None:
    refused = '<bpmn:endEvent id="bad" name="bad"><bpmn:errorEventDefinition errorRef="no"/></bpmn:endEvent>'
    inner = start("in") + step("b") + refused + chain("in", "b", "bad")
    edge = boundary("edge", "s", '<bpmn:errorEventDefinition errorRef="no"/>')
    body = start() + step("a") + sub("s", inner) + edge + throw("undo") + end("x") + end()
    case = Case(program(body + chain("start", "a", "s", "x") + chain("edge", "undo", "end"), **REFUSED))
    assert lines(case) == ["a", "b", "un_a"], "a sub-process that did not end well has no effect to be undone"


def transaction(inner: str, **facts: str) -> str:
    edge = boundary("gone", "t", '<bpmn:cancelEventDefinition id="gone_c"/>')
    return sub("t", inner, "transaction", **facts) + edge


def test_a_cancelled_transaction_is_undone_and_left_at_its_edge() -> None:
    inner = start("in") + step("a") + step("b") + cancelling("no") + chain("in", "a", "b", "no")
    body = start() + transaction(inner) + end("fine") + human("tell", "w") + end()
    case = Case(made(body + chain("start", "t", "fine") + chain("gone", "tell", "end")))
    assert (lines(case), case.open) == (["a", "b", "un_b", "un_a"], ["tell"])
    assert case.done("tell").over


def test_cancelling_ends_what_is_open_and_undoes_what_open_sub_processes_have_done() -> None:
    half = start("in2") + step("b") + human("wait", "w") + end("out2") + chain("in2", "b", "wait", "out2")
    inner = start("in") + '<bpmn:parallelGateway id="g"/>' + step("a") + human("ask", "w") + sub("half", half)
    inner += cancelling("no") + end("out") + chain("in", "g", "a", "ask", "no") + chain("g", "half", "out")
    body = start() + transaction(inner) + end("fine") + end() + chain("start", "t", "fine") + chain("gone", "end")
    case = Case(made(body))
    assert case.open == ["ask", "wait"]
    assert case.done("ask").over
    assert sorted(lines(case)) == ["a", "b", "un_a", "un_b"]
    assert case.step.end_elements == ("end",)


def test_a_transaction_that_ends_well_can_still_be_undone_later() -> None:
    inner = start("in") + step("a") + end("out") + cancelling("no")
    inner += '<bpmn:exclusiveGateway id="g" default="g_to_out"/>' + chain("in", "a", "g", "out")
    inner += ('<bpmn:sequenceFlow id="f" sourceRef="g" targetRef="no"><bpmn:conditionExpression>${again == true}'
              "</bpmn:conditionExpression></bpmn:sequenceFlow>")  # fmt: skip
    body = start() + transaction(inner) + throw("undo") + end() + end("x") + chain("gone", "x")
    case = Case(made(body + chain("start", "t", "undo", "end")))
    assert lines(case) == ["a", "un_a"]


def test_an_error_in_a_handler_is_caught_around_the_throw() -> None:
    refused = '<bpmn:endEvent id="bad" name="bad"><bpmn:errorEventDefinition errorRef="no"/></bpmn:endEvent>'
    by = sub("un_a", start("in") + refused + chain("in", "bad"), attributes='isForCompensation="true"')
    inner = start("in1") + log("a", "'a'") + undone("a", "un_a") + by + throw("undo") + end("out")
    edge = boundary("edge", "s", '<bpmn:errorEventDefinition errorRef="no"/>')
    body = start() + sub("s", inner + chain("in1", "a", "undo", "out")) + edge + end("x") + human("look", "w") + end()
    case = Case(program(body + chain("start", "s", "x") + chain("edge", "look", "end"), **REFUSED))
    assert case.open == ["look"]
    assert case.done("look").over


def test_what_is_kept_for_undoing_must_fit_a_new_version() -> None:
    def version(name: str) -> Program:
        body = start() + log(name, "'a'") + undone(name, "un_a") + handler("un_a", "'un_a'") + human("ask", "w")
        return made(body + throw("undo") + end() + chain("start", name, "ask", "undo", "end"))

    old = version("a")
    state = Case(old).step.state
    assert machine.misfits(old, version("a"), state, now=Case(old).now) == ()
    assert machine.misfits(old, version("b"), state, now=Case(old).now) == ("a",)


A = log("a", "'a'")
LED = undone("a", "un_a")
HOW = undoes_inside("how", log("first", "'how'"), "first", "first")
IN = start("in") + step("b") + end("out") + chain("in", "b", "out")


@pytest.mark.parametrize(
    ("body", "element"),
    [
        (A + throw("t") + chain("start", "a", "t", "end"), "t"),
        (step("a") + throw("t", "un_a") + chain("start", "a", "t", "end"), "t"),
        (step("a") + throw("t", "nowhere") + chain("start", "a", "t", "end"), "t"),
        (A + boundary("a_edge", "a", UNDO_EDGE.format("a")) + chain("start", "a", "end"), "a_edge"),
        (A + LED + log("un_a", "'x'") + chain("start", "a", "end"), "a_edge"),
        (A + handler("un_a", "'x'") + chain("start", "a", "end"), "un_a"),
        (step("a") + log("b", "'b'") + undone("b", "un_a") + chain("start", "a", "b", "end"), "un_a"),
        (step("a") + undone("a", "un_a").replace("a_", "aa_") + chain("start", "a", "end"), "aa_edge"),
        (step("a") + boundary("e", "un_a", UNDO_EDGE.format("e")) + chain("start", "a", "end"), "un_a"),
        (A + HOW + chain("start", "a", "end"), "how"),
        (sub("s", IN + HOW) + undone("s", "un_s") + handler("un_s", "'x'") + chain("start", "s", "end"), "how"),
        (A + cancelling("no") + chain("start", "a", "no"), "no"),
        (sub("t", start("in") + cancelling("no") + chain("in", "no"), "transaction") + chain("start", "t", "end"),
         "no"),
        (transaction(IN) + end("x") + chain("start", "t", "end") + chain("gone", "x"), "gone"),
        (sub("s", IN) + boundary("e", "s", "<bpmn:cancelEventDefinition/>") + chain("start", "s", "end") + end("x")
         + chain("e", "x"), "e"),
        (sub("t", '<bpmn:standardLoopCharacteristics loopMaximum="2"/>' + start("in") + cancelling("no")
             + chain("in", "no"), "transaction") + boundary("gone", "t", "<bpmn:cancelEventDefinition/>") + end("x")
         + chain("start", "t", "end") + chain("gone", "x"), "t"),
    ],
)  # fmt: skip
def test_what_cannot_be_undone_is_found(body: str, element: str) -> None:
    files = package("p", start() + body + end(), variables=NUMBERS)
    _, findings = check_packages(files)
    found = [(one.rule, one.element_id) for one in findings if one.severity == "error" and one.rule != "unreachable"]
    assert ("compensation", element) in found, findings
    assert all(one.hint for one in findings)


@pytest.mark.parametrize(
    "ways", [chain("start", "a", "un_a", "end"), chain("start", "a", "end") + chain("a_edge", "end")]
)
def test_flows_do_not_lead_to_what_undoes(ways: str) -> None:
    _, findings = check_packages(package("p", start() + step("a") + end() + ways, variables=NUMBERS))
    assert {one.rule for one in findings if one.severity == "error"} == {"flow"}
