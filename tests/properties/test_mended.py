"""Random cases whose calls fail, and people who put them right or go past: the rows stay what the case waits for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from kt_flows.clock import FixedClock
from kt_flows.errors import Conflict, Permanent
from kt_flows.jobs.handlers import SHORT
from kt_flows.jobs.hands import LEASE
from kt_flows.runtime import operate, settle
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.doctor import examine
from kt_flows.security import SERVICE
from kt_flows.settings import Settings
from kt_flows.store import job_list, jobs
from support.desk import Desk
from support.postgres import fresh_database

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
MOST_MOVES = 120


def sound(desk: Desk) -> None:
    assert list(examine(desk.rt)) == [], desk.trail


class Clumsy(Desk):
    """A desk whose outside refuses every third call."""

    mendings = 0

    def outside(self) -> bool:
        if self.choose.random() < 0.35:
            with self.rt.db.transaction() as tx:
                kinds = (*SHORT, jobs.INCIDENT)
                taken = jobs.lease(tx, not_kinds=kinds, now=self.clock.now(), lease_for=LEASE, limit=1)
            for job in taken:
                assert settle.failed(self.rt, job, Permanent("no", code="other"), None)
                self.moved(f"{job.kind} fails")
        return super().outside() or self.mended()

    def mended(self) -> bool:
        """A person tries what is stuck again, as it is or with another variable, or goes past it."""
        with self.rt.reading() as reading:
            stuck, _ = job_list.page(reading, SERVICE, state="stuck", after=None, limit=1)
        for job in stuck:
            try:
                if self.choose.random() < 0.5:
                    operate.skip_job(self.rt, SERVICE, job.id, "?")
                else:
                    operate.retry_job(self.rt, SERVICE, job.id, variables=self.choose.choice([None, {"x": 0}]))
            except Conflict as refused:
                self.trail.append(refused.code)
                operate.retry_job(self.rt, SERVICE, job.id)
            self.mendings += 1
            self.moved(f"{job.kind} mended")
        return bool(stuck)


@pytest.mark.parametrize("seed", range(8))
def test_rows_follow_every_mending(seed: int) -> None:
    clock = FixedClock(NOW)
    with fresh_database() as db:
        desk = Clumsy(Runtime(db, clock, Settings(mode="sandbox")), clock, seed, sound)
        desk.moved("start")
        for _ in range(MOST_MOVES):
            if desk.look().state == "completed":
                return
            if desk.choose.random() < 0.3 or not desk.work():
                desk.anything()
        raise AssertionError(f"does not end: {desk.trail}")
