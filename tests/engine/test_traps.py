"""Each place where stock SpiffWorkflow goes wrong, by number of docs/explanation/spiffworkflow.md.

One directed test at least per number: a release of SpiffWorkflow that changes what we lean on fails here by name.
"""

from __future__ import annotations

import builtins
import re
from pathlib import Path
from typing import Any

import orjson
import pytest

from kt_flows.engine import machine
from kt_flows.engine.check import check_packages
from kt_flows.engine.decision import read_decisions
from kt_flows.engine.xml import read_xml
from kt_flows.errors import DiagramError, FlowsError
from support.cases import CALLED, ERROR, ERROR_END, HOUR, T0, Case, call, gateway, program, script, sub, task
from support.dmn import dmn, table
from support.processes import boundary, catch, chain, end, flow, message, package, start, timer

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "spiffworkflow.md"


def test_every_trap_of_the_page_has_a_test() -> None:
    told = re.findall(r"^(\d+)\. ", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    tested = {name.split("_")[2] for name in globals() if name.startswith("test_trap_")}
    assert [int(one) for one in told] == list(range(1, 20))
    assert {int(one) for one in tested} == {int(one) for one in told}


def test_trap_01_what_an_interrupting_event_cancels_does_not_run() -> None:
    """Stock's list of ready tasks is taken once."""
    body = start() + gateway("parallel", "fork") + task("a") + task("b") + boundary("edge", "a", message("m", "edge"))
    body += (
        end() + end("end2") + chain("start", "fork", "a", "end") + chain("fork", "b", "end") + flow("edge", "end2")
    )
    case = Case(program(body, messages={"m": {"payload": {}}}))
    case.told("edge")
    assert case.open == ["b"]
    assert case.done("b").over


@pytest.mark.parametrize("interrupting", [True, False])
@pytest.mark.parametrize("place", ["process", "sub-process", "call"])
def test_trap_02_event_sub_processes_listen_in_every_scope(place: str, interrupting: bool) -> None:
    """In stock an interrupting one does not interrupt, and inside a call it does not listen."""
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


def test_trap_02_the_first_case_changes_nothing_for_the_next() -> None:
    """In stock the first trigger changes the spec that later cases share."""
    begins = start("heard", message("m", "heard"))
    handler = sub("handler", begins + task("h") + end("e") + chain("heard", "h", "e"), 'triggeredByEvent="true"')
    made = program(
        start() + task("a") + end() + chain("start", "a", "end") + handler, messages={"m": {"payload": {}}}
    )
    for _ in range(3):
        case = Case(made).told("heard")
        assert case.open == ["h"]
        assert case.done("h").over


def test_trap_03_a_non_interrupting_message_listens_again() -> None:
    body = start() + task("a") + boundary("edge", "a", message("m", "edge"), interrupting=False) + task("h")
    body += end() + end("end2") + chain("start", "a", "end") + chain("edge", "h", "end2")
    case = Case(program(body, messages={"m": {"payload": {}}}))
    case.told("edge").told("edge")
    assert case.open == ["a", "h", "h"]
    assert case.done("a").done("h").done("h").over


def test_trap_04_a_loop_costs_no_state_and_never_gets_lost() -> None:
    """Stock loses a loop at depth 1,000."""
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


def test_trap_05_a_parallel_join_in_a_loop_takes_a_token_of_each_flow() -> None:
    """Stock's fires after one token in round two."""
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
def test_trap_05_an_inclusive_join_waits_for_those_that_can_come(chosen: set[str]) -> None:
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


def test_trap_05_two_joins_in_a_loop_do_not_wait_for_each_other() -> None:
    """Round the loop everything may come again, which is no reason to wait for it."""
    body = (
        start() + gateway("exclusive", "merge") + gateway("parallel", "fork") + gateway("inclusive", "some", "a_way")
    )
    body += task("a") + task("b") + task("c") + gateway("inclusive", "join") + gateway("parallel", "both") + task("d")
    body += gateway("exclusive", "again", "leave") + end() + chain("start", "merge", "fork", "some")
    body += '<bpmn:sequenceFlow id="a_way" sourceRef="some" targetRef="a"/>' + flow("some", "b", "${n == 1}")
    body += chain("a", "join", "both", "d", "again") + chain("b", "join") + chain("fork", "c", "both")
    body += flow("again", "merge", "${n == 2}") + '<bpmn:sequenceFlow id="leave" sourceRef="again" targetRef="end"/>'
    for order in ("ac", "ca"):
        case = Case(program(body, variables={"n": "int"}), n=0)
        for name in order:
            case.done(name)
        assert case.open == ["d"]
        assert case.done("d").over


def test_trap_05_a_token_that_stopped_at_the_join_does_not_keep_another_from_it() -> None:
    body = start() + gateway("parallel", "fork") + task("a") + task("b") + gateway("exclusive", "merge") + task("c")
    body += gateway("inclusive", "join") + end() + end("other") + chain("fork", "a", "merge", "join")
    body += gateway("exclusive", "way", "way_to_d") + task("d") + chain("start", "way", "d", "join")
    body += flow("way", "fork", "${n == 1}")
    body += chain("fork", "b", "merge") + flow("join", "c", "${n / (n - 1) &gt; 0}") + chain("c", "end")
    body += flow("join", "other", "${n == 0}")
    case = Case(program(body, variables={"n": "int"}), n=1)
    for arrived, name in enumerate("ab", start=1):
        case.done(name)
        assert [one.element_id for one in case.step.incidents] == ["join"] * arrived


def test_trap_05_a_join_keeps_what_each_branch_wrote() -> None:
    """Stock's join drops one branch's value at random."""
    body = start() + gateway("parallel", "fork") + task("a") + task("b") + gateway("parallel", "join") + end()
    body += script("left", "[1, 2]", "x") + script("right", "[3]", "y")
    body += chain("start", "fork", "a", "left", "join", "end") + chain("fork", "b", "right", "join")
    for order in ("ab", "ba"):
        case = Case(program(body, variables={"x": "list", "y": "list"}), x=[], y=[])
        for name in order:
            case.done(name)
        assert case.over
        assert case.step.variables == {"x": [1, 2], "y": [3]}


def test_trap_06_several_and_conditional_flows_straight_out_of_a_task() -> None:
    body = start() + task("a") + task("x") + task("y") + task("z") + end()
    body += chain("start", "a") + flow("a", "x") + flow("a", "y", "${n &gt; 1}") + flow("a", "z", "${n &gt; 5}")
    body += chain("x", "end") + chain("y", "end") + chain("z", "end")
    case = Case(program(body, variables={"n": "int"}), n=3)
    assert case.done("a").open == ["x", "y"]


def test_trap_06_the_right_one_of_two_timers_behind_an_event_gateway_fires() -> None:
    """Stock keeps one slot for both."""
    body = start() + gateway("eventBased", "race") + task("a") + task("b") + end()
    for id, length in (("day", "PT24H"), ("hour", "PT1H")):
        event = timer(id, "timeDuration", length)
        body += f'<bpmn:intermediateCatchEvent id="{id}">{event}</bpmn:intermediateCatchEvent>'
    body += chain("start", "race", "day", "a", "end") + chain("race", "hour", "b", "end")
    assert Case(program(body)).after(2 * HOUR).open == ["b"]


def test_trap_07_a_call_has_a_scope_of_its_own_and_shows_what_it_would_hand_over() -> None:
    mapped = '<camunda:in source="x" target="y"/><camunda:out source="y" target="z"/>'
    body = start() + call("c", mapped) + end() + chain("start", "c", "end")
    case = Case(program(body, others={"q": CALLED}, variables={"x": "int", "y": "int", "z": "int"}), x=41)
    assert case.step.variables == {"x": 41, "z": 41}
    case.done("inner", y=42)
    assert case.over
    assert case.step.variables == {"x": 41, "z": 42}


@pytest.mark.parametrize("sequential", [True, False])
def test_trap_07_multi_instance_with_items_and_a_completion_condition(sequential: bool) -> None:
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


def test_trap_08_an_error_that_nobody_catches_is_an_incident() -> None:
    """Stock ends as if nothing was wrong."""
    body = start() + task("a") + ERROR_END
    case = Case(program(body + chain("start", "a", "end"), errors=ERROR)).done("a")
    assert [(one.element_id, one.code) for one in case.step.incidents] == [("end", "error.uncaught")]
    assert not case.over


def test_trap_09_instances_and_calls_are_there_again_after_a_restore() -> None:
    """In stock a restore of tasks alone must reconnect instances and called processes by hand."""
    loop = "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>3</bpmn:loopCardinality>"
    called = call("c", "").replace(
        "</bpmn:callActivity>", f"{loop}</bpmn:multiInstanceLoopCharacteristics></bpmn:callActivity>"
    )
    case = Case(program(start() + called + end() + chain("start", "c", "end"), others={"q": CALLED}))
    assert case.open == ["inner"] * 3
    assert case.done("inner").done("inner").done("inner").over


@pytest.mark.parametrize("attribute", ['startQuantity="2"', 'completionQuantity="2"'])
def test_trap_09_what_stock_ignores_is_refused(attribute: str) -> None:
    body = start() + f'<bpmn:task id="a" {attribute}/>' + end() + chain("start", "a", "end")
    with pytest.raises(DiagramError) as refused:
        program(body)
    assert [one.rule for one in refused.value.findings] == ["attribute"]


def test_trap_10_one_message_is_heard_wherever_it_is_waited_for() -> None:
    """Stock's Camunda parser makes two classes of message events that never match each other."""
    begins = start("heard", message("m", "heard"), 'isInterrupting="false"')
    inside = sub("s", begins + end("e") + chain("heard", "e"), 'triggeredByEvent="true"')
    body = start() + gateway("parallel", "fork") + catch("a", "m") + '<bpmn:receiveTask id="b" messageRef="m"/>'
    body += task("c") + boundary("edge", "c", message("m", "edge"), interrupting=False) + end("x") + end() + inside
    body += gateway("eventBased", "race") + catch("d", "m") + catch("z", "n")
    body += chain("start", "fork", "a", "end") + chain("fork", "b", "end") + chain("fork", "c", "end")
    body += chain("fork", "race", "d", "end") + chain("race", "z", "end") + chain("edge", "x")
    case = Case(program(body, messages={"m": {"payload": {}}, "n": {"payload": {}}}))
    listening = [one.element_id for one in case.step.messages if one.name == "m"]
    assert sorted(listening) == ["a", "b", "d", "edge", "heard"]
    for element in listening:
        case.told(element)
    assert {line.element_id for line in case.trace if line.kind == "caught"} == set(listening)
    assert case.open == ["c"]


def test_trap_11_no_uploaded_text_reaches_pythons_evaluators(monkeypatch: pytest.MonkeyPatch) -> None:
    """Stock evaluates scripts, conditions, timers and loops as Python."""
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


@pytest.mark.parametrize("policy", ["UNIQUE", "ANY"])
def test_trap_12_a_second_answer_is_looked_for(policy: str) -> None:
    """Stock takes the first match."""
    rows = [("< 10", "1"), ("> 5", "2")]
    text = dmn(table([("n", "integer")], [("x", "integer")], rows, policy, id="t"))
    decision = read_decisions(text, "t.dmn", {"n": "int"})["t"]
    assert decision.decide({"n": 1}).rules
    with pytest.raises(FlowsError):
        decision.decide({"n": 7})


def test_trap_13_elements_called_as_stocks_own_specs_are_nothing_special() -> None:
    """In stock they make a silently empty process."""
    body = start("Start") + task("a") + end("End") + chain("Start", "a", "End")
    assert Case(program(body)).open == ["a"]


RESERVED = ["Root", "End", "a.EndJoin", "a.BoundaryEventSplit", "StartEventSplit", "a [child]", "a (instance)"]


@pytest.mark.parametrize("id", RESERVED)
def test_trap_13_an_id_is_never_taken_for_one_of_stocks(id: str) -> None:
    body = start() + task("a") + task(id) + end() + chain("start", "a", id, "end")
    definitions, findings = check_packages(package("p", body.replace(f"{id}_to", "x_to").replace(f"to_{id}", "to_x")))
    refused = [one.rule for one in findings if one.severity == "error"]
    assert refused == ["xml-id"] if {" ", "("} & set(id) else definitions


def test_trap_14_a_state_does_not_depend_on_the_order_of_keys() -> None:
    """Stock's is a difference to the parent in order of keys, and a key `typename` makes a case unreadable."""
    values = {"typename": "x", "__class__": "y", "b": {"typename": [1], "a": None}}
    body = start() + call("c", '<camunda:in variables="all"/>') + end() + chain("start", "c", "end")
    made = program(body, others={"q": CALLED}, variables={"data": "map", "typename": "string"})
    case = Case(made, data=values, typename="z")
    shuffled = orjson.dumps(orjson.loads(case.step.state), option=orjson.OPT_SORT_KEYS)
    again = machine.look(made, shuffled, now=T0)
    assert again.variables == case.step.variables == {"data": values, "typename": "z"}
    assert again.tasks == case.step.tasks


def test_trap_15_what_one_changes_another_does_not_see_in_its_own() -> None:
    """In stock the objects of task data are shared between siblings and with history."""
    loop = '<bpmn:multiInstanceLoopCharacteristics camunda:collection="items" camunda:elementVariable="item"/>'
    ask = f'<bpmn:userTask id="a" camunda:candidateGroups="w">{loop}</bpmn:userTask>'
    case = Case(
        program(start() + ask + end() + chain("start", "a", "end"), variables={"items": "list"}), items=[{"n": 1}] * 2
    )
    first, second = case.step.tasks
    first.variables["item"]["n"] = 2  # a reader who writes into what it was shown
    assert machine.look(case.program, case.step.state, now=T0).tasks[1].variables["item"] == {"n": 1}
    case.done("a", items=[])
    assert case.step.tasks[0].variables["item"] == {"n": 1}, "the item was fixed when the instance began"
    assert second.wait == case.step.tasks[0].wait


def test_trap_16_a_completion_after_an_interrupting_deadline_has_lost() -> None:
    """In stock it wins when timers are looked at too late."""
    body = start() + task("a") + boundary("late", "a", timer("late", "timeDuration", "PT1H")) + task("h") + end()
    case = Case(program(body + end("end2") + chain("start", "a", "end") + chain("late", "h", "end2")))
    wait = case.step.tasks[0].wait
    with pytest.raises(machine.NoSuchWait):
        machine.complete(case.program, case.step.state, wait, {}, now=T0 + 2 * HOUR)
    assert case.after(2 * HOUR).open == ["h"]


def test_trap_16_missed_turns_of_a_cycle_collapse_into_one() -> None:
    body = start() + task("a") + boundary("tick", "a", timer("tick", "timeCycle", "R/PT1H"), interrupting=False)
    body += task("h") + end() + end("end2") + chain("start", "a", "end") + chain("tick", "h", "end2")
    case = Case(program(body)).after(5 * HOUR + HOUR / 2)
    assert case.open == ["a", "h"]
    assert case.step.timers[0].due_at == T0 + 6 * HOUR


def test_trap_17_a_conditional_edge_sees_what_other_branches_write() -> None:
    """In stock it sees its own task's data alone."""
    condition = "<bpmn:condition>${n == 2}</bpmn:condition>"
    condition = f"<bpmn:conditionalEventDefinition>{condition}</bpmn:conditionalEventDefinition>"
    body = (
        start() + gateway("parallel", "fork") + task("a") + boundary("edge", "a", condition) + task("b") + task("h")
    )
    body += (
        script("count", "2", "n") + end() + end("x") + chain("start", "fork", "a", "end") + chain("edge", "h", "x")
    )
    case = Case(program(body + chain("fork", "b", "count", "end"), variables={"n": "int"}), n=1)
    assert case.done("b").open == ["h"]


@pytest.mark.parametrize(
    "begins", [timer("t", "timeDuration", "PT1H"), '<bpmn:errorEventDefinition errorRef="bad"/>']
)
def test_trap_17_an_event_sub_process_neither_blocks_the_end_nor_begins_by_itself(begins: str) -> None:
    """In stock one with a timer keeps the case open, one with an error begins at once."""
    handler = start("heard", begins) + task("h") + end("e") + chain("heard", "h", "e")
    body = start() + task("a") + end() + chain("start", "a", "end") + sub("s", handler, 'triggeredByEvent="true"')
    refused = ERROR_END.replace('"end"', '"bad_end"').replace('id="d"', 'id="bad_d"')
    body += gateway("exclusive", "g", "g_to_a") + refused if "error" in begins else ""
    if "error" in begins:
        body = body.replace(chain("start", "a"), chain("start", "g", "a")) + flow("g", "bad_end", "${n == 1}")
    case = Case(program(body, errors=ERROR, variables={"n": "int"}), n=0)
    assert case.open == ["a"]
    assert case.done("a").over


def test_trap_18_a_case_on_a_changed_diagram_keeps_its_timers_and_follows_the_new_way() -> None:
    """Stock restarts its boundary timers; old state on a new spec follows the old path."""

    def version(after: str) -> Any:
        body = (
            start() + task("a") + boundary("late", "a", timer("late", "timeDuration", "PT2H")) + task(after) + end()
        )
        return program(body + end("x") + chain("start", "a", after, "end") + chain("late", "x"))

    old, new = version("b"), version("c")
    case = Case(old).after(HOUR)
    assert machine.misfits(old, new, case.step.state, now=case.now) == ()
    moved = machine.look(new, case.step.state, now=case.now)
    assert [one.due_at for one in moved.timers] == [T0 + 2 * HOUR]
    done = machine.complete(new, moved.state, moved.tasks[0].wait, {}, now=case.now)
    assert [one.element_id for one in done.tasks] == ["c"]
    assert machine.misfits(old, new, case.done("a").step.state, now=case.now) == ("b",), "no orphan is left"


def test_trap_19_a_restored_case_evaluates_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """A case that stock restores has its stock engine again, which is Python's."""
    hostile = "__import__('os').abort()"
    body = start() + task("a") + script("count", "x + '!'", "x") + end() + chain("start", "a", "count", "end")
    case = Case(program(body, variables={"x": "string"}), x=hostile)
    case.done("a")
    assert case.step.variables["x"] == f"{hostile}!", "a value is never an expression"


def test_trap_19_no_entity_is_read() -> None:
    """An older lxml reads local files through entities."""
    text = '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/hostname">]><d>&e;</d>'
    with pytest.raises(DiagramError) as refused:
        read_xml(text.encode(), "process.bpmn")
    assert refused.value.findings[0].rule == "xml-doctype"
