"""A case's history played again: incidents, stuck jobs, retries, a new version; and what was never written."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kt_flows.clock import FixedClock
from kt_flows.errors import Permanent
from kt_flows.jobs.handlers import SHORT
from kt_flows.jobs.hands import LEASE
from kt_flows.runtime import complete, deploy, operate, put_away, settle, start
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.record import _changed
from kt_flows.runtime.replay import replay
from kt_flows.security import SERVICE, Actor
from kt_flows.store import history, instances, job_list, jobs
from kt_flows.store.tables import history as lines
from support.past import Album
from support.processes import boundary, chain, end, human, package, timer
from support.processes import start as start_event

ANNA = Actor("anna", frozenset({"operator"}), frozenset({"line", "chiefs"}))
HOUR = timedelta(hours=1)


class Case:
    """A case that is looked at after each move, a second apart."""

    def __init__(self, rt: Runtime, clock: FixedClock, process: str, **variables: Any) -> None:
        self.rt, self.clock, self.album = rt, clock, Album(rt)
        self.id = start.start(rt, SERVICE, definition_key=process, variables=variables).instance.id
        self.moved()

    def moved(self) -> str:
        self.album.take(self.id)
        self.clock.advance(timedelta(seconds=1))
        return list(self.album.pictures.values())[-1].state

    def job(self, state: str = "stuck") -> UUID:
        with self.rt.reading() as reading:
            [job], _ = job_list.page(reading, SERVICE, state=state, after=None, limit=9)
        return job.id

    def done(self, values: dict[str, Any] | None = None) -> str:
        with self.rt.reading() as reading:
            [task] = [one.task_id for one in instances.one(reading, self.id).waits if one.task_id is not None]
        complete.complete(self.rt, ANNA, task, values or {})
        return self.moved()


@pytest.fixture
def at_the_end() -> Iterator[list[Case]]:
    cases: list[Case] = []
    yield cases
    for case in cases:
        case.album.check(case.id)


def test_an_incident_and_its_retries(rt: Runtime, clock: FixedClock, at_the_end: list[Case]) -> None:
    case = Case(rt, clock, "broken", number=0)
    at_the_end.append(case)
    operate.retry_job(rt, SERVICE, case.job())
    assert case.moved() == "stuck", "it fails again"
    operate.cancel_job(rt, SERVICE, case.job())
    assert case.moved() == "active", "nobody is called any more"


def test_a_call_that_is_stuck_and_goes_on(rt: Runtime, clock: FixedClock, at_the_end: list[Case]) -> None:
    case = Case(rt, clock, "ask", subscriber_id="S")
    at_the_end.append(case)

    def lease() -> jobs.JobView:
        with rt.db.transaction() as tx:
            [job] = jobs.lease(tx, not_kinds=SHORT, now=clock.now(), lease_for=LEASE, limit=9)
        return job

    settle.failed(rt, lease(), Permanent("no", code="line.other"), None)
    assert case.moved() == "stuck"
    operate.suspend(rt, SERVICE, case.id, None)
    assert case.moved() == "suspended"
    operate.resume(rt, SERVICE, case.id, None)
    assert case.moved() == "stuck"
    operate.retry_job(rt, SERVICE, case.job())
    assert case.moved() == "active"
    settle.done(rt, lease(), {"broadband_ok": True})
    assert case.moved() == "active"
    assert case.done() == "completed"


def test_a_deadline_that_cannot_be_kept_sticks_while_it_is_open(
    rt: Runtime, clock: FixedClock, at_the_end: list[Case]
) -> None:
    """The timer only watches: no line tells that it went with what it watched."""
    case = Case(rt, clock, "desk", due_at="2026-03-02T10:00:00Z")
    at_the_end.append(case)
    case.done({"ok": True})
    with rt.reading() as reading:
        [job] = jobs.live_of(reading, case.id).values()
    clock.advance(HOUR)
    settle.short_failed(rt, job, Permanent("no", code="x"), lambda tries: None)
    assert case.moved() == "stuck"
    operate.retry_job(rt, SERVICE, case.job())
    settle.due(rt, job.id)
    assert case.moved() == "active"
    assert case.done() == "completed"


LATE = package(
    "overdue",
    start_event()
    + human("work", "line")
    + boundary("late", "work", timer("late", "timeDate", "${due_at}"))
    + human("after", "line")
    + end()
    + end("end_late")
    + chain("start", "work", "after", "end")
    + chain("late", "end_late"),
    variables={"due_at": "timestamp"},
)


def test_what_watched_and_stuck_goes_with_what_it_watched(
    rt: Runtime, clock: FixedClock, at_the_end: list[Case]
) -> None:
    deploy.deploy(rt, SERVICE, LATE)
    case = Case(rt, clock, "overdue", due_at="2026-03-02T20:00:00Z")
    at_the_end.append(case)
    with rt.reading() as reading:
        [job] = jobs.live_of(reading, case.id).values()
    with rt.db.transaction() as tx:  # as if its time had come and gone for good
        jobs.keep(tx, job.id, run_at=clock.now())
    settle.short_failed(rt, jobs_one(rt, job.id), Permanent("no", code="x"), lambda tries: None)
    assert case.moved() == "stuck"
    assert case.done() == "active", "the deadline is no more"


def jobs_one(rt: Runtime, id: UUID) -> jobs.JobView:
    with rt.reading() as reading:
        view = jobs.one(reading, id)
    assert view is not None
    return view


def test_a_new_version_and_a_case_put_away(rt: Runtime, clock: FixedClock, at_the_end: list[Case]) -> None:
    def version(*tasks: str) -> dict[str, bytes]:
        nodes = "".join(human(id, "line") for id in tasks)
        return package("moving", start_event() + nodes + end() + chain("start", *tasks, "end"))

    deploy.deploy(rt, SERVICE, version("one"))
    case = Case(rt, clock, "moving")
    at_the_end.append(case)
    deploy.deploy(rt, SERVICE, version("one", "two"))
    operate.migrate(rt, SERVICE, case.id, 2)
    case.moved()
    assert [case.done(), case.done()] == ["active", "completed"]
    clock.advance(timedelta(days=31))
    assert put_away.move(rt) == 1


def test_values_that_python_holds_for_equal_are_told() -> None:
    told = _changed(
        {"a": 1, "b": {"c": True}, "d": [0], "e": "x"}, {"a": True, "b": {"c": 1}, "d": [0], "f": None}, False
    )
    assert told == [{"kind": "changed", "detail": {"set": {"a": True, "b": {"c": 1}, "f": None}, "removed": ["e"]}}]
    assert _changed({"a": {"x": 1, "y": 2}}, {"a": {"y": 2, "x": 1}}, False) == []


def test_a_case_of_before_tells_what_it_knows_and_no_more(rt: Runtime, clock: FixedClock) -> None:
    case = Case(rt, clock, "desk", due_at="2036-01-01T00:00:00Z")
    with rt.db.transaction() as tx:  # as a release before this one wrote it
        mine = lines.c.instance_id == case.id
        tx.do(lines.delete().where(mine, lines.c.kind == "changed"))
        tx.do(lines.update().where(mine).values(wait=None))
    with rt.reading() as reading:
        [task] = [one.task_id for one in instances.one(reading, case.id).waits if one.task_id is not None]
    complete.complete(rt, ANNA, task, {"ok": True})
    operate.suspend(rt, SERVICE, case.id, None)
    with rt.reading() as reading:
        told = reading.value(sa.select(sa.func.count()).where(mine, lines.c.kind == "changed"))
        then = replay(history.up_to(reading, case.id, clock.now()))
    assert told == 1, "what changes from now on is told"
    assert (then.variables, then.tokens, then.state) == (None, None, "suspended")
