"""What the dialect refuses, element by element, each with its place and a way out."""

from __future__ import annotations

import pytest

from kt_flows.engine.check import check_packages
from support.dialect import (
    CATCH,
    EXTERNAL,
    FOR,
    MI,
    NOTE,
    OUT,
    THROW,
    around,
    extension,
    findings,
    io,
    task,
)
from support.processes import boundary, chain, end, flow, human, message, package, service, start, timer

SUBSCRIBER = {"subscriber_id": "${amount}"}
AT_NOON = timer("s", "timeDuration", "PT1H")
NO_ERROR = "<bpmn:errorEventDefinition errorRef='no'/>"
PAID = '<bpmn:messageEventDefinition id="paid" messageRef="msg_paid"/>'
RETRY = "<camunda:failedJobRetryTimeCycle>R/PT1M</camunda:failedJobRetryTimeCycle>"
A_TEXT = '<bpmn:script>"a"</bpmn:script>'


@pytest.mark.parametrize(
    ("inner", "rule"),
    [
        # elements and attributes that are on no list
        ('<bpmn:transaction id="t" method="##Store"/>', "attribute"),
        ('<bpmn:complexGateway id="t"/>', "element"),
        ('<bpmn:dataObjectReference id="t"/>', "element"),
        ('<e:userTask xmlns:e="http://e.example" id="t"/>', "element"),
        ('<camunda:userTask id="t"/>', "element"),
        (task("<bpmn:ioSpecification/>", FOR), "element"),
        (task("<bpmn:standardLoopCharacteristics/>", FOR), "element"),
        (task('<bpmn:standardLoopCharacteristics loopMaximum="0"/>', FOR), "attribute"),
        (
            task(
                '<bpmn:standardLoopCharacteristics><bpmn:loopCondition language="javascript">${true}'
                "</bpmn:loopCondition></bpmn:standardLoopCharacteristics>",
                FOR,
            ),
            "expression",
        ),
        (task("<bpmn:linkEventDefinition/>", "", CATCH), "link"),
        (task("<bpmn:conditionalEventDefinition/>", "", CATCH), "expression"),
        (task("<bpmn:messageEventDefinition/>", FOR), "element"),
        (task("", f'{FOR} camunda:asyncBefore="true"'), "attribute"),
        (task("", f'{FOR} isForCompensation="1"'), "attribute"),
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
        (task("<bpmn:signalEventDefinition/>", "", CATCH), "signal"),
        (task('<bpmn:compensateEventDefinition waitForCompletion="false"/>', "", THROW), "attribute"),
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
            start(inner=timer("s", "timeCycle", "R3/PT1H")) + end() + chain("start", "end"),
            "timer",
            "start",
        ),
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
    ids=range(16),
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
        (b"<bpmn:process", b'<bpmn:dataStore id="s"/><bpmn:process', "element"),
        (b"<bpmn:process", b'<bpmn:error id="e" errorCode="x" camunda:errorMessage="y"/><bpmn:process', "attribute"),
        (b"</bpmn:process>", b'</bpmn:process><bpmn:process id="q" isExecutable="true"/>', "process"),
        (b"isExecutable", b'camunda:jobPriority="5" isExecutable', "attribute"),
    ],
)
def test_what_is_refused_at_the_top(old: bytes, new: bytes, rule: str) -> None:
    files = package("p", start() + end() + chain("start", "end"))
    files["p/process.bpmn"] = files["p/process.bpmn"].replace(old, new, 1)
    assert rule in {one.rule for one in check_packages(files)[1]}
