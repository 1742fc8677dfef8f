"""The one door for messages: delivered, kept, known; and never lost between a message and its wait."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kt_flows.clock import FixedClock
from kt_flows.errors import InvalidValues
from kt_flows.runtime import complete, correlate, deploy, operate, start, tidy
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE, Actor
from kt_flows.store import instances
from kt_flows.store.tables import message
from support.processes import boundary, catch, chain, end, flow, human, package, timer
from support.processes import message as message_event
from support.processes import start as start_event

CRM = Actor("crm", frozenset({"crm"}))
ANNA = Actor("anna", frozenset({"operator"}), frozenset({"line"}))


def begin(rt: Runtime, token: str, **more: Any) -> instances.InstanceView:
    return start.start(rt, CRM, definition_key="wait", variables={"token": token}, **more).instance


def task_of(case: instances.InstanceView) -> UUID:
    return next(wait.task_id for wait in case.waits if wait.task_id is not None)


def send(rt: Runtime, token: str, **more: Any) -> correlate.Correlated:
    payload = {"answer_text": "да", "received_at": "2026-03-02T08:00:00Z"}
    asked: dict[str, Any] = {"correlation": {"token": token}, "payload": payload, **more}
    return correlate.message_arrived(rt, CRM, name="msg_answer", **asked)


def where(rt: Runtime, id: UUID) -> list[tuple[str, str | None]]:
    with rt.reading() as reading:
        return [(wait.kind, wait.element_id) for wait in instances.one(reading, id).waits]


def test_who_waits_gets_it_once(rt: Runtime) -> None:
    case = begin(rt, "t1")
    complete.complete(rt, ANNA, task_of(case), {})
    assert where(rt, case.id) == [("message", "answer")]
    assert send(rt, "t2").result == "buffered"
    assert send(rt, "t1", message_id="m") == correlate.Correlated("delivered", (case.id,))
    assert send(rt, "t1", message_id="m") == correlate.Correlated("duplicate", (case.id,))
    with rt.reading() as reading:
        view = instances.one(reading, case.id)
    assert view.variables["answer_text"] == "да"
    assert where(rt, case.id) == [("task", "after")]


def test_what_comes_early_is_kept_until_somebody_waits(rt: Runtime) -> None:
    case = begin(rt, "t1")
    assert send(rt, "t1").result == "buffered"
    after = complete.complete(rt, ANNA, task_of(case), {})
    assert [wait.element_id for wait in after.waits] == ["after"]
    assert after.variables["answer_text"] == "да"


def test_what_is_kept_too_long_is_not_delivered(rt: Runtime, clock: FixedClock) -> None:
    case = begin(rt, "t1")
    send(rt, "t1")
    clock.advance(timedelta(hours=1, seconds=1))
    complete.complete(rt, ANNA, task_of(case), {})
    assert where(rt, case.id) == [("message", "answer")]


def test_what_nobody_came_for_is_closed_and_its_turns_forgotten(rt: Runtime, clock: FixedClock) -> None:
    send(rt, "t1", message_id="old")
    clock.advance(timedelta(hours=2))
    send(rt, "t2", message_id="new")
    assert tidy.tidy(rt) == {"expired": 1, "keys": 2, "events": 0}
    assert tidy.tidy(rt) == {"expired": 0, "keys": 0, "events": 0}
    with rt.reading() as reading:
        states = {row.message_id: row.state for row in reading.all(sa.select(message))}
    assert states == {"old": "expired", "new": "buffered"}


def test_by_business_key_too_early_and_in_time(rt: Runtime) -> None:
    for token, early in (("a", True), ("b", False)):
        case = begin(rt, token, business_key=f"SR-{token}")
        if early:
            assert send(rt, "", correlation=None, business_key=f"SR-{token}").result == "buffered"
        complete.complete(rt, ANNA, task_of(case), {})
        if not early:
            assert send(rt, "", correlation=None, business_key=f"SR-{token}").result == "delivered"
        assert where(rt, case.id) == [("task", "after")]


def test_a_payload_of_a_wrong_type_is_refused_before_and_after_the_wait_opens(rt: Runtime) -> None:
    case = begin(rt, "t1")
    with pytest.raises(InvalidValues):
        send(rt, "t1", payload={"received_at": "yesterday"})
    complete.complete(rt, ANNA, task_of(case), {})
    with pytest.raises(InvalidValues):
        send(rt, "t1", payload={"received_at": "yesterday"})
    assert where(rt, case.id) == [("message", "answer")]


def test_a_message_and_its_wait_never_miss_each_other(rt: Runtime) -> None:
    cases = [begin(rt, f"t{number}") for number in range(16)]
    barrier = threading.Barrier(32)

    def one(number: int) -> None:
        barrier.wait()
        if number % 2:
            send(rt, f"t{number // 2}")
        else:
            complete.complete(rt, ANNA, task_of(cases[number // 2]), {})

    with ThreadPoolExecutor(32) as pool:
        list(pool.map(one, range(32)))
    assert [where(rt, case.id) for case in cases] == [[("task", "after")]] * 16


def test_many_equal_messages_start_one_case(rt: Runtime) -> None:
    barrier = threading.Barrier(16)

    def one(_: int) -> correlate.Correlated:
        barrier.wait()
        return correlate.message_arrived(
            rt, CRM, name="msg_born", correlation={"request_id": "R-1"}, payload={"branch": "ALA"}
        )

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(one, range(16)))
    assert Counter(answer.result for answer in answers) == {"delivered": 1, "duplicate": 15}
    assert len({answer.instance_ids for answer in answers}) == 1
    with rt.reading() as reading:
        case = instances.one(reading, answers[0].instance_ids[0])
    assert (case.variables["request_id"], case.variables["branch"]) == ("R-1", "ALA")


def test_a_message_that_begins_a_case_is_not_also_its_first_repeat(rt: Runtime) -> None:
    body = start_event("begin", message_event("msg_alarm", "begin")) + catch("repeated", "msg_alarm") + end()
    declared = {"msg_alarm": {"correlation": ["alarm"], "payload": {"node": "string"}}}
    deploy.deploy(
        rt,
        SERVICE,
        package(
            "alarmed",
            body + chain("begin", "repeated", "end"),
            variables={"alarm": "string", "node": "string"},
            messages=declared,
        ),
    )

    def alarm() -> correlate.Correlated:
        return correlate.message_arrived(rt, CRM, name="msg_alarm", correlation={"alarm": "A"}, payload={"node": "n"})

    begun = alarm()
    assert where(rt, begun.instance_ids[0]) == [("message", "repeated")]
    assert alarm() == correlate.Correlated("delivered", begun.instance_ids)
    assert where(rt, begun.instance_ids[0]) == []


def test_a_resting_case_takes_its_message_when_it_goes_on(rt: Runtime, clock: FixedClock) -> None:
    case = begin(rt, "t1")
    complete.complete(rt, ANNA, task_of(case), {})
    operate.suspend(rt, SERVICE, case.id, "проверка")
    assert send(rt, "t1").result == "buffered"
    assert where(rt, case.id) == [("message", "answer")]
    clock.advance(timedelta(days=3))
    assert [wait.element_id for wait in operate.resume(rt, SERVICE, case.id, None).waits] == ["after"]


def test_nobody_and_not_to_be_kept(rt: Runtime) -> None:
    assert send(rt, "t1", keep=False).result == "dropped"
    case = begin(rt, "t1")
    complete.complete(rt, ANNA, task_of(case), {})
    assert where(rt, case.id) == [("message", "answer")]


def test_a_deadline_that_is_due_goes_before_a_message_that_comes_after_it(rt: Runtime, clock: FixedClock) -> None:
    deploy.deploy(
        rt,
        SERVICE,
        package(
            "short",
            start_event()
            + '<bpmn:receiveTask id="hear" name="hear" messageRef="msg_short"/>'
            + boundary("late", "hear", timer("late", "timeDate", "${due_at}"))
            + human("heard", "line")
            + human("unheard", "line")
            + end()
            + chain("start", "hear", "heard", "end")
            + chain("late", "unheard")
            + flow("unheard", "end"),
            variables={"token": "string", "due_at": "timestamp"},
            messages={"msg_short": {"correlation": ["token"]}},
        ),
    )
    values = {"token": "t", "due_at": "2026-03-02T10:00:00Z"}
    case = start.start(rt, CRM, definition_key="short", variables=values).instance
    clock.advance(timedelta(hours=2))
    answer = correlate.message_arrived(rt, CRM, name="msg_short", correlation={"token": "t"}, payload={})
    assert answer.result == "buffered"
    assert where(rt, case.id) == [("task", "unheard")]
