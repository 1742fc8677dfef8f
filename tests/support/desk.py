"""A random case on a database, and everybody who moves it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import cast

from kt_flows.clock import FixedClock
from kt_flows.jobs.handlers import SHORT, Handlers
from kt_flows.jobs.hands import LEASE
from kt_flows.jobs.worker import Worker
from kt_flows.runtime import broadcast, complete, correlate, settle, start
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.deploy import deploy
from kt_flows.security import SERVICE, Actor
from kt_flows.store import instances, jobs
from support.sheet import MESSAGE, SIGNAL, Sheet

CRM = Actor("crm", frozenset({"crm"}))
ANNA = Actor("anna", frozenset({"operator"}), frozenset({"people"}))


class Desk:
    """One case of a drawn process, and everybody who moves it; `check` looks at it after every move."""

    def __init__(self, rt: Runtime, clock: FixedClock, seed: int, check: Callable[[Desk], None]) -> None:
        self.rt, self.clock, self.choose, self.check = rt, clock, random.Random(seed), check
        self.sheet = Sheet(seed)
        self.files = self.sheet.files(depth=3)
        deploy(rt, SERVICE, self.files)
        self.trail = [f"seed {seed}"]
        self.worker = Worker(rt, cast(Handlers, None))  # what it does itself needs no hands outside
        self.case = start.start(rt, CRM, definition_key="drawn", variables=self.sheet.variables()).instance.id

    def look(self) -> instances.InstanceView:
        with self.rt.reading() as reading:
            return instances.one(reading, self.case)

    def moved(self, said: str) -> None:
        self.trail.append(said)
        self.check(self)

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
