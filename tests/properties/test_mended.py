"""Random cases whose calls fail, and people who put them right or go past: the rows stay what the case waits for, and
its history what it was."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import pytest

from kt_flows.clock import FixedClock
from kt_flows.engine.machine import NoSuchWait
from kt_flows.errors import Conflict, Permanent
from kt_flows.jobs.handlers import SHORT
from kt_flows.jobs.hands import LEASE
from kt_flows.runtime import operate, settle
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.doctor import examine
from kt_flows.security import SERVICE
from kt_flows.settings import Settings
from kt_flows.store import job_list, jobs
from support import sheet
from support.desk import Desk
from support.past import Album
from support.postgres import fresh_database
from support.sheet import Sheet

NOW = datetime(2026, 3, 2, 5, tzinfo=UTC)
MOST_MOVES = 120
SEEDS = (8, 9, 10, 11, 14, 15, 19)
"""Of cases that come to a call which fails."""


class Clumsy(Desk):
    """A desk whose outside refuses most calls."""

    mendings = 0

    def outside(self) -> bool:
        if self.choose.random() < 0.7:
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


@pytest.mark.parametrize("seed", SEEDS)
def test_rows_follow_every_mending(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "SMALL", [Sheet.user, Sheet.job, Sheet.job, Sheet.script, Sheet.throws, Sheet.catches])
    clock = FixedClock(NOW)
    with fresh_database() as db:
        rt = Runtime(db, clock, Settings(mode="sandbox"))
        album = Album(rt)

        def sound(desk: Desk) -> None:
            assert list(examine(rt)) == [], desk.trail
            album.take(desk.case)
            clock.advance(timedelta(milliseconds=10))

        desk = Clumsy(rt, clock, seed, sound)
        desk.moved("start")
        for _ in range(MOST_MOVES):
            if desk.look().state == "completed":
                break
            with contextlib.suppress(NoSuchWait):  # a task whose deadline has come while it was looked at
                if desk.choose.random() < 0.3 or not desk.work():
                    desk.anything()
        assert desk.look().state == "completed", f"does not end: {desk.trail}"
        album.check(desk.case)
        assert desk.mendings
