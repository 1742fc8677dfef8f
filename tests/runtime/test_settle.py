"""Jobs: outside calls with a lease and a token, timers, incidents, and what operators do to them."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kt_flows.clock import FixedClock
from kt_flows.engine import machine
from kt_flows.errors import Broken, Conflict, Permanent, Temporary
from kt_flows.runtime import complete, operate, periodic, settle, start
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE, Actor
from kt_flows.store import history, instances, job_list, jobs

CRM = Actor("crm", frozenset({"crm"}))
ANNA = Actor("anna", frozenset({"operator"}), frozenset({"line"}))
LEASE = timedelta(seconds=60)
SHORT = (jobs.TIMER, jobs.START_TIMER)


def begin(rt: Runtime, key: str, **variables: Any) -> instances.InstanceView:
    return start.start(rt, CRM, definition_key=key, variables=variables).instance


def claim(rt: Runtime, limit: int = 1) -> list[jobs.JobView]:
    with rt.db.transaction() as tx:
        return jobs.lease(tx, not_kinds=(*SHORT, jobs.INCIDENT), now=rt.clock.now(), lease_for=LEASE, limit=limit)


def look(rt: Runtime, id: UUID) -> instances.InstanceView:
    with rt.reading() as reading:
        return instances.one(reading, id)


def task_of(case: instances.InstanceView) -> UUID:
    return next(wait.task_id for wait in case.waits if wait.task_id is not None)


def elements(case: instances.InstanceView) -> list[str | None]:
    return [wait.element_id for wait in case.waits]


def test_an_answer_moves_the_case_and_only_once(rt: Runtime) -> None:
    case = begin(rt, "ask", subscriber_id="S1")
    assert [(wait.kind, wait.topic, wait.state) for wait in case.waits] == [("job", "line.test", "available")]
    [job] = claim(rt)
    assert (job.key.startswith(str(case.id)), job.payload, job.attempt) == (True, {"subscriber_id": "S1"}, 1)
    assert claim(rt) == []
    assert settle.done(rt, job, {"broadband_ok": True})
    assert not settle.done(rt, job, {"broadband_ok": False})
    after = look(rt, case.id)
    assert (elements(after), after.variables["broadband_ok"]) == (["done_well"], True)


def test_who_lost_the_lease_changes_nothing(rt: Runtime, clock: FixedClock) -> None:
    case = begin(rt, "ask", subscriber_id="S1")
    [slow] = claim(rt)
    clock.advance(LEASE + timedelta(seconds=1))
    [quick] = claim(rt)
    assert (quick.id, quick.attempt) == (slow.id, 2)
    assert not settle.failed(rt, slow, Temporary("late"), None)
    assert not settle.done(rt, slow, {"broadband_ok": False})
    assert settle.done(rt, quick, {"broadband_ok": True})
    assert look(rt, case.id).variables["broadband_ok"] is True


def test_a_temporary_failure_comes_again_and_in_the_end_is_stuck(rt: Runtime, clock: FixedClock) -> None:
    case = begin(rt, "ask", subscriber_id="S1")
    [job] = claim(rt)
    assert settle.failed(rt, job, Temporary("away"), clock.now() + timedelta(minutes=5))
    assert claim(rt) == []
    clock.advance(timedelta(minutes=5))
    [job] = claim(rt)
    assert job.attempt == 2
    assert settle.failed(rt, job, Temporary("still away"), None)
    stuck = look(rt, case.id)
    assert (stuck.state, [(wait.state, wait.error) for wait in stuck.waits]) == ("stuck", [("stuck", "still away")])
    assert operate.retry_job(rt, SERVICE, job.id).state == "available"
    with pytest.raises(Conflict):
        operate.retry_job(rt, SERVICE, job.id)
    [job] = claim(rt)
    settle.done(rt, job, {"broadband_ok": True})
    assert elements(look(rt, case.id)) == ["done_well"]


def test_a_refusal_that_the_diagram_catches_goes_its_way(rt: Runtime) -> None:
    case = begin(rt, "ask", subscriber_id="S1")
    [job] = claim(rt)
    assert settle.failed(rt, job, Permanent("who?", code="line.unknown_subscriber"), None)
    assert elements(look(rt, case.id)) == ["done_badly"]


def test_a_refusal_that_nobody_catches_is_stuck(rt: Runtime) -> None:
    case = begin(rt, "ask", subscriber_id="S1")
    [job] = claim(rt)
    assert settle.failed(rt, job, Permanent("no", code="line.other"), None)
    assert look(rt, case.id).state == "stuck"
    assert operate.cancel_job(rt, SERVICE, job.id).state == "cancelled"


def test_a_timer_fires_once_among_many_workers(rt: Runtime, clock: FixedClock) -> None:
    case = begin(rt, "desk", due_at="2026-03-02T10:00:00Z")
    case = complete.complete(rt, ANNA, task_of(case), {})
    with rt.reading() as reading:
        assert jobs.due(reading, SHORT, clock.now(), 9) == []
        assert jobs.next_run_at(reading, periodic=False) == clock.now() + timedelta(hours=1)
    clock.advance(timedelta(hours=1))
    with rt.reading() as reading:
        [job] = [one for one in jobs.due(reading, SHORT, clock.now(), 9) if one.instance_id == case.id]
    barrier = threading.Barrier(8)

    def one(_: int) -> bool:
        barrier.wait()
        return settle.due(rt, job.id)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(one, range(8))).count(True) == 1
    assert elements(look(rt, case.id)) == ["chief"]
    with rt.reading() as reading:
        lines = history.page(reading, case.id, after=None, limit=99)[0]
    assert [line.kind for line in lines if line.element_id == "again"] == ["entered", "cancelled"]


def test_a_deadline_that_is_due_goes_before_a_completion_that_comes_after_it(rt: Runtime, clock: FixedClock) -> None:
    case = begin(rt, "desk", due_at="2026-03-02T10:00:00Z")
    case = complete.complete(rt, ANNA, task_of(case), {})
    clock.advance(timedelta(hours=2))
    with pytest.raises(Conflict):
        complete.complete(rt, ANNA, task_of(case), {})


def test_a_resting_case_fires_nothing_until_it_goes_on(rt: Runtime, clock: FixedClock) -> None:
    case = begin(rt, "desk", due_at="2026-03-02T10:00:00Z")
    case = complete.complete(rt, ANNA, task_of(case), {})
    operate.suspend(rt, SERVICE, case.id, "проверка")
    with pytest.raises(Conflict):
        complete.complete(rt, ANNA, task_of(case), {})
    clock.advance(timedelta(hours=2))
    with rt.reading() as reading:
        assert [job for job in jobs.due(reading, SHORT, clock.now(), 9) if job.instance_id] == []
    assert elements(operate.resume(rt, SERVICE, case.id, None)) == ["chief"]


def test_an_expression_that_fails_is_a_stuck_job_that_can_be_tried_again(rt: Runtime) -> None:
    case = begin(rt, "broken", number=0)
    assert case.state == "stuck"
    with rt.reading() as reading:
        [job], _ = job_list.page(reading, SERVICE, state="stuck", after=None, limit=9)
    assert (job.kind, job.element_id, job.instance_id) == ("element.retry", "divide", case.id)
    operate.retry_job(rt, SERVICE, job.id)
    with rt.reading() as reading:
        stuck, _ = job_list.page(reading, SERVICE, state="stuck", after=None, limit=9)
    assert [one.element_id for one in stuck] == ["divide"]
    assert look(rt, case.id).state == "stuck"


def test_a_cancelled_case_leaves_nothing_to_do(rt: Runtime, clock: FixedClock) -> None:
    asked = begin(rt, "ask", subscriber_id="S1")
    [job] = claim(rt)
    assert operate.cancel(rt, SERVICE, asked.id, "ошибка").waits == ()
    assert not settle.done(rt, job, {"broadband_ok": True})
    case = begin(rt, "desk", due_at="2026-03-02T10:00:00Z")
    over = operate.cancel(rt, SERVICE, case.id, "ошибка")
    assert (over.state, over.waits, over.ended_at) == ("cancelled", (), clock.now())
    with pytest.raises(Conflict):
        complete.complete(rt, ANNA, task_of(case), {})
    with pytest.raises(Conflict):
        operate.cancel(rt, SERVICE, case.id, "ещё раз")


def test_turns_that_were_missed_are_one_turn(rt: Runtime, clock: FixedClock) -> None:
    clock.advance(timedelta(hours=5, minutes=3))
    with rt.reading() as reading:
        [job] = [one for one in jobs.due(reading, SHORT, clock.now(), 9) if one.kind == jobs.START_TIMER]
    assert periodic.start_due(rt, job)
    assert not periodic.start_due(rt, job)
    with rt.reading() as reading:
        again = jobs.one(reading, job.id)
        assert again is not None
        assert again.run_at == clock.now() + timedelta(minutes=12)
        found, _ = instances.page(
            reading,
            SERVICE,
            definition_key="clockwork",
            state=None,
            business_key=None,
            started_after=None,
            variables={},
            after=None,
            limit=9,
        )
    assert len(found) == 1


def test_a_case_that_does_not_take_an_answer_leaves_its_job_stuck(
    rt: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    case = begin(rt, "ask", subscriber_id="S1")
    [job] = claim(rt)

    def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr(machine, "finish", broken)
        assert settle.done(rt, job, {"broadband_ok": True})
    stuck = look(rt, case.id)
    assert (stuck.state, stuck.waits[0].error) == ("stuck", "ZeroDivisionError: a fault of ours")
    operate.retry_job(rt, SERVICE, job.id)
    [job] = claim(rt)
    assert settle.done(rt, job, {"broadband_ok": True})
    assert elements(look(rt, case.id)) == ["done_well"]


def test_a_timer_that_cannot_be_fired_is_stuck_in_the_end(rt: Runtime, clock: FixedClock) -> None:
    case = begin(rt, "desk", due_at="2026-03-02T10:00:00Z")
    case = complete.complete(rt, ANNA, task_of(case), {})
    clock.advance(timedelta(hours=1))
    with rt.reading() as reading:
        [job] = [one for one in jobs.due(reading, SHORT, clock.now(), 9) if one.instance_id == case.id]
    later = clock.now() + timedelta(minutes=5)
    assert settle.short_failed(rt, job, Broken("a fault of ours"), lambda tries: later)
    with rt.reading() as reading:
        put_off = jobs.one(reading, job.id)
    assert put_off is not None
    assert (put_off.state, put_off.attempt, put_off.run_at) == ("available", 1, later)
    assert not settle.short_failed(rt, job, Broken("again"), lambda tries: None)  # it is not due
    clock.advance(timedelta(minutes=5))
    assert settle.short_failed(rt, job, Broken("a fault of ours"), lambda tries: None)
    assert look(rt, case.id).state == "stuck"
    operate.retry_job(rt, SERVICE, job.id)
    assert settle.due(rt, job.id)
    assert elements(look(rt, case.id)) == ["chief"]
