"""Random cases from every element on a database: after every move the rows are what the snapshot waits for."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import cast

import pytest

from kt_flows.clock import FixedClock
from kt_flows.jobs.handlers import SHORT, Handlers
from kt_flows.jobs.hands import LEASE
from kt_flows.jobs.worker import Worker
from kt_flows.runtime import broadcast, complete, correlate, settle, start
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.deploy import deploy
from kt_flows.runtime.doctor import examine
from kt_flows.security import SERVICE, Actor
from kt_flows.settings import Settings
from kt_flows.store import instances, jobs
from support.postgres import fresh_database
from support.sheet import MESSAGE, SIGNAL, Sheet

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
CRM = Actor("crm", frozenset({"crm"}))
ANNA = Actor("anna", frozenset({"operator"}), frozenset({"people"}))
MOST_MOVES = 120


class Desk:
    """One case of a drawn process, and everybody who moves it."""

    def __init__(self, rt: Runtime, clock: FixedClock, seed: int) -> None:
        self.rt, self.clock, self.choose = rt, clock, random.Random(seed)
        self.sheet = Sheet(seed)
        deploy(rt, SERVICE, self.sheet.files(depth=3))
        self.trail = [f"seed {seed}"]
        self.worker = Worker(rt, cast(Handlers, None))  # what it does itself needs no hands outside
        self.case = start.start(rt, CRM, definition_key="drawn", variables=self.sheet.variables()).instance.id

    def look(self) -> instances.InstanceView:
        with self.rt.reading() as reading:
            return instances.one(reading, self.case)

    def moved(self, said: str) -> None:
        self.trail.append(said)
        assert list(examine(self.rt)) == [], self.trail

    def work(self) -> bool:
        """One person or one machine does what there is to do."""
        view = self.look()
        tasks = [wait.task_id for wait in view.waits if wait.task_id is not None]
        if tasks:
            complete.complete(self.rt, ANNA, self.choose.choice(tasks), {})
            self.moved("task")
        elif not self.outside():
            return False
        return True

    def outside(self) -> bool:
        if self.worker.short_work():
            self.moved("short")
            return True
        with self.rt.db.transaction() as tx:
            taken = jobs.lease(tx, not_kinds=(*SHORT, jobs.INCIDENT), now=self.clock.now(), lease_for=LEASE, limit=1)
        for job in taken:
            assert settle.done(self.rt, job, {"result": "buffered"})
            self.moved(job.kind)
        return bool(taken)

    def anything(self) -> None:
        chance = self.choose.random()
        if chance < 0.3:
            correlate.message_arrived(
                self.rt, CRM, name=MESSAGE, payload={}, message_id=f"m{len(self.trail)}", keep=False
            )
            self.moved("message")
        elif chance < 0.5:
            broadcast.signal_arrived(
                self.rt, CRM, name=SIGNAL, payload={}, signal_id=f"{self.case}-{len(self.trail)}"
            )
            self.moved("signal")
        else:
            with self.rt.reading() as reading:
                at = jobs.next_run_at(reading, periodic=False, after=self.clock.now())
            self.clock.set(at or self.clock.now())


@pytest.mark.parametrize("seed", range(12))
def test_rows_follow_every_move(seed: int) -> None:
    clock = FixedClock(NOW)
    with fresh_database() as db:
        desk = Desk(Runtime(db, clock, Settings(mode="sandbox")), clock, seed)
        desk.moved("start")
        for _ in range(MOST_MOVES):
            if desk.look().state == "completed":
                return
            if desk.choose.random() < 0.3 or not desk.work():
                desk.anything()
        raise AssertionError(f"does not end: {desk.trail}")
