"""The worker on a real database: leases, tries, pools of their own, and an orderly end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from kt_flows.errors import Temporary
from kt_flows.jobs.handlers import MAIL_POLL, Handlers
from kt_flows.jobs.hands import LEASE
from kt_flows.jobs.retry import again_at
from kt_flows.jobs.worker import Worker
from kt_flows.runtime import operate, settle
from kt_flows.sandbox.switches import Switch
from kt_flows.security import Actor
from kt_flows.store.jobs import JobView
from kt_flows.store.tables import job as job_table

from .conftest import Site, Slow, eventually

ADMIN = Actor("admin", frozenset({"admin"}), admin=True)


@contextmanager
def working(worker: Worker) -> Iterator[Worker]:
    worker.start()
    try:
        yield worker
    finally:
        worker.stop(5)


def test_a_call_is_made_and_its_case_goes_on(site: Site) -> None:
    id = site.begin("line", subscriber_id="S-1")
    worker = site.worker()
    assert worker.outside_work()
    assert not worker.outside_work()
    assert site.elements(id) == ["read"]
    assert site.look(id).variables["broadband_ok"] is True


def test_a_killed_worker_s_call_is_taken_again_and_settled_once(site: Site) -> None:
    id = site.begin("line", subscriber_id="S-1")
    dead = site.claim()
    other = site.worker()
    site.clock.advance(LEASE)
    assert not other.outside_work()
    site.clock.advance(timedelta(microseconds=1))
    assert other.outside_work()
    assert site.elements(id) == ["read"]
    assert site.job(id).attempt == 2
    # The dead one was only slow: its answer comes too late, and changes nothing.
    assert not settle.done(site.rt, dead, {"broadband_ok": False})
    assert not settle.failed(site.rt, dead, Temporary("late"), None)
    assert site.look(id).variables["broadband_ok"] is True
    assert len(site.sandbox.emulators["line"].records) == 1


def test_who_lost_the_lease_while_another_works_settles_nothing(site: Site) -> None:
    id = site.begin("line", subscriber_id="S-1")
    slow = site.claim()
    site.clock.advance(LEASE + timedelta(seconds=1))
    quick = site.claim()
    assert quick.id == slow.id
    assert quick.lease_token != slow.lease_token
    assert not settle.done(site.rt, slow, {"broadband_ok": False})
    assert settle.done(site.rt, quick, {"broadband_ok": True})
    assert site.look(id).variables["broadband_ok"] is True


def test_a_failed_call_comes_again_when_its_policy_says_and_is_stuck_after_the_last(site: Site) -> None:
    site.sandbox.tell("line", Switch("fail"))
    id = site.begin("polite", subscriber_id="S-1")
    worker = site.worker()
    for attempt in (1, 2):
        assert worker.outside_work()
        job = site.job(id)
        due = again_at("R2/PT5M", attempt, site.clock.now(), job.key)
        assert due is not None
        assert (job.state, job.attempt, job.run_at) == ("available", attempt, due)
        assert job.last_error == "line answered 500"
        site.clock.set(due - timedelta(microseconds=1))
        assert not worker.outside_work()
        site.clock.set(due)
    assert worker.outside_work()
    assert (site.job(id).state, site.job(id).attempt) == ("stuck", 3)
    assert "stuck" in site.lines(id)
    assert not worker.outside_work()

    site.sandbox.tell("line", Switch())
    operate.retry_job(site.rt, ADMIN, site.job(id).id)
    assert worker.outside_work()
    assert site.elements(id) == ["read"]


def test_without_a_policy_it_is_tried_twelve_times(site: Site) -> None:
    id = site.begin("line", subscriber_id="S-1")
    site.sandbox.tell("line", Switch("fail"))
    worker = site.worker()
    for _ in range(20):
        if worker.outside_work():
            site.clock.set(max(site.clock.now(), site.job(id).run_at))
    assert (site.job(id).state, site.job(id).attempt) == ("stuck", 12)


def test_a_refusal_that_nobody_catches_is_stuck_at_once(site: Site) -> None:
    site.sandbox.tell("line", Switch("reject"))
    id = site.begin("line", subscriber_id="S-1")
    assert site.worker().outside_work()
    assert (site.job(id).state, site.job(id).attempt) == ("stuck", 1)


def test_a_kind_that_nobody_does_is_stuck(site: Site) -> None:
    id = site.begin("line", subscriber_id="S-1")
    with site.rt.db.transaction() as tx:
        tx.do(sa.update(job_table).where(job_table.c.instance_id == id).values(kind="weather.ask"))
    assert site.worker().outside_work()
    job = site.job(id)
    assert job.state == "stuck"
    assert "weather.ask" in str(job.last_error)


def test_a_slow_call_delays_no_timer(site: Site, slow: Slow) -> None:
    late = site.begin("late")
    call = site.begin("line", subscriber_id="S-1")
    with working(Worker(site.rt, slow, short=1, outside=1)) as worker:
        assert slow.begun.wait(10)
        site.clock.advance(timedelta(hours=1))
        worker.wake()
        eventually(lambda: site.elements(late) == ["chief"])
        assert site.elements(call) == ["call"]
        slow.over.set()
        eventually(lambda: site.elements(call) == ["read"])


def test_a_commit_wakes_the_worker(site: Site) -> None:
    with working(site.worker()):
        id = site.begin("line", subscriber_id="S-1")
        eventually(lambda: site.elements(id) == ["read"])


def test_the_end_waits_for_the_call_in_hand_and_takes_no_other(site: Site, slow: Slow) -> None:
    first = site.begin("line", subscriber_id="S-1")
    worker = Worker(site.rt, slow, short=1, outside=1)
    worker.start()
    assert slow.begun.wait(10)
    second = site.begin("line", subscriber_id="S-2")
    ending = threading.Thread(target=worker.stop)
    ending.start()
    eventually(lambda: worker.stopping)
    slow.over.set()
    ending.join(20)
    assert not ending.is_alive()
    assert site.elements(first) == ["read"]
    assert site.job(second).state == "available"
    assert worker.wake not in site.rt.on_work


def test_the_end_waits_no_longer_than_it_is_told(site: Site, slow: Slow) -> None:
    id = site.begin("line", subscriber_id="S-1")
    worker = Worker(site.rt, slow, short=2, outside=2)
    worker.start()
    assert slow.begun.wait(10)
    begun = time.monotonic()
    worker.stop(0.2)
    assert time.monotonic() - begun < 3
    slow.over.set()
    eventually(lambda: site.elements(id) == ["read"])  # it was still ours
    for thread in worker.threads:
        thread.join(10)


def test_drain_does_what_is_due_and_what_follows(site: Site) -> None:
    call, late = site.begin("line", subscriber_id="S-1"), site.begin("late")
    worker = site.worker()
    due = worker.next_due(site.clock.now())
    assert due == site.clock.now() + timedelta(hours=1)
    site.clock.set(due)
    worker.drain()
    assert (site.elements(call), site.elements(late)) == (["read"], ["chief"])


def test_a_fault_of_ours_is_tried_again_and_does_not_end_the_thread(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = site.begin("line", subscriber_id="S-1")

    def fails(self: Handlers, job: JobView) -> Mapping[str, Any]:
        raise KeyError("nothing")

    monkeypatch.setattr(Handlers, "run", fails)
    assert site.worker().outside_work()
    assert (site.job(id).state, site.job(id).last_error) == ("available", "KeyError: 'nothing'")


def test_the_mailbox_is_always_looked_at_again(site: Site) -> None:
    worker = site.worker()
    worker.keep_mail_poll()
    worker.keep_mail_poll()
    for behaviour, fault in (("down", True), ("ok", False)):
        site.sandbox.tell("imap", Switch(behaviour))
        assert worker.outside_work()
        [job] = periodic_jobs(site)
        assert job.state == "available"
        assert (job.last_error is not None) is fault
        assert job.run_at == site.clock.now() + timedelta(seconds=site.rt.settings.mail_poll_seconds)
        site.clock.set(job.run_at)


def test_a_clock_that_is_set_back_does_not_put_the_next_look_off(site: Site) -> None:
    worker = site.worker(short=1, outside=1)
    worker.start()
    try:
        eventually(lambda: any(job.run_at > site.clock.now() for job in periodic_jobs(site)))
        site.clock.set(site.clock.now() - timedelta(hours=1))
        soon = site.clock.now() + timedelta(seconds=site.rt.settings.mail_poll_seconds)
        eventually(lambda: [job.run_at for job in periodic_jobs(site) if job.kind == MAIL_POLL] == [soon])
    finally:
        worker.stop()


def periodic_jobs(site: Site) -> list[Any]:
    with site.rt.reading() as reading:
        return list(reading.all(sa.select(job_table).where(job_table.c.instance_id.is_(None))))
