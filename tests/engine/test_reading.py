"""The dialect: what is read, and that everything else is refused with its element and line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kt_flows.engine.check import check_packages
from kt_flows.engine.definition import Definition, read_definition
from kt_flows.errors import DiagramError, Finding
from support.processes import boundary, catch, chain, end, flow, human, message, package, service, start, timer

VARIABLES = {
    "x": "any",
    "amount": "double",
    "ok": "bool",
    "due_at": "timestamp",
    "wait_for": "duration",
    "token": "string",
}
VARIABLES |= {"names": "list(string)", "answer": "map", "text": "string", "count": "int"}
MESSAGES: Mapping[str, Any] = {"msg_paid": {"correlation": ["token"], "payload": {"amount": "double"}}}
SUBSCRIBER = {"subscriber_id": "${amount}"}
AT_NOON = timer("s", "timeDate", "2026-03-02T10:00:00Z")
NO_ERROR = "<bpmn:errorEventDefinition errorRef='no'/>"
PAID = '<bpmn:messageEventDefinition id="paid" messageRef="msg_paid"/>'
RETRY = "<camunda:failedJobRetryTimeCycle>R/PT1M</camunda:failedJobRetryTimeCycle>"
A_TEXT = '<bpmn:script>"a"</bpmn:script>'
MI = '<bpmn:multiInstanceLoopCharacteristics camunda:collection="names" camunda:elementVariable="one">{}'
MI += "</bpmn:multiInstanceLoopCharacteristics>"


def read(body: str, **more: Any) -> Definition:
    files = package("p", body, variables=VARIABLES, messages=MESSAGES, **more)
    return read_definition({name.removeprefix("p/"): data for name, data in files.items()})


def findings(body: str, **more: Any) -> list[Finding]:
    _, found = check_packages(package("p", body, variables=VARIABLES, messages=MESSAGES, **more))
    return [one for one in found if one.severity == "error"]


def around(inner: str, id: str = "t") -> str:
    """A whole process with one element between its start and its end."""
    return start() + inner + end() + chain("start", id, "end")


def task(inner: str = "", attributes: str = "", tag: str = "bpmn:userTask", id: str = "t") -> str:
    return f'<{tag} id="{id}" name="t" {attributes}>{inner}</{tag}>'


def extension(inner: str) -> str:
    return f"<bpmn:extensionElements>{inner}</bpmn:extensionElements>"


def io(inner: str) -> str:
    return extension(f"<camunda:inputOutput>{inner}</camunda:inputOutput>")


FOR = 'camunda:candidateGroups="staff"'
EXTERNAL = 'camunda:type="external" camunda:topic='
NOTE = '<camunda:inputParameter name="{}">{}</camunda:inputParameter>'
OUT = '<camunda:outputParameter name="{}">{}</camunda:outputParameter>'
CATCH = "bpmn:intermediateCatchEvent"
THROW = "bpmn:intermediateThrowEvent"


@pytest.mark.parametrize(
    ("inner", "rule"),
    [
        # elements and attributes that are on no list
        ('<bpmn:transaction id="t"/>', "element"),
        ('<bpmn:complexGateway id="t"/>', "element"),
        ('<bpmn:dataObjectReference id="t"/>', "element"),
        ('<e:userTask xmlns:e="http://e.example" id="t"/>', "element"),
        ('<camunda:userTask id="t"/>', "element"),
        (task("<bpmn:ioSpecification/>", FOR), "element"),
        (task("<bpmn:standardLoopCharacteristics/>", FOR), "element"),
        (task("<bpmn:messageEventDefinition/>", FOR), "element"),
        (task("", f'{FOR} camunda:asyncBefore="true"'), "attribute"),
        (task("", f'{FOR} isForCompensation="true"'), "attribute"),
        (task("", f'{FOR} startQuantity="2"'), "attribute"),
        (task("", f'{FOR} xml:space="preserve"'), "attribute"),
        (task("", f'{FOR} xmlns:e="http://e.example" e:run="x"'), "attribute"),
        (task(extension('<camunda:taskListener event="create" expression="${x}"/>'), FOR), "extension"),
        (task(extension('<e:x xmlns:e="http://e.example"/>'), FOR), "extension"),
        (task("", 'triggeredByEvent="1"', "bpmn:subProcess"), "attribute"),
        # people
        (task(), "missing-candidate-group"),
        (task("", 'camunda:candidateGroups=" , "'), "missing-candidate-group"),
        (task("", 'camunda:candidateGroups="staff:${nobody}"'), "expression"),
        (task("", f'{FOR} camunda:dueDate="${{amount}}"'), "expression"),
        (task("", f'{FOR} camunda:priority="high"'), "type"),
        (task("", f'{FOR} camunda:formRef="none"'), "form"),
        # jobs
        (task("", f'{EXTERNAL}"rm.rf"', "bpmn:serviceTask"), "topic"),
        (task("", 'camunda:topic="mail.poll"', "bpmn:serviceTask"), "topic"),
        (task("", f'{EXTERNAL}"line.test"', "bpmn:serviceTask"), "topic-input"),
        (
            task(io(NOTE.format("subscriber_id", "${amount}")), f'{EXTERNAL}"line.test"', "bpmn:serviceTask"),
            "topic-input",
        ),
        (service("t", "mail.poll", {"more": "x"}), "topic-input"),
        (service("t", "email.send", {"to": "a@b.example", "template": "no_such"}), "mail-text"),
        (service("t", "mail.poll", {}, outputs={"undeclared": "${fetched}"}), "variable"),
        (service("t", "mail.poll", {}, outputs={"ok": "${fetched}"}), "expression"),
        (service("t", "mail.poll", {}, outputs={"x": "${mailed}"}), "expression"),
        (task("", f'{EXTERNAL}"mail.poll" camunda:resultVariable="ok"', "bpmn:serviceTask"), "type"),
        (
            task(
                extension(RETRY.replace("R/PT1M", "often")),
                f'{EXTERNAL}"mail.poll"',
                "bpmn:serviceTask",
            ),
            "timer",
        ),
        (task(io(NOTE.format("a", "1") * 2), FOR), "extension"),
        (task(io('<camunda:inputParameter name="a"><camunda:script/></camunda:inputParameter>'), FOR), "extension"),
        (task(io(OUT.format("", "1")), FOR), "extension"),
        # scripts, decisions, calls
        (task("<bpmn:script>x</bpmn:script>", 'scriptFormat="javascript"', "bpmn:scriptTask"), "script"),
        (task("<bpmn:script>x</bpmn:script>", 'scriptFormat="cel"', "bpmn:scriptTask"), "script"),
        (task("<bpmn:script>1 +</bpmn:script>", 'scriptFormat="cel"', "bpmn:scriptTask"), "expression"),
        (
            task(
                '<bpmn:script>"a"</bpmn:script>', 'scriptFormat="cel" camunda:resultVariable="ok"', "bpmn:scriptTask"
            ),
            "type",
        ),
        (task("", 'camunda:decisionRef="none"', "bpmn:businessRuleTask"), "decision"),
        (task("", 'calledElement="${x}"', "bpmn:callActivity"), "call"),
        (task("", 'calledElement="nobody"', "bpmn:callActivity"), "call"),
        (task("", 'calledElement="p"', "bpmn:callActivity"), "call-cycle"),
        (task(extension('<camunda:in source="x"/>'), 'calledElement="q"', "bpmn:callActivity"), "call"),
        (
            task(extension('<camunda:out source="x" target="no"/>'), 'calledElement="q"', "bpmn:callActivity"),
            "variable",
        ),
        (task(extension('<camunda:in businessKey="${x}"/>'), 'calledElement="q"', "bpmn:callActivity"), "attribute"),
        # repetitions
        (task("<bpmn:multiInstanceLoopCharacteristics/>", FOR), "element"),
        (task(MI.format("<bpmn:loopCardinality>3</bpmn:loopCardinality>"), FOR), "element"),
        (task(MI.format("<bpmn:inputDataItem/>"), FOR), "element"),
        (task(MI.format("").replace('"one"', '"amount"'), FOR), "variable"),
        (task(MI.format("").replace('"names"', '"amount"'), FOR), "expression"),
        (task(MI.format("<bpmn:completionCondition>${one}</bpmn:completionCondition>"), FOR), "expression"),
        (
            task(
                "<bpmn:multiInstanceLoopCharacteristics><bpmn:loopCardinality>1001</bpmn:loopCardinality>"
                "</bpmn:multiInstanceLoopCharacteristics>",
                FOR,
            ),
            "budget",
        ),
        # events
        (task("<bpmn:signalEventDefinition/>", "", CATCH), "element"),
        (task("<bpmn:errorEventDefinition/>", "", CATCH), "element"),
        (task("", "", CATCH), "element"),
        (task("<bpmn:timerEventDefinition/>", "", CATCH), "timer"),
        (task(timer("t", "timeDuration", "P1M"), "", CATCH), "timer"),
        (task(timer("t", "timeDuration", "P11Y"), "", CATCH), "timer"),
        (task(timer("t", "timeDuration", "P4000D"), "", CATCH), "timer"),
        (task(timer("t", "timeDate", "tomorrow"), "", CATCH), "timer"),
        (task(timer("t", "timeDate", "${amount}"), "", CATCH), "timer"),
        (task(timer("t", "timeCycle", "R/PT1H"), "", CATCH), "timer"),
        (task(message("msg_none", "t"), "", CATCH), "message"),
        (task(message("msg_paid", "t") + timer("t", "timeDuration", "PT1H"), "", CATCH), "element"),
        (task('<bpmn:escalationEventDefinition escalationRef="none"/>', "", THROW), "event-code"),
        (task("<bpmn:escalationEventDefinition/>", "", THROW), "event-code"),
        (task(message("msg_paid", "t"), "", THROW), "topic-input"),
        (task("", 'messageRef="none"', "bpmn:receiveTask"), "message"),
        (task("", 'messageRef="msg_paid" instantiate="true"', "bpmn:receiveTask"), "attribute"),
        (task(extension(RETRY), "", THROW), "extension"),
        # gateways
        (task("", 'eventGatewayType="Parallel"', "bpmn:eventBasedGateway"), "attribute"),
        (task("", 'default="nowhere"', "bpmn:exclusiveGateway"), "default-flow"),
    ],
)
def test_what_is_refused_at_its_element(inner: str, rule: str) -> None:
    found = findings(around(inner))
    assert rule in {one.rule for one in found}
    one = next(one for one in found if one.rule == rule)
    assert one.file == "p/process.bpmn"
    assert one.line
    assert one.message
    assert one.hint
    assert one.element_id is not None


@pytest.mark.parametrize(
    ("body", "rule", "element"),
    [
        (
            start(inner=AT_NOON) + end() + chain("start", "end"),
            "timer",
            "start",
        ),
        (start(inner=timer("s", "timeCycle", "${text}")) + end() + chain("start", "end"), "timer", "start"),
        (start(attributes='isInterrupting="false"') + end() + chain("start", "end"), "attribute", "start"),
        (around(human("t", "staff")) + boundary("b", "t", io(NOTE.format("a", "1")) + PAID), "extension", "b"),
        (start(attributes='isInterrupting="no"') + end() + chain("start", "end"), "attribute", "start"),
        (around(human("t", "staff")) + boundary("b", "t", timer("b", "timeCycle", "R/PT1H")), "timer", "b"),
        (
            around(human("t", "staff")) + boundary("b", "t", NO_ERROR),
            "event-code",
            "b",
        ),
        (
            around(human("t", "staff")) + boundary("b", "t", "<bpmn:errorEventDefinition/>", interrupting=False),
            "element",
            "b",
        ),
        (around(human("t", "staff")) + boundary("b", "none", timer("b", "timeDuration", "PT1H")), "flow", "b"),
        (
            start() + end() + flow("start", "end", "true"),
            "expression",
            "start_to_end",
        ),
        (start() + end() + flow("start", "end", "${amount}"), "expression", "start_to_end"),
        (start() + end() + flow("start", "end", "${ok}"), "expression", "start_to_end"),
        (start() + '<bpmn:endEvent name="x"/>' + end() + chain("start", "end"), "xml-id", "p"),
        (
            start()
            + end()
            + '<bpmn:sequenceFlow id="f" sourceRef="start" targetRef="end"><bpmn:conditionExpression '
            + 'language="javascript">${ok == true}</bpmn:conditionExpression></bpmn:sequenceFlow>',
            "expression",
            "f",
        ),
        (
            around(task(start("s", message("msg_paid", "s")) + end("e") + flow("s", "e"), "", "bpmn:subProcess")),
            "element",
            "s",
        ),
    ],
    ids=range(15),
)
def test_what_is_refused_elsewhere(body: str, rule: str, element: str) -> None:
    assert (rule, element) in {(one.rule, one.element_id) for one in findings(body)}


def test_process_level_listeners_are_refused() -> None:
    files = package("p", start() + end() + chain("start", "end"))
    listener = b"<bpmn:extensionElements><camunda:executionListener/></bpmn:extensionElements></bpmn:process>"
    files["p/process.bpmn"] = files["p/process.bpmn"].replace(b"</bpmn:process>", listener)
    assert [one.rule for one in check_packages(files)[1] if one.severity == "error"] == ["extension"]


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b'targetNamespace="', b'expressionLanguage="http://www.w3.org/1999/XPath" targetNamespace="', "attribute"),
        (b'isExecutable="true"', b'isExecutable="1"', "attribute"),
        (b'process id="p"', b'process id="other"', "process"),
        (b"<bpmn:process", b'<bpmn:signal id="s"/><bpmn:process', "element"),
        (b"<bpmn:process", b'<bpmn:error id="e" errorCode="x" camunda:errorMessage="y"/><bpmn:process', "attribute"),
        (b"</bpmn:process>", b'</bpmn:process><bpmn:process id="q" isExecutable="true"/>', "process"),
        (b"isExecutable", b'camunda:jobPriority="5" isExecutable', "attribute"),
    ],
)
def test_what_is_refused_at_the_top(old: bytes, new: bytes, rule: str) -> None:
    files = package("p", start() + end() + chain("start", "end"))
    files["p/process.bpmn"] = files["p/process.bpmn"].replace(old, new, 1)
    assert rule in {one.rule for one in check_packages(files)[1]}


def test_what_is_only_drawn_comes_in() -> None:
    drawn = (
        '<bpmn:documentation>О процессе</bpmn:documentation><bpmn:laneSet id="l"><bpmn:lane id="l1" name="160"/>'
        '</bpmn:laneSet><bpmn:textAnnotation id="a"><bpmn:text>Пометка</bpmn:text></bpmn:textAnnotation>'
        '<bpmn:association id="a1" sourceRef="t" targetRef="a"/>'
    )
    inner = extension('<camunda:properties><camunda:property name="a" value="b"/></camunda:properties>')
    assert read(drawn + around(task(inner, FOR))).elements["t"].groups


def test_what_an_element_says_is_read() -> None:
    inner = io(NOTE.format("who", "${token}") + OUT.format("x", "${who + text}"))
    form = [{"type": "textfield", "key": "text", "id": "f1", "label": "Текст"}]
    attributes = 'camunda:candidateGroups="staff:${token}, heads" camunda:dueDate="${due_at}" camunda:priority="70" '
    attributes += 'camunda:formRef="ask" camunda:formRefBinding="deployment"'
    element = read(around(task(inner, attributes)), forms={"ask": form}).elements["t"]
    assert [group.text for group in element.groups] == ["staff:${token}", "heads"]
    assert element.form_key == "ask"
    assert element.due_date is not None
    assert element.due_date.names == {"due_at"}
    assert [name for name, _ in element.inputs] == ["who"]
    assert [name for name, _ in element.outputs] == ["x"]
    assert element.line > 1


def test_a_message_gives_its_payload_to_outputs() -> None:
    inner = io(OUT.format("x", "${amount * 2.0}")) + message("msg_paid", "t")
    element = read(around(task(inner, "", CATCH))).elements["t"]
    assert (element.message, element.event) == ("msg_paid", "message")


def test_a_repeated_sub_process_gives_its_names_to_what_is_inside() -> None:
    inside = start("s") + human("ask", "${one}") + end("e") + chain("s", "ask", "e")
    definition = read(around(task(MI.format("") + inside, "", "bpmn:subProcess")))
    assert definition.elements["ask"].groups[0].names == {"one"}
    with pytest.raises(DiagramError):
        read(around(task(inside, "", "bpmn:subProcess")))


def test_a_catch_behind_a_boundary_and_an_event_sub_process() -> None:
    body = around(human("t", "staff")) + boundary("b", "t", message("msg_paid", "b"), interrupting=False)
    body += end("e") + flow("b", "e")
    body += '<bpmn:subProcess id="late" name="Поздно" triggeredByEvent="true">'
    body += start("late_start", timer("late_start", "timeDate", "${due_at}"), 'isInterrupting="false"')
    body += end("late_end") + flow("late_start", "late_end") + "</bpmn:subProcess>"
    definition = read(body)
    assert definition.elements["b"].interrupting is False
    assert definition.elements["late_start"].interrupting is False
    assert definition.elements["late"].triggered_by_event


def test_errors_are_known_by_their_codes() -> None:
    body = around(service("t", "line.test", {"subscriber_id": "${token}"}))
    body += (
        boundary("b", "t", '<bpmn:errorEventDefinition id="bd" errorRef="error_unknown"/>')
        + end("e")
        + flow("b", "e")
    )
    files = package("p", body, variables=VARIABLES)
    error = b'<bpmn:error id="error_unknown" name="x" errorCode="line.unknown_subscriber"/><bpmn:process'
    files["p/process.bpmn"] = files["p/process.bpmn"].replace(b"<bpmn:process", error, 1)
    definitions, found = check_packages(files)
    assert definitions[0].elements["b"].error_code == "line.unknown_subscriber"
    assert not [one for one in found if one.severity == "error"]


def test_many_expressions_and_elements_end_in_time() -> None:
    many = "".join(service(f"t{n}", "mail.poll", {}, outputs={"x": f"${{fetched + {n}}}"}) for n in range(2_500))
    assert "budget" in {one.rule for one in findings(start() + many + end())}
    nodes = "".join(f'<bpmn:task id="t{n}"/>' for n in range(2_100))
    assert [one.rule for one in findings(nodes)] == ["budget"]


def test_a_catching_event_by_name() -> None:
    assert read(around(catch("t", "msg_paid"))).elements["t"].message == "msg_paid"
