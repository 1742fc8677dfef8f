"""What the dialect reads: every attribute that is heeded lands in the element that runs."""

from __future__ import annotations

from datetime import timedelta

import pytest

from kt_flows.engine.check import check_packages
from kt_flows.errors import DiagramError
from support.dialect import (
    CATCH,
    FOR,
    MI,
    NOTE,
    OUT,
    VARIABLES,
    around,
    extension,
    findings,
    io,
    read,
    task,
)
from support.processes import boundary, catch, chain, end, flow, human, message, package, service, start, timer


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


@pytest.mark.parametrize(
    ("written", "kept"), [("P365D", timedelta(days=365)), ("90", timedelta(days=90)), ("P2W", timedelta(weeks=2))]
)
def test_how_long_a_case_is_kept(written: str, kept: timedelta) -> None:
    files = package("p", start() + end() + chain("start", "end"))
    files["p/process.bpmn"] = files["p/process.bpmn"].replace(b'"P365D"', f'"{written}"'.encode())
    assert check_packages(files)[0][0].kept == kept
    without = {
        name: data.replace(f'camunda:historyTimeToLive="{written}"'.encode(), b"") for name, data in files.items()
    }
    assert check_packages(without)[0][0].kept is None


@pytest.mark.parametrize("written", ["", "P1Y", "-P1D", "P99999D", "99999999999", "вечно", "${n}", "٣"])
def test_a_length_that_is_none_is_refused(written: str) -> None:
    files = package("p", start() + end() + chain("start", "end"))
    files["p/process.bpmn"] = files["p/process.bpmn"].replace(b'"P365D"', f'"{written}"'.encode())
    [found] = [one for one in check_packages(files)[1] if one.severity == "error"]
    assert (found.rule, "historyTimeToLive" in found.message, found.element_id) == ("attribute", True, "p")
