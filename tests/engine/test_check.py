"""What the gate finds in processes that read well."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import pytest

from kt_flows.engine.check import check_packages
from kt_flows.errors import Finding
from support.processes import boundary, catch, chain, end, flow, human, message, package, service, start, timer

VARIABLES = {"ok": "bool", "due_at": "timestamp", "token": "string", "amount": "double"}
MESSAGES: Mapping[str, Any] = {"msg_paid": {"correlation": ["token"], "payload": {"amount": "double"}}}
NODE = '<bpmn:{} id="{}" {}/>'


def process(body: str, key: str = "p", **more: Any) -> dict[str, bytes]:
    return package(key, body, variables=VARIABLES, messages=MESSAGES, **more)


def told(body: str, severity: str = "error", **more: Any) -> set[tuple[str, str | None]]:
    _, found = check_packages(process(body, **more))
    return {(one.rule, one.element_id) for one in found if one.severity == severity and one.rule != "labels"}


def sub(id: str, inner: str, attributes: str = "") -> str:
    return f'<bpmn:subProcess id="{id}" name="{id}" {attributes}>{inner}</bpmn:subProcess>'


def inside(id: str = "i") -> str:
    return start(f"{id}_start") + end(f"{id}_end") + flow(f"{id}_start", f"{id}_end")


def draw(ids: str, *parts: str) -> str:
    """A start and an end, the parts, and flows along the ids."""
    return start() + end() + "".join(parts) + chain(*ids.split())


def limit(id: str, host: str, inner: str, **more: Any) -> str:
    """A boundary event with a flow to the end."""
    return boundary(id, host, inner, **more) + flow(id, "end")


ASK = human("ask", "staff")
WAIT = '<bpmn:receiveTask id="w" name="w" messageRef="msg_paid"/>'
CALL = service("call", "mail.poll", {})
PAID = message("msg_paid", "b")
DAY = timer("b", "timeDuration", "PT24H")
RACE = NODE.format("eventBasedGateway", "g", "") + catch("c", "msg_paid")
CHOICE = NODE.format("exclusiveGateway", "g", 'default="g_to_end"')
ANY_ERROR = "<bpmn:errorEventDefinition/>"
ANY_ESCALATION = "<bpmn:escalationEventDefinition/>"
LATE = (
    f'<bpmn:intermediateCatchEvent id="late">{timer("late", "timeDuration", "PT24H")}</bpmn:intermediateCatchEvent>'
)
WAITING = sub("s", start("a") + WAIT + end("e") + chain("a", "w", "e"))
LATE_START = start("a", timer("a", "timeDate", "${due_at}"))
ON_EVENT = sub("s", LATE_START + end("e") + flow("a", "e"), 'triggeredByEvent="true"')
IF = "${ok == true}"


@pytest.mark.parametrize(
    ("body", "rule", "element"),
    [
        # flows
        (draw("start nobody"), "flow", "start_to_nobody"),
        (draw("start end start"), "flow", "end_to_start"),
        (draw("start i_end", sub("s", inside())), "flow", "start_to_i_end"),
        (draw("start s", ON_EVENT), "flow", "start_to_s"),
        (draw("start end", boundary("b", "end", PAID)), "flow", "b"),
        # starts and ends
        (ASK + end() + chain("ask", "end"), "no-start", None),
        (draw("start end", ASK, flow("ask", "end")), "unreachable", "ask"),
        (draw("start s end", sub("s", end("e"))), "sub-process-start", "s"),
        (draw("start s end", sub("s", inside("a") + inside("b"))), "sub-process-start", "s"),
        (draw("start ask", ASK), "no-end", "ask"),
        (draw("start ask again ask", ASK, human("again", "staff")), "no-end", "start"),
        (draw("start ask end", ASK, boundary("b", "ask", PAID)), "no-end", "b"),
        # choices
        (
            draw("start g ask end", ASK, CHOICE.replace("default", "name"), flow("g", "end", IF)),
            "gateway-condition",
            "g",
        ),
        (draw("start g", NODE.format("parallelGateway", "g", ""), flow("g", "end", IF)), "gateway-condition", "g"),
        (draw("start ask", ASK, flow("ask", "end", IF)), "gateway-condition", "ask"),
        # races
        (draw("start g ask end", RACE, ASK, chain("g", "c", "end")), "event-gateway", "g"),
        (draw("start g c end", RACE), "event-gateway", "g"),
        (draw("start g c end", RACE, LATE, chain("g", "late", "end"), flow("late", "c")), "event-gateway", "g"),
        # loops
        (draw("start a g end", NODE.format("task", "a", ""), CHOICE, flow("g", "a", IF)), "endless-loop", "a"),
        (draw("start s g end", sub("s", inside()), CHOICE, flow("g", "s", IF)), "endless-loop", "g"),
        # deadlines
        (draw("start w end", WAIT, limit("b", "w", DAY)), "duration-on-wait", "b"),
        (draw("start w end", WAIT, limit("b", "w", DAY, interrupting=False)), "duration-on-wait", "b"),
        (draw("start s end", WAITING, limit("b", "s", DAY)), "duration-on-wait", "b"),
        (draw("start g c end", RACE, LATE, chain("g", "late", "end")), "duration-on-wait", "late"),
        # codes
        (draw("start ask end", ASK, limit("b", "ask", ANY_ERROR)), "event-code", "b"),
        (draw("start s end", sub("s", inside()), limit("b", "s", ANY_ESCALATION)), "event-code", "b"),
    ],
)
@pytest.mark.acceptance("72")
def test_a_mistake_is_found_at_its_element(body: str, rule: str, element: str | None) -> None:
    assert (rule, element) in told(body)


@pytest.mark.parametrize(
    "body",
    [
        draw("start ask end", ASK),
        # A loop in which a person is asked, or an outside call is made.
        draw("start ask g end", ASK, CHOICE, flow("g", "ask", IF)),
        draw("start call g end", CALL, CHOICE, flow("g", "call", IF)),
        # A moment is a deadline; a length on a person's task counts from when the task came.
        draw("start w end", WAIT, limit("b", "w", timer("b", "timeDate", "${due_at}"))),
        draw("start ask end", ASK, limit("b", "ask", DAY)),
        draw(
            "start g c end",
            RACE,
            LATE.replace("PT24H", "${due_at}").replace("Duration", "Date"),
            chain("g", "late", "end"),
        ),
        # Any refusal of an outside call may be caught without its code.
        draw("start call end", CALL, limit("b", "call", ANY_ERROR)),
        # Out only by a boundary.
        draw("start ask again ask", ASK, human("again", "staff"), limit("b", "ask", PAID)),
        draw("start end", ON_EVENT),
    ],
    ids=range(9),
)
def test_what_is_right_is_left_alone(body: str) -> None:
    assert told(body) == set()


def test_a_gateway_without_a_way_out_for_the_rest_is_a_warning() -> None:
    body = start() + NODE.format("exclusiveGateway", "g", "") + end() + end("e") + chain("start", "g")
    body += flow("g", "end", "${ok == true}") + flow("g", "e", "${ok == false}")
    assert told(body) == set()
    assert told(body, "warning") == {("gateway-default", "g")}


def test_what_nobody_takes_is_a_warning() -> None:
    files = process(start() + end() + chain("start", "end"))
    files["p/mail/left.ru.txt"] = "Subject: х\n\nх".encode()
    _, found = check_packages(files)
    assert ("unused", "p/mail/left.ru.txt") in {(one.rule, one.file) for one in found if one.severity == "warning"}


def test_elements_of_the_manifest_are_elements() -> None:
    files = process(start() + ASK + end() + chain("start", "ask", "end"))
    files["p/process.yaml"] += b"elements: {ask: {clause: '1', kk: a, en: b}, nobody: {clause: '1'}}\n"
    _, found = check_packages(files)
    assert [one.element_id for one in found if one.rule == "manifest"] == ["nobody"]
    assert "ask" not in [one.element_id for one in found if one.rule == "labels"]
    assert "start" in [one.element_id for one in found if one.rule == "labels"]


def call(target: str, mappings: str = "") -> str:
    inner = f"<bpmn:extensionElements>{mappings}</bpmn:extensionElements>" if mappings else ""
    body = start() + f'<bpmn:callActivity id="c" calledElement="{target}">{inner}</bpmn:callActivity>' + end()
    return body + chain("start", "c", "end")


def errors(*packages: dict[str, bytes]) -> list[Finding]:
    _, found = check_packages({name: data for files in packages for name, data in files.items()})
    return [one for one in found if one.severity == "error"]


@pytest.mark.parametrize(
    ("mappings", "rules"),
    [
        ('<camunda:in source="amount" target="amount"/><camunda:out source="amount" target="amount"/>', []),
        ('<camunda:in variables="all"/><camunda:out variables="all"/>', []),
        ('<camunda:in source="amount" target="nobody"/>', ["call"]),
        ('<camunda:in source="amount" target="ok"/>', ["type"]),
        ('<camunda:out source="nobody" target="amount"/>', ["call"]),
        ('<camunda:out source="ok" target="amount"/>', ["type"]),
        ('<camunda:out sourceExpression="${amount + 1.0}" target="amount"/>', []),
    ],
)
def test_what_calls_hand_over(mappings: str, rules: list[str]) -> None:
    inner = process(start() + end() + chain("start", "end"), "q")
    assert [one.rule for one in errors(process(call("q", mappings)), inner)] == rules


def test_calls_reach_a_plain_start_and_do_not_go_round() -> None:
    paid = start(inner=message("msg_paid", "start"))
    assert [one.rule for one in errors(process(call("q")), process(paid + end() + chain("start", "end"), "q"))] == [
        "call"
    ]
    round_about = errors(process(call("q")), process(call("r"), "q"), process(call("p"), "r"))
    assert [(one.rule, one.file) for one in round_about] == [
        ("call-cycle", f"{key}/process.bpmn") for key in ("p", "q", "r")
    ]


def test_calls_nested_too_deep() -> None:
    chained = [process(call(f"p{n + 1}"), f"p{n}") for n in range(15)]
    found = errors(*chained, process(start() + end() + chain("start", "end"), "p15"))
    assert {one.file for one in found} == {f"p{n}/process.bpmn" for n in range(5)}
    assert {one.rule for one in found} == {"call-cycle"}


def test_many_calls_of_many_calls_end_in_time() -> None:
    def layer(number: int) -> str:
        targets = [f"p{number + 1}_{n}" for n in range(6)] if number < 9 else []
        calls = "".join(f'<bpmn:callActivity id="c{n}" calledElement="{key}"/>' for n, key in enumerate(targets))
        caught = boundary("b", "c0", "<bpmn:errorEventDefinition/>") + flow("b", "end") if targets else ""
        ids = [f"c{n}" for n in range(len(targets))]
        return start() + calls + caught + end() + chain("start", *ids, "end")

    packages = [process(layer(number), f"p{number}_{n}") for number in range(10) for n in range(6)]
    begun = time.perf_counter()
    found = errors(*packages)
    assert time.perf_counter() - begun < 5
    # Nothing down there throws an error.
    assert {one.rule for one in found} == {"event-code"}


def test_a_caller_that_is_deployed_is_checked_with_the_new_version() -> None:
    inner = process(start() + end() + chain("start", "end"), "q")
    caller = process(call("q", '<camunda:in source="amount" target="amount"/>'))
    known, _ = check_packages({**caller, **inner})
    fresh = package("q", start() + end() + chain("start", "end"), variables={"ok": "bool"})
    _, found = check_packages(fresh, {one.key: one for one in known})
    assert [(one.rule, one.file, one.element_id) for one in found if one.severity == "error"] == [
        ("call", "p/process.bpmn", "c")
    ]


def test_one_process_begins_with_a_message_and_all_find_it_alike() -> None:
    begins = start(inner=message("msg_paid", "start")) + end() + chain("start", "end")
    assert {one.rule for one in errors(process(begins), process(begins, "q"))} == {"start-message"}
    other = package(
        "q",
        begins.replace("msg_paid", "msg_paid"),
        variables=VARIABLES,
        messages={"msg_paid": {"correlation": ["ok"]}},
    )
    found = errors(process(start() + end() + chain("start", "end")), other)
    assert {(one.rule, one.file) for one in found} == {("message", "p/process.yaml"), ("message", "q/process.yaml")}


def test_two_folders_with_one_key() -> None:
    files = process(start() + end() + chain("start", "end"))
    again = {name.replace("p/", "again/"): data for name, data in files.items()}
    assert [(one.rule, one.file) for one in errors(files, again)] == [("process", "p/process.bpmn")]


def test_findings_keep_their_folders_where_folders_are_alike() -> None:
    right = process(start() + end() + chain("start", "end"), "a")
    wrong = process(call("nobody"), "b")
    assert [one.file for one in errors(right, wrong)] == ["b/process.bpmn"]


def test_a_drawing_is_only_read() -> None:
    drawing = {"view/overview.bpmn": b'<d:definitions xmlns:d="http://www.omg.org/spec/BPMN/20100524/MODEL"/>'}
    assert errors(drawing) == []
    assert [one.rule for one in errors({"view/overview.bpmn": b"<svg/>"})] == ["xml-root"]
    assert [one.rule for one in errors(drawing, {"view/forms/a.form": b"{}"})] == ["package"]
