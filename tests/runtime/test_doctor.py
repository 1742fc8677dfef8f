"""Each fault made by hand in a real database is found, mended where that is safe, and gone at the second look."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from kt_flows.clock import FixedClock
from kt_flows.runtime import complete, deploy, doctor, start
from kt_flows.runtime.context import Runtime
from kt_flows.security import SERVICE
from kt_flows.store import instances
from kt_flows.store.jobs import TIMER
from kt_flows.store.tables import instance, job, message, message_wait, task
from support.processes import chain, end, package
from support.processes import start as start_event

from .conftest import ANNA, CRM

CONDITION = (
    '<bpmn:intermediateCatchEvent id="c" name="c"><bpmn:conditionalEventDefinition id="d"><bpmn:condition '
    'xsi:type="bpmn:tFormalExpression">${level &gt; 2}</bpmn:condition></bpmn:conditionalEventDefinition>'
    "</bpmn:intermediateCatchEvent>"
)


def begin(rt: Runtime, key: str, **variables: Any) -> instances.InstanceView:
    return start.start(rt, CRM, definition_key=key, variables=variables).instance


def do(rt: Runtime, *statements: sa.Executable) -> None:
    with rt.transaction() as tx:
        for statement in statements:
            tx.do(statement)


def found(rt: Runtime, *, fix: bool = False) -> list[tuple[str, UUID | None]]:
    return [(one.kind, one.instance_id) for one in doctor.examine(rt, fix=fix)]


def waiting(rt: Runtime) -> dict[str, instances.InstanceView]:
    """A healthy case of every kind of wait."""
    deploy.deploy(rt, SERVICE, package("ready", start_event() + CONDITION + end() + chain("start", "c", "end"),
                                       variables={"level": "int"}))  # fmt: skip
    cases = {
        "task and timer": begin(rt, "desk", due_at="2026-03-03T00:00:00Z"),
        "job": begin(rt, "ask", subscriber_id="S-1"),
        "message": begin(rt, "wait", token="t1"),
        "incident": begin(rt, "broken", number=0),
        "condition": begin(rt, "ready", level=1),
    }
    for name, values in (("task and timer", {"ok": True}), ("message", {})):
        [first] = [wait.task_id for wait in cases[name].waits if wait.task_id]
        complete.complete(rt, ANNA, first, values)
    return cases


def test_cases_that_wait_for_anything_at_all_are_sound(rt: Runtime) -> None:
    waiting(rt)
    assert found(rt) == []


def rows_of(table: sa.Table, id: UUID) -> sa.ColumnElement[bool]:
    return table.c.instance_id == id


FAULTS = {
    "a task is gone": ("task and timer", lambda id: sa.delete(task).where(rows_of(task, id), task.c.state == "open")),
    "a timer is gone": ("task and timer", lambda id: sa.delete(job).where(rows_of(job, id), job.c.kind == TIMER)),
    "a timer is late": (
        "task and timer",
        lambda id: (
            sa.update(job)
            .where(rows_of(job, id), job.c.kind == TIMER)
            .values(run_at=sa.func.now() + timedelta(days=99))
        ),
    ),
    "a call is gone": ("job", lambda id: sa.delete(job).where(rows_of(job, id))),
    "a call is done too early": ("job", lambda id: sa.update(job).where(rows_of(job, id)).values(state="done")),
    "a subscription is gone": ("message", lambda id: sa.delete(message_wait).where(rows_of(message_wait, id))),
    "a subscription too many": (
        "task and timer",
        lambda id: sa.insert(message_wait).values(
            instance_id=id, wait=999, element_id="x", name="m", correlation="{}"
        ),
    ),
    "an incident is gone": ("incident", lambda id: sa.delete(job).where(rows_of(job, id))),
    "variables differ": ("message", lambda id: sa.update(instance).where(instance.c.id == id).values(variables={})),
}


@pytest.mark.parametrize("name", FAULTS)
def test_rows_that_disagree_are_written_anew(rt: Runtime, name: str) -> None:
    which, fault = FAULTS[name]
    id = waiting(rt)[which].id
    do(rt, fault(id))
    told = found(rt)
    assert told
    assert set(told) == {("rows-disagree", id)}
    mended = list(doctor.examine(rt, fix=True))
    assert all(one.mended for one in mended)
    assert found(rt) == []


def test_a_case_at_its_end_that_was_not_closed_is_closed(rt: Runtime) -> None:
    case = begin(rt, "broken", number=5)
    [first] = [wait.task_id for wait in case.waits if wait.task_id]
    complete.complete(rt, ANNA, first, {})
    do(rt, sa.update(instance).where(instance.c.id == case.id).values(status="active", ended_at=None))
    assert set(found(rt, fix=True)) == {("rows-disagree", case.id)}
    with rt.reading() as reading:
        assert instances.one(reading, case.id).state == "completed"


def test_what_nobody_can_do_is_told_or_put_right(rt: Runtime, clock: FixedClock) -> None:
    cases = waiting(rt)
    held = cases["job"].id
    lost = sa.update(job).where(rows_of(job, held)).values(
        state="running", lease_until=clock.now() - timedelta(minutes=2), lease_token=held
    )  # fmt: skip
    over = sa.update(instance).where(instance.c.id == cases["incident"].id).values(status="cancelled")
    old = clock.now() - timedelta(hours=3)
    kept = {"correlation": "{}", "payload": {}, "instance_ids": [], "received_at": old, "expires_at": old}
    do(rt, lost, over, sa.insert(message).values(id=held, name="m", message_id="1", state="buffered", **kept))
    wanted = {("lease-over", held), ("job-of-no-case", cases["incident"].id), ("messages-over", None)}
    assert set(found(rt)) == wanted
    assert set(found(rt, fix=True)) == wanted
    assert found(rt) == []


def test_what_is_a_person_s_stays_and_is_told_again(rt: Runtime) -> None:
    cases = waiting(rt)
    broken, strange = cases["message"].id, cases["job"].id
    do(
        rt,
        sa.update(instance).where(instance.c.id == broken).values(snapshot=b'{"f":99}'),
        sa.update(job).where(rows_of(job, strange)).values(kind="no.such_kind"),
    )
    for fix in (True, False):
        assert {("unreadable", broken), ("job-of-no-kind", strange)} <= set(found(rt, fix=fix))


def test_a_busy_site_gives_no_false_alarm(rt: Runtime, clock: FixedClock) -> None:
    """A timer that is due and not fired yet, and a call on its way, are no faults."""
    cases = waiting(rt)
    clock.set(clock.now() + timedelta(days=5))
    running = sa.update(job).where(rows_of(job, cases["job"].id)).values(
        state="running", lease_until=clock.now() + timedelta(seconds=5), lease_token=cases["job"].id
    )  # fmt: skip
    do(rt, running)
    assert found(rt) == []
