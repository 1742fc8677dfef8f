"""Looks whether every case is sound, and mends what can be mended without a person.

A case is its snapshot; every other row follows from it.  So rows that disagree are written anew from the snapshot,
in one transaction that holds the case.  A snapshot that cannot be read, or that waits for nothing, is a person's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from kt_flows.engine import machine
from kt_flows.engine.program import Program
from kt_flows.engine.step import Step
from kt_flows.errors import FlowsError
from kt_flows.runtime import periodic
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.record import record
from kt_flows.security import SERVICE
from kt_flows.store import health, instances, jobs, messages
from kt_flows.store.db import Transaction, retried
from kt_flows.store.waits import OpenRow, open_rows
from kt_flows.topics import TOPICS

LATE = timedelta(minutes=1)
"""After the end of a lease: a worker that lives would have taken the job back long before."""
_Slot = tuple[str, int | None]
"""What of a case a row is for: a sort of wait, and its number."""
KINDS = (*TOPICS, jobs.TIMER, jobs.START_TIMER, jobs.INCIDENT, *periodic.EVERY)


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something that is not as it should be.

    `kind` is one of the headings of docs/how-to/doctor.md; `way` says what to do, or what has been done (`mended`).
    """

    kind: str
    said: str
    way: str
    instance_id: UUID | None = None
    job_id: UUID | None = None
    element_id: str | None = None
    mended: bool = False


def examine(rt: Runtime, *, fix: bool = False) -> Iterator[Complaint]:
    """Everything that is wrong, as it is found; with `fix` mended where that is safe.

    Workers and callers may go on meanwhile: a case is looked at while it is held.
    """
    for id in health.live_cases(rt.db):
        yield from _case(rt, id, fix)
    yield from _jobs(rt, fix)
    yield from _messages(rt, fix)


@retried
def _case(rt: Runtime, id: UUID, fix: bool) -> list[Complaint]:
    with rt.transaction("doctor.case") as tx:
        held = instances.hold(tx, id)
        if held is None or held.status not in ("active", "suspended"):
            return []
        now = rt.clock.now()
        try:
            program = rt.programs.linked(tx, held.bundle_id, held.definition_key)
            step = machine.look(program, held.snapshot, now=now)
        except FlowsError as error:
            way = "Bring back the database of before, or cancel the case with a reason"
            return [Complaint("unreadable", f"the snapshot cannot be read: {error.message[:300]}", way, id)]
        found = list(_differences(tx, held, step))
        if found and fix:
            _write_anew(tx, program, held, step, now)
            found = [replace(one, mended=True, way="written anew from the snapshot") for one in found]
        if step.status == "active" and not _waits(step):
            way = "Move it with «migrate», change its variables, or cancel it with a reason"
            found.append(Complaint("waits-for-nothing", "the case is active and waits for nothing", way, id))
        return found


def _waits(step: Step) -> bool:
    waits = (step.tasks, step.jobs, step.timers, step.messages, step.signals, step.conditions, step.incidents)
    return any(waits)


def _differences(tx: Transaction, held: instances.Held, step: Step) -> Iterator[Complaint]:
    def differs(what: str, element: str | None) -> Complaint:
        return Complaint("rows-disagree", what, "kt-flows doctor --fix", held.id, element_id=element)

    wanted: dict[_Slot, str] = {("task", one.wait): one.element_id for one in step.tasks}
    wanted |= {("timer", one.wait): one.element_id for one in step.timers}
    wanted |= {("job", one.wait): one.element_id for one in step.jobs}
    wanted |= {("incident", one.wait): one.element_id for one in step.incidents}
    wanted |= {("message", one.wait): one.element_id for one in step.messages}
    wanted |= {("signal", one.wait): one.element_id for one in step.signals}
    there = {_slot(row): row for row in open_rows(tx, [held.id])}
    for slot, element in wanted.items():
        if slot not in there:
            yield differs(f"no row for the {slot[0]} that it waits for", element)
    for slot, row in there.items():
        if slot not in wanted:
            yield differs(f"a row for a {slot[0]} that it does not wait for", row.element_id)
    for timer in step.timers:
        mine = there.get(("timer", timer.wait))
        # One that failed at its time comes again later by itself.
        if mine is not None and mine.at is not None and mine.at > timer.due_at and mine.error is None:
            yield differs("a timer whose row is later than its time", timer.element_id)
    if step.status == "completed":
        yield differs("the snapshot is at its end, the case is not", None)
    elif dict(health.variables_of(tx, held.id)) != dict(step.variables):
        yield differs("the variables of the row are not the snapshot's", None)


def _slot(row: OpenRow) -> _Slot:
    return (jobs.class_of(row.topic or "") if row.kind == "job" else row.kind), row.wait


def _write_anew(tx: Transaction, program: Program, held: instances.Held, step: Step, now: datetime) -> None:
    record(tx, program, held, step, actor=SERVICE, now=now)
    jobs.reopen(tx, held.id, [one.wait for one in step.jobs] + [one.wait for one in step.timers], now)
    for timer in step.timers:
        jobs.set_timer(tx, held.id, timer.wait, timer.due_at)


@retried
def _jobs(rt: Runtime, fix: bool) -> list[Complaint]:
    with rt.transaction("doctor.jobs") as tx:
        found = []
        for row in health.unworkable_jobs(tx, KINDS):
            about = (row.instance_id, row.id, row.element_id)
            if row.instance_id is not None and row.case_state not in ("active", "suspended"):
                said = f"a {row.kind} of a case that is {row.case_state or 'gone'}"
                cancel = partial(jobs.close, tx, [row.id], "cancelled")
                found.append(_mended(Complaint("job-of-no-case", said, "", *about), fix, cancel, "cancelled"))
            else:
                way = "Start a worker of the release that knows this kind, or cancel the job"
                found.append(Complaint("job-of-no-kind", f"nobody does {row.kind}", way, *about))
        now = rt.clock.now()
        for row in health.old_leases(tx, now - LATE):
            said = f"the worker that had {row.kind} has not been heard of for more than a minute"
            give = partial(jobs.give_back, tx, row.id, row.lease_token, now)
            complaint = Complaint("lease-over", said, "", row.instance_id, row.id, row.element_id)
            found.append(_mended(complaint, fix, give, "given to whoever comes next"))
        return found


@retried
def _messages(rt: Runtime, fix: bool) -> list[Complaint]:
    with rt.transaction("doctor.messages") as tx:
        now = rt.clock.now()
        many = health.overdue_messages(tx, now - periodic.TIDY_EVERY - LATE)
        if not many:
            return []
        complaint = Complaint("messages-over", f"{many} kept messages are past their time", "")
        return [_mended(complaint, fix, partial(messages.expire, tx, now), "closed as expired")]


def _mended(complaint: Complaint, fix: bool, mend: Callable[[], object], done: str) -> Complaint:
    if not fix:
        return replace(complaint, way="kt-flows doctor --fix")
    mend()
    return replace(complaint, mended=True, way=done)
