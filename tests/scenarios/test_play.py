"""Scenarios on small processes: what a step does, and that what is not so is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml

from kt_flows.engine.check import check_packages
from kt_flows.scenarios import ScenarioResult, read_scenario, run_scenario
from support.processes import boundary, catch, chain, end, flow, human, message, package, service, start, timer

VARIABLES = {
    "note": "string", "ok": "bool", "token": "string", "paid_at": "timestamp", "due_at": "timestamp",
    "wait_for": "duration", "amount": "double", "found": "any", "names": "list(string)",
}  # fmt: skip
MESSAGES: Mapping[str, Any] = {
    "msg_paid": {"correlation": ["token"], "payload": {"paid_at": "timestamp"}, "keep": "PT1H"}
}
FORM = [{"type": "textfield", "key": "note", "id": "f1", "label": "Заметка", "validate": {"required": True}}]
AT = "2026-03-02T10:00:00+05:00"


def folder(body: str, key: str = "p") -> dict[str, bytes]:
    files = package(key, body, variables=VARIABLES, messages=MESSAGES, forms={"ask": FORM} if "ask" in body else None)
    if "told" in body:
        files[f"{key}/mail/told.ru.txt"] = "Subject: Заметка\n\nДля ${token}".encode()
    return files


def play(
    body: str, *steps: Any, start: Mapping[str, Any] | None = None, jobs: Any = None, **more: Any
) -> ScenarioResult:
    definitions, findings = check_packages({**folder(body), **more.get("beside", {})})
    assert not [one for one in findings if one.severity == "error"]
    known = {one.key: one for one in definitions}
    begun = {"at": AT, "variables": {"token": "T-1"}, **(start or {})}
    story = {"scenario": "s", "title": "s", "start": begun, "jobs": jobs or {}, "steps": list(steps)}
    scenario = read_scenario(yaml.safe_dump(story, allow_unicode=True).encode(), "scenarios/s.yaml")
    return run_scenario(known["p"], known, scenario)


def expect(**wanted: Any) -> dict[str, Any]:
    return {"expect": wanted}


ASK = start() + human("ask", "staff:${token}", form="ask") + end() + chain("start", "ask", "end")
MAIL = start() + service(
    "tell", "email.send", {"to": "provider:default", "template": "told"}, outputs={"note": "${mail_id}"}
)
MAIL += end() + chain("start", "tell", "end")
WAIT = start() + catch("wait", "msg_paid") + end() + chain("start", "wait", "end")
CAUGHT = (
    MAIL
    + boundary("refused", "tell", '<bpmn:errorEventDefinition id="rd"/>')
    + human("ask", "staff", form="ask")
    + end("end_asked")
    + chain("refused", "ask", "end_asked")
)
TOLD = {"template": "told"}
FOREIGN = {"message": {"name": "msg_paid", "correlation": {"token": "T-2"}, "buffered": True}}
DONE = {"complete": "ask", "by": "staff:T-1", "values": {"note": "да"}}
BEGUN = start(inner=message("msg_paid", "start")) + end() + chain("start", "end")
DAYS = start() + human("ask", "staff", form="ask") + end() + chain("start", "ask", "end")
DAYS += boundary("day", "ask", timer("day", "timeCycle", "R3/PT24H"), interrupting=False)
DAYS += service("tell", "email.send", {"to": "provider:default", "template": "told"}) + end("end_told")
DAYS += chain("day", "tell", "end_told")


@pytest.mark.parametrize(
    ("body", "steps", "more"),
    [
        (ASK, [expect(tasks=["ask"], groups={"ask": ["staff:T-1"]}, due={"ask": None}, active=True), DONE], {}),
        (ASK, [DONE, expect(tasks=[], ended="end", variables={"note": "да", "ok": None}, visited=["ask"])], {}),
        (ASK, [{"refused": {"complete": "ask", "values": {}, "fields": ["note"]}}, expect(has_tasks=["ask"])], {}),
        (ASK, [{"refused": {"complete": "ask", "values": {"note": "a", "no": 1}, "fields": ["no"]}}], {}),
        (ASK, [{"task": {"element": "ask"}, "values": {"note": "да"}}, expect(no_tasks=["ask"], ended=["end"])], {}),
        (MAIL, [expect(ended="end", variables={"note": "mail-1"}, jobs={"email.send": 1, "mail.poll": 0})], {}),
        (MAIL, [expect(sent=[{**TOLD, "to": "provider:default", "contains": ["T-1", "Заметка"], "count": 1}])], {}),
        (MAIL, [expect(sent=[{"template": "told", "lang": "kk", "count": 0}])], {}),
        (MAIL, [expect(variables={"note": "m-7"})], {"jobs": {"email.send": {"mail_id": "m-7"}}}),
        # An outside call that waits, is answered, or fails.
        (
            MAIL,
            [
                expect(active=True, jobs={"email.send": 1}, waits={"jobs": ["email.send"]}),
                {"job": {"topic": "email.send", "result": {"mail_id": "m-8"}}},
                expect(ended="end", variables={"note": "m-8"}, waits={"jobs": []}),
            ],
            {"jobs": {"email.send": {"$hold": True}}},
        ),
        (
            MAIL,
            [
                expect(active=True, incidents=["tell"]),
                {"job": {"topic": "email.send", "result": {}}},
                expect(ended="end"),
            ],
            {"jobs": {"email.send": {"$fail": {"code": "mail.rejected"}}}},
        ),
        (
            CAUGHT,
            [expect(tasks=["ask"], visited=["refused"], not_visited=["end"])],
            {"jobs": {"email.send": {"$fail": {"code": "mail.rejected", "times": 1}}}},
        ),
        (
            CAUGHT,
            [{"job": {"topic": "email.send", "fail": {"code": "mail.rejected"}}}, expect(tasks=["ask"])],
            {"jobs": {"email.send": {"$hold": True}}},
        ),
        # Messages, on time, early, too early.
        (
            WAIT,
            [
                expect(waits={"messages": ["msg_paid"]}),
                {"message": {"name": "msg_paid", "payload": {"paid_at": "2026-03-02T10:00:00+05:00"}}},
                expect(ended="end", variables={"paid_at": "2026-03-02T05:00:00Z"}),
                expect(waits={"no_messages": ["msg_paid"]}),
            ],
            {},
        ),
        (WAIT, [{"message": {"name": "msg_paid", "correlation": {"token": "T-1"}}}, expect(ended="end")], {}),
        (
            WAIT,
            [FOREIGN, expect(active=True)],
            {},
        ),
        # The clock goes by way of every due moment.
        (
            DAYS,
            [
                expect(waits={"timers": {"day": "2026-03-03T10:00:00+05:00"}}),
                {"clock": "+23h59m59s"},
                expect(not_visited=["tell"]),
                {"clock": "+1s"},
                expect(jobs={"email.send": 1}, waits={"timers": {"day": "2026-03-04T05:00:00Z"}}),
                {"clock": "2026-03-10T00:00:00Z"},
                expect(jobs={"email.send": 3}, tasks=["ask"], waits={"timers": {"day": None}}),
            ],
            {},
        ),
        # Starts.
        (ASK, [], {"start": {"variables": {"nobody": 1}, "refused": {"fields": ["nobody"]}}}),
        (ASK, [], {"start": {"variables": {"ok": "maybe"}, "refused": {"fields": ["ok"]}}}),
        (BEGUN, [expect(ended="end")], {"start": {"message": "msg_paid"}}),
    ],
    ids=range(20),
)  # fmt: skip
def test_what_is_so_passes(body: str, steps: list[Any], more: Mapping[str, Any]) -> None:
    result = play(body, *steps, **more)
    assert result.passed, result.lines


@pytest.mark.parametrize(
    ("body", "steps", "said"),
    [
        (ASK, [expect(tasks=[])], "открытые задачи"),
        (ASK, [expect(no_tasks=["ask"])], "задачи нет"),
        (ASK, [expect(groups={"ask": ["staff"]})], "группы"),
        (ASK, [expect(due={"ask": AT})], "срок"),
        (ASK, [expect(ended="end")], "ещё идёт: задачи ['ask']"),
        (ASK, [expect(variables={"token": "T-2"})], "переменная token"),
        (ASK, [expect(visited=["end"])], "не пройден"),
        (ASK, [expect(not_visited=["ask"])], "пройден"),
        (ASK, [expect(jobs={"email.send": 1})], "обращений email.send"),
        (ASK, [expect(incidents=["ask"])], "не идут дальше"),
        (ASK, [expect(waits={"messages": ["msg_paid"]})], "ждут сообщения"),
        (ASK, [{**DONE, "by": "staff:T-2"}], "а не для staff:T-2"),
        (ASK, [{**DONE, "values": {}}], "note"),
        (ASK, [DONE, DONE], "открыто 0"),
        (ASK, [DONE, expect(active=True)], "случай идёт"),
        (ASK, [{"refused": {"complete": "ask", "values": {"note": "a"}, "fields": ["note"]}}], "приняла"),
        (ASK, [{"refused": {"complete": "ask", "values": {}, "fields": ["note", "ok"]}}], "названы поля"),
        (ASK, [{"task": {"element": "ask", "nth": 2}, "values": {}}], "открыто 1"),
        (ASK, [{"clock": "2026-03-01T00:00:00Z"}], "назад"),
        (ASK, [{"job": {"topic": "email.send", "result": {}}}], "никто не ждёт ответа"),
        (ASK, [{"message": {"name": "msg_paid"}}], "никто не ждёт"),
        (WAIT, [{"message": {"name": "msg_paid", "buffered": True}}], "ждут"),
        (WAIT, [{"message": {"name": "msg_paid", "payload": {"paid_at": "soon"}}}], "paid_at"),
        (MAIL, [expect(sent=[{"template": "told", "contains": ["нет такого"]}])], "Для T-1"),
        (MAIL, [expect(sent=[{"template": "told", "count": 2}])], "письмо"),
        # Names that are not there: `not_visited` must not pass by a slip of the pen.
        (ASK, [expect(not_visited=["aks"])], "элемента aks нет"),
        (ASK, [expect(no_tasks=["aks"])], "элемента aks нет"),
        (ASK, [expect(waits={"timers": {"aks": None}})], "элемента aks нет"),
        (ASK, [expect(variables={"noet": None})], "переменная noet"),
        (ASK, [expect(variables={"ok": "да"})], "переменная ok"),
        (ASK, [expect(sent=[{"template": "tolled", "count": 0}])], "mail/tolled.ru.txt"),
        (ASK, [expect(waits={"no_messages": ["msg_piad"]})], "msg_piad"),
        (WAIT, [{"message": {"name": "msg_piad"}}], "msg_piad"),
        (WAIT, [{"message": {"name": "msg_paid", "payload": {"piad_at": AT}}}], "piad_at"),
        (WAIT, [{"message": {"name": "msg_paid", "correlation": {"ok": True}}}], "не ищут по ok"),
        (MAIL, [{"job": {"topic": "email.send", "result": {"mial_id": "x"}}}], "mial_id"),
    ],
)  # fmt: skip
def test_what_is_not_so_is_told_with_its_step(body: str, steps: list[Any], said: str) -> None:
    result = play(body, *steps)
    assert not result.passed
    assert any(said in line for line in result.lines), result.lines
    assert all(line.startswith("шаг ") for line in result.lines)


def test_a_start_that_is_refused_or_should_have_been() -> None:
    assert play(ASK, expect(), start={"variables": {"nobody": 1}}).lines[0].startswith("начало: nobody")
    assert "принято" in play(ASK, start={"refused": {"fields": ["ok"]}}).lines[0]
    assert "msg_paid" in play(ASK, expect(), start={"message": "msg_paid"}).lines[0]


def test_an_incident_that_nobody_expects_fails_even_without_an_expect() -> None:
    broken = start() + human("ask", "staff:${note}", form="ask") + end() + chain("start", "ask", "end")
    result = play(broken, {"clock": "+1h"})
    assert "не идут дальше" in result.lines[0]
    assert "ask" in result.lines[0]
    assert play(broken, expect(incidents=["ask"])).passed


def test_a_message_is_kept_for_its_time() -> None:
    body = start() + human("ask", "staff", form="ask") + catch("wait", "msg_paid") + end()
    body += chain("start", "ask", "wait", "end")
    early = {"message": {"name": "msg_paid", "buffered": True}}
    done = {"complete": "ask", "values": {"note": "да"}}
    assert play(body, early, {"clock": "+59m"}, done, expect(ended="end")).passed
    assert play(body, early, {"clock": "+1h"}, done, expect(waits={"messages": ["msg_paid"]})).passed


def test_a_thrown_message_reaches_the_same_case() -> None:
    thrown = '<bpmn:intermediateThrowEvent id="throw"><bpmn:extensionElements><camunda:inputOutput>'
    thrown += '<camunda:inputParameter name="correlation">${{"token": token}}</camunda:inputParameter>'
    thrown += '<camunda:inputParameter name="payload">${{"paid_at": string(now)}}</camunda:inputParameter>'
    thrown += "</camunda:inputOutput></bpmn:extensionElements>"
    thrown += message("msg_paid", "throw") + "</bpmn:intermediateThrowEvent>"
    body = start() + '<bpmn:parallelGateway id="fork"/><bpmn:parallelGateway id="join"/>' + thrown
    body += (
        catch("wait", "msg_paid")
        + end()
        + chain("start", "fork", "wait", "join", "end")
        + chain("fork", "throw", "join")
    )
    passed = play(body, expect(ended="end", jobs={"message.throw": 1}, variables={"paid_at": AT}))
    assert passed.passed, passed.lines
    alone = start() + thrown + end() + chain("start", "throw", "end")
    assert play(alone, expect(ended="end", jobs={"message.throw": 1})).passed


def test_answers_in_turn_the_last_one_stays() -> None:
    body = start() + "".join(
        service(f"find{n}", "case.find", {"definition_key": "p", "variables": "${{}}"}, outputs={"found": "${found}"})
        + human(f"ask{n}", "staff", form="ask")
        for n in range(3)
    )
    body += end() + chain("start", *(f"{kind}{n}" for n in range(3) for kind in ("find", "ask")), "end")
    steps: list[Any] = []
    for number, found in enumerate((False, True, True)):
        steps += [expect(variables={"found": found}), {"complete": f"ask{number}", "values": {"note": "да"}}]
    result = play(body, *steps, jobs={"case.find": [{"found": False}, {"found": True}]})
    assert result.passed, result.lines


def test_times_in_answers_default_to_now() -> None:
    sent = service(
        "tell", "email.send", {"to": "provider:default", "template": "told"}, outputs={"due_at": "${accepted_at}"}
    )
    body = start() + human("ask", "staff", form="ask") + sent + end() + chain("start", "ask", "tell", "end")
    result = play(
        body,
        {"clock": "+2h"},
        {"complete": "ask", "values": {"note": "да"}},
        expect(variables={"due_at": "2026-03-02T07:00:00Z"}),
    )
    assert result.passed, result.lines


def test_lengths_and_numbers_are_compared_as_values() -> None:
    given = {"variables": {"wait_for": "PT24H", "amount": 5, "names": ["a"], "token": "T-1"}}
    assert play(ASK, expect(variables={"wait_for": "P1D", "amount": 5.0, "names": ["a"]}), start=given).passed
    assert not play(ASK, expect(variables={"names": ["a", "b"]}), start=given).passed


def test_what_was_covered() -> None:
    body = (
        start()
        + '<bpmn:exclusiveGateway id="g" default="g_to_no"/>'
        + end("yes")
        + end("no")
        + chain("start", "g", "no")
    )
    body += flow("g", "yes", "${ok == true}")
    result = play(body, expect(ended="yes"), start={"variables": {"ok": True}})
    assert result.elements == {"p.start", "p.g", "p.yes"}
    assert result.flows == {"p.start_to_g", "p.g_to_yes"}
    assert play(body, expect(ended="no")).flows == {"p.start_to_g", "p.g_to_no"}


def test_a_case_that_never_rests_is_stopped() -> None:
    body = start() + service("poll", "mail.poll", {}) + '<bpmn:exclusiveGateway id="g" default="g_to_poll"/>' + end()
    body += chain("start", "poll", "g", "poll") + flow("g", "end", "${ok == true}")
    assert "ходов" in play(body, expect(active=True)).lines[0]


def test_a_signal_is_sent_to_whoever_waits() -> None:
    alarm = '<bpmn:signalEventDefinition id="d" signalRef="alarm"/>'
    body = start() + f'<bpmn:intermediateCatchEvent id="c" name="c">{alarm}</bpmn:intermediateCatchEvent>' + end()
    files = package(
        "p",
        body + chain("start", "c", "end"),
        variables={"level": "int"},
        more={"signals": {"alarm": {"payload": {"level": "int"}}}},
    )
    [definition], _ = check_packages(files)

    def told(*steps: Any) -> ScenarioResult:
        story = {"scenario": "s", "title": "s", "start": {"at": AT}, "steps": list(steps)}
        scenario = read_scenario(yaml.safe_dump(story, allow_unicode=True).encode(), "scenarios/s.yaml")
        return run_scenario(definition, {"p": definition}, scenario)

    sent = {"signal": {"name": "alarm", "payload": {"level": 3}}}
    assert told(sent, expect(ended="end", variables={"level": 3})).passed
    assert not told(sent, sent).passed
    assert not told({"signal": {"name": "alarms"}}).passed
    assert not told({"signal": {"name": "alarm", "payload": {"level": "high"}}}).passed
