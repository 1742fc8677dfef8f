"""Stuck jobs in people's hands: put right and tried again, gone past; the rows are what the case waits for."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from kt_flows.clock import FixedClock
from kt_flows.errors import Conflict, InvalidValues, NotFound, Permanent
from kt_flows.jobs.handlers import SHORT
from kt_flows.jobs.hands import LEASE
from kt_flows.runtime import complete, operate, settle, start
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.deploy import deploy
from kt_flows.runtime.doctor import examine
from kt_flows.security import SERVICE, Actor
from kt_flows.store import history, instances, job_list, jobs
from support.processes import chain, end, human, package, service
from support.processes import start as begins

CHIEF = Actor("chief", frozenset({"supervisor"}), frozenset({"line"}))
FAR = Actor("far", frozenset({"supervisor"}), frozenset({"elsewhere"}))
CRM = Actor("crm", frozenset({"crm"}))
CALC = package(
    "calc",
    begins()
    + human("look", "line")
    + '<bpmn:scriptTask id="work" scriptFormat="cel" camunda:resultVariable="n"><bpmn:script>10 / n</bpmn:script>'
    "</bpmn:scriptTask>"
    + service("ask", "line.test", {"subscriber_id": "${who}"}, outputs={"ok": "${broadband_ok}"})
    + human("after", "line")
    + end()
    + chain("start", "look", "work", "ask", "after", "end"),
    variables={"n": "int", "who": "string", "ok": "bool"},
)


@pytest.fixture
def stuck(rt: Runtime) -> instances.InstanceView:
    """A case whose script divides by nothing."""
    deploy(rt, SERVICE, CALC)
    case = start.start(rt, CRM, definition_key="calc", variables={"n": 0, "who": "S1"}).instance
    [wait] = case.waits
    assert wait.task_id is not None
    return complete.complete(rt, Actor("anna", frozenset({"operator"}), frozenset({"line"})), wait.task_id, {})


def job_of(case: instances.InstanceView) -> UUID:
    [wait] = [wait for wait in case.waits if wait.kind == "job"]
    assert wait.job_id is not None
    return wait.job_id


def seen(rt: Runtime, id: UUID) -> instances.InstanceView:
    assert list(examine(rt)) == []
    with rt.reading() as reading:
        return instances.one(reading, id)


def fails(rt: Runtime, clock: FixedClock) -> None:
    """The outside call is given up."""
    with rt.db.transaction() as tx:
        [job] = jobs.lease(tx, not_kinds=(*SHORT, jobs.INCIDENT), now=clock.now(), lease_for=LEASE, limit=1)
    assert settle.failed(rt, job, Permanent("no", code="other"), None)


def said(rt: Runtime, id: UUID, kind: str) -> tuple[str, dict[str, Any]]:
    with rt.reading() as reading:
        [line] = [line for line in history.page(reading, id, after=None, limit=200)[0] if line.kind == kind]
    return line.actor, dict(line.detail)


def test_an_incident_is_tried_again_with_other_variables(rt: Runtime, stuck: instances.InstanceView) -> None:
    done = operate.retry_job(rt, CHIEF, job_of(stuck), variables={"n": 5})
    assert (done.state, done.definition_key) == ("done", "calc")
    case = seen(rt, stuck.id)
    assert (case.variables["n"], [wait.element_id for wait in case.waits]) == (2, ["ask"])
    assert said(rt, case.id, "job.retried") == ("chief", {"job": "element.retry", "variables": ["n"]})


def test_a_call_is_tried_again_with_other_values(
    rt: Runtime, clock: FixedClock, stuck: instances.InstanceView
) -> None:
    operate.retry_job(rt, CHIEF, job_of(stuck), variables={"n": 5})
    fails(rt, clock)
    job = job_of(seen(rt, stuck.id))
    again = operate.retry_job(rt, CHIEF, job, variables={"who": "S2"})
    assert (again.state, again.attempt, again.payload) == ("available", 0, {"subscriber_id": "S2"})
    assert seen(rt, stuck.id).variables["who"] == "S2"
    fails(rt, clock)
    again = operate.retry_job(rt, CHIEF, job, payload={"subscriber_id": "S3"})
    assert (again.payload, seen(rt, stuck.id).variables["who"]) == ({"subscriber_id": "S3"}, "S2")
    with pytest.raises(Conflict):
        operate.retry_job(rt, CHIEF, job)


def test_past_an_activity_and_past_a_call(rt: Runtime, clock: FixedClock, stuck: instances.InstanceView) -> None:
    gone = operate.skip_job(rt, CHIEF, job_of(stuck), "by hand")
    assert gone.state == "cancelled"
    assert said(rt, stuck.id, "job.skipped") == ("chief", {"job": "element.retry", "reason": "by hand"})
    fails(rt, clock)
    gone = operate.skip_job(rt, CHIEF, job_of(seen(rt, stuck.id)), "measured by hand", {"broadband_ok": True})
    case = seen(rt, stuck.id)
    assert (gone.state, case.state, case.variables["ok"]) == ("cancelled", "active", True)
    assert [wait.element_id for wait in case.waits] == ["after"]
    with pytest.raises(Conflict):
        operate.skip_job(rt, CHIEF, gone.id, "again")


def test_what_is_refused_changes_nothing(rt: Runtime, clock: FixedClock, stuck: instances.InstanceView) -> None:
    job = job_of(stuck)
    for given in ({"variables": {"n": "five"}}, {"variables": {"x": 1}}, {"payload": {"subscriber_id": "S2"}}):
        with pytest.raises(InvalidValues):
            operate.retry_job(rt, CHIEF, job, **given)  # type: ignore[arg-type]
    with pytest.raises(InvalidValues):
        operate.skip_job(rt, CHIEF, job, "?", {"n": 1})
    with pytest.raises(NotFound):
        operate.skip_job(rt, FAR, job, "?")
    operate.suspend(rt, CHIEF, stuck.id, None)
    with pytest.raises(Conflict):
        operate.skip_job(rt, CHIEF, job, "?")
    operate.resume(rt, CHIEF, stuck.id, None)
    assert seen(rt, stuck.id).waits == stuck.waits


def test_a_job_of_no_case_has_no_data(rt: Runtime, clock: FixedClock) -> None:
    with rt.db.transaction() as tx:
        row = {"key": "alone", "kind": "tidy", "payload": {}, "run_at": clock.now(), "state": "stuck"}
        jobs.add(tx, [row], clock.now())
    with rt.reading() as reading:
        [alone], _ = job_list.page(reading, SERVICE, state="stuck", after=None, limit=9)
    for verb in (
        lambda: operate.skip_job(rt, SERVICE, alone.id, "?"),
        lambda: operate.retry_job(rt, SERVICE, alone.id, variables={"n": 1}),
    ):
        with pytest.raises(Conflict) as error:
            verb()
        assert error.value.code == "job_of_no_case"
    assert operate.retry_job(rt, SERVICE, alone.id).state == "available"
