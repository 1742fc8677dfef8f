"""A runtime on a database of its own and a clock that stands, with a few small processes deployed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from kt_flows.clock import FixedClock
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.deploy import deploy
from kt_flows.security import SERVICE, Actor
from kt_flows.settings import Settings
from support.postgres import fresh_database
from support.processes import boundary, catch, chain, end, flow, human, message, package, service, start, timer

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

CRM = Actor("crm", frozenset({"crm"}))
ANNA = Actor("anna", frozenset({"operator"}), frozenset({"line"}))
BORIS = Actor("boris", frozenset({"operator"}), frozenset({"line"}))
OTHER = Actor("olga", frozenset({"operator"}), frozenset({"billing"}))
ADMIN = Actor("admin", frozenset({"admin"}), admin=True)

YES_NO = [{"type": "checkbox", "key": "ok", "label": "Да?", "validate": {"required": False}, "id": "f1"}]

DESK = package(
    "desk",
    start()
    + human("look", "line", form="look")
    + human("again", "line")
    + end()
    + boundary("late", "again", timer("late", "timeDate", "${due_at}"))
    + human("chief", "chiefs")
    + end("late_end")
    + chain("start", "look", "again", "end")
    + chain("late", "chief", "late_end"),
    variables={"ok": "bool", "due_at": "timestamp", "branch": "string"},
    forms={"look": YES_NO},
)

ASK = package(
    "ask",
    start()
    + service("call", "line.test", {"subscriber_id": "${subscriber_id}"}, outputs={"broadband_ok": "${broadband_ok}"})
    + boundary("unknown", "call", '<bpmn:errorEventDefinition id="e" errorRef="err"/>')
    + human("done_well", "line")
    + human("done_badly", "line")
    + end()
    + chain("start", "call", "done_well", "end")
    + chain("unknown", "done_badly")
    + flow("done_badly", "end"),
    variables={"subscriber_id": "string", "broadband_ok": "bool"},
)
ASK = {
    name: data.replace(
        b"<bpmn:process ", b'<bpmn:error id="err" name="err" errorCode="line.unknown_subscriber"/><bpmn:process '
    )
    for name, data in ASK.items()
}

WAIT = package(
    "wait",
    start()
    + human("before", "line")
    + catch("answer", "msg_answer")
    + human("after", "line")
    + end()
    + chain("start", "before", "answer", "after", "end"),
    variables={"token": "string", "answer_text": "string", "received_at": "timestamp"},
    messages={
        "msg_answer": {"correlation": ["token"], "payload": {"answer_text": "string", "received_at": "timestamp"}}
    },
)

BORN = package(
    "born",
    start(inner=message("msg_born", "start")) + human("greet", "line") + end() + chain("start", "greet", "end"),
    variables={"request_id": "string", "branch": "string"},
    messages={"msg_born": {"correlation": ["request_id"], "payload": {"request_id": "string", "branch": "string"}}},
)

CLOCKWORK = package(
    "clockwork",
    start(inner=timer("start", "timeCycle", "R/PT15M"))
    + human("count", "line")
    + end()
    + chain("start", "count", "end"),
)

BROKEN = package(
    "broken",
    start() + '<bpmn:scriptTask id="divide" name="divide" scriptFormat="cel" camunda:resultVariable="part">'
    "<bpmn:script>10 / number</bpmn:script></bpmn:scriptTask>"
    + human("read", "line")
    + end()
    + chain("start", "divide", "read", "end"),
    variables={"number": "int", "part": "int"},
)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
def rt(clock: FixedClock) -> Iterator[Runtime]:
    with fresh_database(size=32) as db:
        runtime = Runtime(db, clock, Settings(mode="sandbox"))
        deploy(runtime, SERVICE, {**DESK, **ASK, **WAIT, **BORN, **CLOCKWORK, **BROKEN})
        yield runtime
