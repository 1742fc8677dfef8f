"""The worker: timers and outside calls in pools of their own, so that a slow mail server delays no deadline.

A process that commits a job wakes its own threads; every process sleeps until the earliest job is due, and never
longer than a second, since others commit too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from kt_flows.errors import FlowsError, Permanent
from kt_flows.jobs.faults import as_ours, contended, database_away
from kt_flows.jobs.handlers import MAIL_POLL, SHORT, Handlers
from kt_flows.jobs.hands import Hands
from kt_flows.jobs.pool import AFTER_A_FAULT, LONGEST_SLEEP, Pool
from kt_flows.jobs.retry import again_at
from kt_flows.jobs.trace import traced
from kt_flows.metrics import JOBS, TIMER_LAG
from kt_flows.runtime import periodic, settle
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.internal import RUNS
from kt_flows.store import jobs
from kt_flows.store.jobs import JobView

log = logging.getLogger(__name__)

BATCH = 20
DRAIN_ROUNDS = 10_000
ANOTHERS = 0.05
"""Seconds until we look again at a job that is due and that somebody else has locked."""

SET_BACK = 5.0
"""Seconds by which a clock may be corrected unnoticed."""


class Worker:
    """Works jobs until it is stopped."""

    def __init__(self, rt: Runtime, handlers: Handlers, *, short: int = 2, outside: int = 8) -> None:
        self._rt = rt
        self._handlers = handlers
        self._hands = Hands(rt)
        self._timers = Pool("timers", short, self.short_work, self._until_short)
        self._calls = Pool("calls", outside, self.outside_work, self._until_outside)
        self._stopping = threading.Event()
        self._end = float("inf")
        self._ahead = self._ahead_now()

    @property
    def threads(self) -> list[threading.Thread]:
        return [*self._timers.threads, *self._calls.threads, self._hands.keeper]

    @property
    def stopping(self) -> bool:
        return self._stopping.is_set()

    def start(self) -> None:
        self._rt.on_work.append(self.wake)
        self.keep_periodic()
        self._timers.start()
        self._calls.start()
        self._hands.keeper.start()

    def stop(self, within: float = 20.0) -> None:
        """Lets what is in hand finish, at most so many seconds; its leases are kept meanwhile."""
        self._end = time.monotonic() + within
        self._stopping.set()
        for pool in (self._timers, self._calls):
            pool.end()
        for pool in (self._timers, self._calls):
            pool.join(self._end)
        self._hands.end()
        if self._hands.keeper.ident is not None:
            self._hands.keeper.join(1.0)
        if self.wake in self._rt.on_work:
            self._rt.on_work.remove(self.wake)

    def wake(self) -> None:
        """Something was committed: look at once."""
        self._timers.wake()
        self._calls.wake()

    def keep_periodic(self) -> None:
        """What is done for ever is there and due."""
        self.keep_mail_poll()
        for kind in periodic.EVERY:
            periodic.keep(self._rt, kind, kind)

    def keep_mail_poll(self) -> None:
        """The mailbox is looked at for ever."""
        if self._rt.settings.imap_url:
            periodic.keep(self._rt, MAIL_POLL, MAIL_POLL)

    def _ahead_now(self) -> float:
        return self._rt.clock.now().timestamp() - time.monotonic()

    def _follow_the_clock(self) -> None:
        """A clock that was set back has left the next look at the mailbox in its old future: it is asked for anew."""
        before, self._ahead = self._ahead, self._ahead_now()
        if self._ahead < before - SET_BACK:
            log.warning("the clock was set back", extra={"seconds": round(before - self._ahead)})
            self.keep_periodic()

    def _until_short(self) -> float:
        with self._rt.reading() as reading:
            return self._pause(jobs.next_run_at(reading, kinds=SHORT))

    def _until_outside(self) -> float:
        self._follow_the_clock()
        # A busy system's jobs are looked at by the thread that gets done with it.
        passed = (*SHORT, *self._hands.busy_kinds(self._handlers.table))
        with self._rt.reading() as reading:
            return self._pause(jobs.next_run_at(reading, not_kinds=passed))

    def _pause(self, at: datetime | None) -> float:
        if at is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(ANOTHERS, (at - self._rt.clock.now()).total_seconds()))

    # ---- timers and what only touches our own tables

    def short_work(self) -> bool:
        """Due timers and internal jobs, one transaction each; False where there were none to do.

        One that the database refuses does not keep the next from its time.
        """
        with self._rt.reading() as reading:
            found = jobs.due(reading, SHORT, self._rt.clock.now(), BATCH)
        if found:
            self._timers.wake()
        done, lost = 0, None
        for job in found:
            if self.stopping:
                break
            try:
                done += self._short(job)
            except SQLAlchemyError as error:
                if not contended(error):
                    raise
                lost = error
        if lost is not None and not done:
            raise lost
        return done > 0

    def _short(self, job: JobView) -> bool:
        with traced(job) as span:
            try:
                return self._run_short(job)
            except Exception as error:
                if database_away(error):
                    raise
                span.failed(type(error).__name__)
                ours = self._told(job, error)
            if job.instance_id is None:
                return periodic.put_off(self._rt, job, ours)
            try:
                return settle.short_failed(self._rt, job, ours, partial(self._again_at, job, ours))
            except Exception as unsettled:
                if database_away(unsettled):
                    raise
                log.exception("%s: not even its failure could be settled", job.kind)
                return settle.give_up(self._rt, job, ours)

    def _run_short(self, job: JobView) -> bool:
        if job.kind == jobs.START_TIMER:
            return periodic.start_due(self._rt, job)
        assert job.instance_id is not None
        if job.kind == jobs.TIMER:
            fired = settle.due(self._rt, job.id)
            if fired:
                TIMER_LAG.observe(max(0.0, (self._rt.clock.now() - job.run_at).total_seconds()))
            return fired
        run = RUNS[job.kind]
        now = self._rt.clock.now()
        return settle.internal(self._rt, job.id, lambda tx, mine, held: run(tx, mine, held, now))

    # ---- outside calls

    def outside_work(self) -> bool:
        """One leased outside call; False where there was none."""
        job = self._hands.take(self._handlers.table, SHORT)
        if job is None:
            return False
        self._calls.wake()  # while this thread is away, another looks for more
        self.run(job)
        return True

    def run(self, job: JobView) -> None:
        """Makes one outside call and settles it; nothing is locked meanwhile."""
        with self._hands.holding(job), traced(job) as span:
            begun = time.monotonic()
            try:
                result = self._handlers.run(job)
            except Exception as error:
                span.failed(type(error).__name__)
                JOBS.labels(job.kind, "failed").observe(time.monotonic() - begun)
                if database_away(error):
                    log.warning("%s lost the database: %s", job.kind, type(error).__name__)
                    self._settle(job, self._give_back)
                else:
                    self._settle(job, partial(self._failed, error=self._told(job, error)))
            else:
                JOBS.labels(job.kind, "done").observe(time.monotonic() - begun)
                self._settle(job, partial(self._done, result=result))

    def _settle(self, job: JobView, settle_: Callable[[JobView], object]) -> None:
        """Writes down what became of a call, over an absence of the database too: it is not made again for that."""
        while True:
            try:
                settle_(job)
                return
            except Exception as error:
                if not database_away(error):
                    self._unsettled(job, self._told(job, error))
                    return
                if time.monotonic() > self._end:
                    raise  # the lease runs out, and another process takes it
                threading.Event().wait(AFTER_A_FAULT)

    def _unsettled(self, job: JobView, error: FlowsError) -> None:
        try:
            self._failed(job, error)
        except Exception:
            log.exception("%s: not even its failure could be settled", job.kind)
            settle.give_up(self._rt, job, error)

    def _done(self, job: JobView, result: Mapping[str, Any]) -> None:
        if job.instance_id is None:
            periodic.again(self._rt, job)
        else:
            settle.done(self._rt, job, result)

    def _failed(self, job: JobView, error: FlowsError) -> None:
        if job.instance_id is None:
            periodic.again(self._rt, job, error)
        else:
            settle.failed(self._rt, job, error, self._again_at(job, error, job.attempt))

    def _give_back(self, job: JobView) -> None:
        with self._rt.db.transaction("job.give_back") as tx:
            jobs.give_back(tx, job.id, job.lease_token, self._rt.clock.now() + timedelta(seconds=AFTER_A_FAULT))

    def _again_at(self, job: JobView, error: FlowsError, attempt: int) -> datetime | None:
        if isinstance(error, Permanent):
            return None
        return again_at(job.retry, attempt, self._rt.clock.now(), job.key)

    def _told(self, job: JobView, error: Exception) -> FlowsError:
        """The error as the job's row keeps it, and a line in the log."""
        ours = as_ours(error)
        about = {
            "job_id": str(job.id),
            "job_kind": job.kind,
            "instance_id": str(job.instance_id) if job.instance_id else None,
            "element_id": job.element_id,
            "attempt": job.attempt,
            "code": ours.code,
        }
        if error is ours:
            log.warning("a job failed: %s", ours.code, extra=about)
        else:
            log.error("a job broke: %s", type(error).__name__, extra=about, exc_info=error)
        return ours

    # ---- for the sandbox's clock

    def next_due(self, after: datetime) -> datetime | None:
        """The earliest job of a case that is due later than `after`."""
        with self._rt.reading() as reading:
            return jobs.next_run_at(reading, periodic=False, after=after)

    def drain(self) -> None:
        """Does all that is due, and what follows from it, and returns when nothing due is left or on its way."""
        self._handlers_poll()
        for _ in range(DRAIN_ROUNDS):
            worked = self.short_work()
            worked = self.outside_work() or worked
            if worked:
                continue
            with self._rt.reading() as reading:
                busy = jobs.busy(reading, self._rt.clock.now())
            if not busy:
                return
            self._stopping.wait(0.01)

    def _handlers_poll(self) -> None:
        """What already lies in the mailbox counts as arrived before anything that is due."""
        if self._rt.settings.imap_url:
            try:
                self._handlers.poll()
            except FlowsError as error:
                log.warning("the mailbox was not read: %s", error.code)
