"""Signals reach everyone who listens, once, also when cut off; conditions and dates begin cases once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kt_flows.clock import FixedClock
from kt_flows.errors import InvalidValues
from kt_flows.runtime import broadcast, deploy, operate, periodic, start
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE
from kt_flows.store import instances, jobs, messages
from kt_flows.store.tables import instance
from support.processes import chain, end, human, package, timer
from support.processes import start as start_event

from .conftest import ADMIN, CRM, NOW

ALARM = '<bpmn:signalEventDefinition id="{}_signal" signalRef="alarm"/>'
SIGNALS: dict[str, Any] = {"signals": {"alarm": {"payload": {"level": "int"}}}}
CATCH = f'<bpmn:intermediateCatchEvent id="heard" name="heard">{ALARM.format("heard")}</bpmn:intermediateCatchEvent>'
LISTENER = package(
    "listener",
    start_event() + CATCH + human("act", "line") + end() + chain("start", "heard", "act", "end"),
    variables={"level": "int"},
    more=SIGNALS,
)
ALARMED = package(
    "alarmed",
    start_event(inner=ALARM.format("start")) + human("act", "line") + end() + chain("start", "act", "end"),
    variables={"level": "int"},
    more=SIGNALS,
)
CONDITION = (
    '<bpmn:conditionalEventDefinition id="c"><bpmn:condition xsi:type="bpmn:tFormalExpression">'
    "${level &gt; 2}</bpmn:condition></bpmn:conditionalEventDefinition>"
)
WATCHFUL = package(
    "watchful",
    start_event(inner=CONDITION) + human("act", "line") + end() + chain("start", "act", "end"),
    variables={"level": "int"},
)
TWO_WAYS = package(
    "two_ways",
    start_event("by_phone")
    + start_event("by_mail")
    + human("phone", "line")
    + human("mail", "line")
    + end()
    + chain("by_phone", "phone", "end")
    + chain("by_mail", "mail", "end"),
)


def listeners(rt: Runtime, many: int) -> list[UUID]:
    deploy.deploy(rt, SERVICE, {**LISTENER, **ALARMED})
    return [start.start(rt, CRM, definition_key="listener", variables={}).instance.id for _ in range(many)]


def where(rt: Runtime, id: UUID) -> list[tuple[str, str | None]]:
    with rt.reading() as reading:
        return [(wait.kind, wait.element_id) for wait in instances.one(reading, id).waits]


def cases_of(rt: Runtime, key: str) -> list[Any]:
    with rt.reading() as reading:
        return list(reading.all(sa.select(instance).where(instance.c.definition_key == key)))


def send(rt: Runtime, id: str, **payload: Any) -> broadcast.Sent:
    return broadcast.signal_arrived(rt, CRM, name="alarm", payload=payload, signal_id=id)


def test_a_signal_reaches_all_who_wait_and_begins_one_case_of_each_process_that_starts_with_it(rt: Runtime) -> None:
    waiting = listeners(rt, 3)
    assert where(rt, waiting[0]) == [("signal", "heard")]
    sent = send(rt, "s1", level=4)
    assert (sent.result, set(sent.reached), len(sent.started)) == ("delivered", set(waiting), 1)
    assert all(where(rt, id) == [("task", "act")] for id in waiting)
    [begun] = cases_of(rt, "alarmed")
    assert begun.variables["level"] == 4


def test_the_same_signal_again_changes_nothing_and_is_kept_for_nobody(rt: Runtime) -> None:
    waiting = listeners(rt, 1)
    send(rt, "s1")
    [late] = [start.start(rt, CRM, definition_key="listener", variables={}).instance.id]
    again = send(rt, "s1")
    assert (again.result, again.reached, again.started) == ("duplicate", (), ())
    with rt.reading() as reading:
        assert messages.known(reading, "signal:alarm", "s1") == waiting, "the memory keeps whom it was for"
    assert where(rt, late) == [("signal", "heard")]
    assert len(cases_of(rt, "alarmed")) == 1


def test_a_broadcast_that_is_cut_off_goes_on_with_those_who_waited_then(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = listeners(rt, 4)
    reach, count = broadcast._reach, [0]

    def cut(*given: Any) -> bool:
        count[0] += 1
        if count[0] == 3:
            raise KeyboardInterrupt
        return reach(*given)

    monkeypatch.setattr(broadcast, "_reach", cut)
    with pytest.raises(KeyboardInterrupt):
        send(rt, "s1")
    late = start.start(rt, CRM, definition_key="listener", variables={}).instance.id
    sent = send(rt, "s1")
    assert len(sent.reached) == 2
    assert all(where(rt, id) == [("task", "act")] for id in waiting)
    assert where(rt, late) == [("signal", "heard")]
    assert len(cases_of(rt, "alarmed")) == 1


def test_a_payload_that_does_not_fit_is_refused_and_a_resting_case_does_not_hear(rt: Runtime) -> None:
    [id] = listeners(rt, 1)
    with pytest.raises(InvalidValues) as refused:
        send(rt, "s1", level="high")
    assert [fault.field for fault in refused.value.errors] == ["payload.level"]
    with pytest.raises(InvalidValues):
        broadcast.signal_arrived(rt, CRM, name="nobody_knows", payload={})
    operate.suspend(rt, ADMIN, id, "later")
    assert send(rt, "s2").reached == ()


def test_a_conditional_start_begins_a_case_where_it_is_true_once_for_a_key(rt: Runtime) -> None:
    deploy.deploy(rt, SERVICE, WATCHFUL)
    assert broadcast.conditions_changed(rt, CRM, variables={"level": 2, "else": 1}, key="k0") == ()
    first = broadcast.conditions_changed(rt, CRM, variables={"level": 3}, key="k1")
    assert len(first) == 1
    assert broadcast.conditions_changed(rt, CRM, variables={"level": 3}, key="k1") == first
    assert [case.variables["level"] for case in cases_of(rt, "watchful")] == [3]


def test_nobody_guesses_among_several_plain_starts(rt: Runtime) -> None:
    deploy.deploy(rt, SERVICE, TWO_WAYS)
    for wrong in (None, "by_pigeon"):
        with pytest.raises(InvalidValues) as refused:
            start.start(rt, CRM, definition_key="two_ways", variables={}, start_element=wrong)
        [fault] = refused.value.errors
        assert (fault.field, "by_phone, by_mail" in fault.message) == ("startElement", True)
    case = start.start(rt, CRM, definition_key="two_ways", variables={}, start_element="by_mail").instance
    assert where(rt, case.id) == [("task", "mail")]


def test_a_date_begins_one_case_and_one_that_is_over_none(rt: Runtime, clock: FixedClock) -> None:
    def dated(key: str, at: str) -> dict[str, bytes]:
        begin = start_event(inner=timer("start", "timeDate", at))
        return package(key, begin + human("act", "line") + end() + chain("start", "act", "end"))

    soon = NOW + timedelta(hours=1)
    deploy.deploy(rt, SERVICE, {**dated("later", soon.isoformat()), **dated("past", "2020-01-01T00:00:00Z")})
    clock.set(soon)
    with rt.reading() as reading:
        due = [job for job in jobs.due(reading, [jobs.START_TIMER], soon, 10) if "date" in job.payload]
    assert [job.payload["definition_key"] for job in due] == ["later"]
    assert [periodic.start_due(rt, due[0]) for _ in range(2)] == [True, False]
    assert (len(cases_of(rt, "later")), len(cases_of(rt, "past"))) == (1, 0)


def test_a_broadcast_that_nobody_comes_back_to_is_finished_after_a_while(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = listeners(rt, 3)
    reach, count = broadcast._reach, [0]

    def cut(*given: Any) -> bool:
        count[0] += 1
        if count[0] == 2:
            raise KeyboardInterrupt
        return reach(*given)

    with monkeypatch.context() as patched:
        patched.setattr(broadcast, "_reach", cut)
        with pytest.raises(KeyboardInterrupt):
            send(rt, "s1", level=4)
    assert broadcast.finish(rt) == {"finished": 0}, "its sender may be at it still"
    assert isinstance(rt.clock, FixedClock)
    rt.clock.advance(broadcast.CUT_OFF + timedelta(seconds=1))
    assert broadcast.finish(rt) == {"finished": 1}
    assert broadcast.finish(rt) == {"finished": 0}
    assert all(where(rt, id) == [("task", "act")] for id in waiting)
    [begun] = cases_of(rt, "alarmed")
    assert begun.variables["level"] == 4
    assert send(rt, "s1", level=4).result == "duplicate"


def test_a_version_that_takes_other_values_does_not_keep_a_broadcast_from_its_end(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    listeners(rt, 1)

    def cut(*given: Any) -> bool:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(broadcast, "_reach", cut)
        with pytest.raises(KeyboardInterrupt):
            send(rt, "s1", level=4)
    later = {name: data.replace(b"level: int", b"level: bool") for name, data in {**LISTENER, **ALARMED}.items()}
    later = {name: data.replace(b"type: int", b"type: bool") for name, data in later.items()}
    deploy.deploy(rt, SERVICE, later)
    assert isinstance(rt.clock, FixedClock)
    rt.clock.advance(broadcast.CUT_OFF + timedelta(seconds=1))
    assert broadcast.finish(rt) == {"finished": 1}
    assert cases_of(rt, "alarmed") == []
