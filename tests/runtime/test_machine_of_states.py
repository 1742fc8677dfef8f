"""Any order of claims, failures, lost leases, retries and cancellations keeps the promises about jobs and tasks."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from kt_flows.clock import FixedClock
from kt_flows.errors import Conflict, Permanent, Temporary
from kt_flows.runtime import claim, complete, operate, release, settle, start
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.deploy import deploy
from kt_flows.security import SERVICE, Actor
from kt_flows.settings import Settings
from kt_flows.store import instances, job_list, jobs
from kt_flows.store.tables import job as job_table
from kt_flows.store.tables import task as task_table
from support.postgres import fresh_database
from support.processes import chain, end, human, package, service
from support.processes import start as start_event

CRM = Actor("crm", frozenset({"crm"}))
WORKERS = [Actor(name, frozenset({"operator"}), frozenset({"line"})) for name in ("anna", "boris")]
LEASE = timedelta(minutes=1)

# A call, then a person, and the end: every case has exactly one thing to wait for.
PAIR = package(
    "pair",
    start_event()
    + service("call", "line.test", {"subscriber_id": "${subscriber_id}"}, outputs={"broadband_ok": "${broadband_ok}"})
    + human("check", "line")
    + end()
    + chain("start", "call", "check", "end"),
    variables={"subscriber_id": "string", "broadband_ok": "bool"},
)


class Desk(RuleBasedStateMachine):
    cases = Bundle("cases")
    leases = Bundle("leases")

    @initialize()
    def open(self) -> None:
        self.stack = contextlib.ExitStack()
        self.clock = FixedClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
        self.rt = Runtime(self.stack.enter_context(fresh_database()), self.clock, Settings(mode="sandbox"))
        deploy(self.rt, SERVICE, PAIR)
        self.answered: set[UUID] = set()
        self.over: dict[UUID, str] = {}
        self.started: list[UUID] = []

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.stack.close()

    @rule(target=cases)
    def begin(self) -> UUID:
        id = start.start(self.rt, CRM, definition_key="pair", variables={"subscriber_id": "S"}).instance.id
        self.started.append(id)
        return id

    @rule(target=leases)
    def take(self) -> list[jobs.JobView]:
        with self.rt.db.transaction() as tx:
            kinds = (jobs.TIMER, jobs.START_TIMER, jobs.INCIDENT)
            return jobs.lease(tx, not_kinds=kinds, now=self.clock.now(), lease_for=LEASE, limit=2)

    @rule(taken=leases, fate=st.sampled_from(["done", "again", "stuck"]))
    def settle_them(self, taken: list[jobs.JobView], fate: str) -> None:
        for job in taken:
            assert job.instance_id is not None
            if fate == "done":
                if settle.done(self.rt, job, {"broadband_ok": True}) and job.instance_id not in self.over:
                    assert job.instance_id not in self.answered, "one call answered twice"
                    self.answered.add(job.instance_id)
            elif fate == "again":
                settle.failed(self.rt, job, Temporary("away"), self.clock.now() + timedelta(seconds=30))
            else:
                settle.failed(self.rt, job, Permanent("no", code="line.other"), None)

    @rule(seconds=st.sampled_from([1, 31, 61]))
    def wait(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule()
    def mend(self) -> None:
        with self.rt.reading() as reading:
            stuck, _ = job_list.page(reading, SERVICE, state="stuck", after=None, limit=9)
        for job in stuck:
            assert operate.retry_job(self.rt, SERVICE, job.id).attempt == 0

    @rule(case=cases, who=st.sampled_from(WORKERS), what=st.sampled_from(["claim", "release", "complete"]))
    def work(self, case: UUID, who: Actor, what: str) -> None:
        for wait in self.look(case).waits:
            if wait.task_id is None:
                continue
            may = wait.assignee in (None, who.name)
            verb: Any = {"claim": claim.claim, "release": release.release, "complete": complete.complete}[what]
            try:
                verb(self.rt, who, wait.task_id, *([{}] if what == "complete" else []))
            except Conflict:
                assert not may
            else:
                assert may
                if what == "complete":
                    self.over[case] = "completed"

    @rule(case=cases)
    def give_up(self, case: UUID) -> None:
        try:
            operate.cancel(self.rt, SERVICE, case, "ошибка")
        except Conflict:
            assert case in self.over
        else:
            assert case not in self.over
            self.over[case] = "cancelled"

    def look(self, case: UUID) -> instances.InstanceView:
        with self.rt.reading() as reading:
            return instances.one(reading, case)

    @invariant()
    def each_case_waits_for_exactly_one_thing_or_is_over(self) -> None:
        for case in getattr(self, "started", []):
            view = self.look(case)
            if case in self.over:
                assert (view.state, view.waits) == (self.over[case], ())
            else:
                [wait] = view.waits
                assert wait.kind == ("task" if case in self.answered else "job")
                assert view.state == ("stuck" if wait.state == "stuck" else "active")

    @invariant()
    def rows_are_in_states_that_there_are(self) -> None:
        if not hasattr(self, "rt"):
            return
        with self.rt.reading() as reading:
            for row in reading.all(sa.select(job_table)):
                assert row.state in ("available", "running", "done", "stuck", "cancelled")
                assert (row.state == "running") == (row.lease_until is not None)
            for row in reading.all(sa.select(task_table)):
                assert (row.state == "claimed") == (row.assignee is not None) or row.state in (
                    "completed",
                    "cancelled",
                )
                assert (row.completed_at is not None) == (row.state in ("completed", "cancelled"))


def test_any_order_keeps_the_promises() -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Desk,
        settings=settings(
            max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
