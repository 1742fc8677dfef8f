"""Calls in hand: how many of one system, and their leases for as long as they last."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from kt_flows.jobs import hands
from kt_flows.jobs.hands import AT_ONCE, LEASE
from kt_flows.jobs.worker import Worker
from kt_flows.store.tables import job as job_table

from .conftest import Site, Slow, eventually
from .test_worker import working


def states(site: Site) -> list[str]:
    with site.rt.reading() as reading:
        rows = reading.all(sa.select(job_table.c.state).where(job_table.c.kind == "line.test"))
    return sorted(row.state for row in rows)


def test_a_system_that_hangs_takes_no_more_than_its_share_of_the_threads(site: Site, slow: Slow) -> None:
    object.__setattr__(slow, "kind", "line.")
    lines = [site.begin("line", subscriber_id=f"S-{number}") for number in range(6)]
    with working(Worker(site.rt, slow, short=1, outside=4)):
        eventually(lambda: states(site) == ["available"] * (6 - AT_ONCE) + ["running"] * AT_ONCE)
        others = [site.begin("request") for _ in range(3)]
        for other in others:
            eventually(lambda id=other: site.elements(id) == ["answer"])
        assert states(site).count("running") == AT_ONCE
        slow.over.set()
        for line in lines:
            eventually(lambda id=line: site.elements(id) == ["read"])
    assert len(site.sandbox.emulators["line"].records) == 6


def lease_until(site: Site) -> datetime | None:
    with site.rt.reading() as reading:
        moment: datetime | None = reading.value(
            sa.select(job_table.c.lease_until).where(job_table.c.kind == "line.test")
        )
    return moment


def test_a_lease_is_kept_while_the_worker_stops(site: Site, slow: Slow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hands, "LEASE", timedelta(seconds=0.3))
    id = site.begin("line", subscriber_id="S-1")
    worker = Worker(site.rt, slow, short=1, outside=1)
    worker.start()
    assert slow.begun.wait(10)
    ending = threading.Thread(target=worker.stop)
    ending.start()
    eventually(lambda: worker.stopping)
    site.clock.advance(timedelta(seconds=5))
    before = site.clock.now()
    eventually(lambda: (lease_until(site) or before) > before)
    slow.over.set()
    ending.join(20)
    assert site.elements(id) == ["read"]
    assert not worker._hands.keeper.is_alive()


def test_a_call_in_hand_is_not_taken_again_though_the_clock_leaps(site: Site, slow: Slow) -> None:
    id = site.begin("line", subscriber_id="S-1")
    worker = Worker(site.rt, slow, short=1, outside=2)
    call = threading.Thread(target=worker.outside_work)
    call.start()
    assert slow.begun.wait(10)
    site.clock.advance(LEASE * 100)
    assert not worker.outside_work()
    slow.over.set()
    call.join(20)
    assert site.elements(id) == ["read"]
    assert len(site.sandbox.emulators["line"].records) == 1
