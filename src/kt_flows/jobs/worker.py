"""The worker: timers and outside calls in pools of their own, so that a slow mail server delays no deadline.

A process that commits a job wakes its own threads; every process sleeps until the earliest job is due, and never
longer than a second, since others commit too.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from kt_flows.errors import Broken, FlowsError, Permanent, Temporary
from kt_flows.jobs.handlers import MAIL_POLL, SHORT, Handlers
from kt_flows.jobs.retry import again_at
from kt_flows.runtime import periodic, settle
from kt_flows.runtime.context import Runtime
from kt_flows.runtime.internal import RUNS
from kt_flows.store import jobs
from kt_flows.store.jobs import JobView

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
"""How long a killed worker's call waits for another; a living one renews its own three times as often."""
LONGEST_SLEEP = 1.0
BATCH = 20
DRAIN_ROUNDS = 10_000


class Worker:
    """Works jobs until it is stopped."""

    def __init__(self, rt: Runtime, handlers: Handlers, *, short: int = 2, outside: int = 4) -> None:
        self._rt = rt
        self._handlers = handlers
        self._stopping = threading.Event()
        self._wake = threading.Condition()
        self._signals = 0
        self._leased: dict[object, JobView] = {}
        self._lock = threading.Lock()
        pools = [("timers", self.short_work, short), ("calls", self.outside_work, outside)]
        self._threads = [
            threading.Thread(target=self._loop, args=(work,), name=f"{name}-{number}", daemon=True)
            for name, work, many in pools
            for number in range(many)
        ]
        self._threads.append(threading.Thread(target=self._keep_leases, name="leases", daemon=True))

    def start(self) -> None:
        self._rt.on_commit.append(self.wake)
        self.keep_mail_poll()
        periodic.keep(self._rt, periodic.TIDY, periodic.TIDY)
        for thread in self._threads:
            thread.start()

    def stop(self, within: float = 20.0) -> None:
        """Lets what is in hand finish, at most so many seconds."""
        self._stopping.set()
        self.wake()
        end = time.monotonic() + within
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, end - time.monotonic()))
        if self.wake in self._rt.on_commit:
            self._rt.on_commit.remove(self.wake)

    def wake(self) -> None:
        """Something was committed: look at once."""
        with self._wake:
            self._signals += 1
            self._wake.notify_all()

    def keep_mail_poll(self) -> None:
        """The mailbox is looked at for ever."""
        if self._rt.settings.imap_url:
            periodic.keep(self._rt, MAIL_POLL, MAIL_POLL)

    # ---- the loop

    def _loop(self, work: Callable[[], bool]) -> None:
        away = False
        while not self._stopping.is_set():
            with self._wake:
                seen = self._signals
            try:
                if work():
                    away = False
                    continue
                pause = self._until_next()
            except (SQLAlchemyError, OSError) as error:
                if not away:
                    log.warning("the database is away: %s", type(error).__name__)
                away, pause = True, 0.5
            except Exception as error:  # a fault of ours must not end the thread; the job stays where it was
                log.exception("a job broke: %s", type(error).__name__)
                pause = 0.5
            with self._wake:
                if self._signals == seen and not self._stopping.is_set():
                    self._wake.wait(pause)

    def _until_next(self) -> float:
        now = self._rt.clock.now()
        with self._rt.reading() as reading:
            at = jobs.next_run_at(reading)
        if at is None:
            return LONGEST_SLEEP
        return min(LONGEST_SLEEP, max(0.01, (at - now).total_seconds()))

    # ---- work

    def short_work(self) -> bool:
        """Due timers and internal jobs, one transaction each; False where there were none to do."""
        with self._rt.reading() as reading:
            found = jobs.due(reading, SHORT, self._rt.clock.now(), BATCH)
        # All of them, not only up to the first that did something.
        return sum(self._short(job) for job in found) > 0

    def _short(self, job: JobView) -> bool:
        try:
            if job.kind == jobs.START_TIMER:
                return periodic.start_due(self._rt, job)
            assert job.instance_id is not None
            if job.kind == jobs.TIMER:
                return settle.due(self._rt, job.id, job.instance_id)
            run = RUNS[job.kind]
            now = self._rt.clock.now()
            return settle.internal(self._rt, job.id, job.instance_id, lambda tx, mine, held: run(tx, mine, held, now))
        except FlowsError as error:
            return self._short_failed(job, error)
        except SQLAlchemyError:
            raise
        except Exception as error:  # isolated as stuck after its tries; others go on
            log.exception("%s broke", job.kind)
            return self._short_failed(job, Broken(f"{type(error).__name__}: {error}"))

    def _short_failed(self, job: JobView, error: FlowsError) -> bool:
        """A short job has failed: counted in a transaction of its own, tried again or left stuck."""
        claimed = periodic.take(self._rt, job, LEASE)
        return claimed is not None and self._failed(claimed, error)

    def outside_work(self) -> bool:
        """One batch of leased outside calls; False where there were none."""
        now = self._rt.clock.now()
        with self._rt.db.transaction() as tx:
            claimed = jobs.lease(tx, not_kinds=SHORT, now=now, lease_for=LEASE, limit=1)
        for job in claimed:
            self.run(job)
        return bool(claimed)

    def run(self, job: JobView) -> None:
        """Makes one outside call and settles it; nothing is locked meanwhile."""
        with self._lock:
            self._leased[job.id] = job
        try:
            result = self._handlers.run(job)
        except FlowsError as error:
            self._failed(job, error)
        except SQLAlchemyError as error:
            # Not the job's fault: its lease runs out and it is taken again.
            log.warning("%s lost the database: %s", job.kind, type(error).__name__)
            self._failed(job, Temporary("the database was away"))
        except Exception as error:  # a fault of ours is one more reason to try later, then to be stuck
            log.exception("%s broke", job.kind)
            self._failed(job, Temporary(f"{type(error).__name__}: {error}"))
        else:
            if job.instance_id is None:
                periodic.again(self._rt, job)
            else:
                settle.done(self._rt, job, result)
        finally:
            with self._lock:
                self._leased.pop(job.id, None)

    def _failed(self, job: JobView, error: FlowsError) -> bool:
        if job.instance_id is None:
            periodic.again(self._rt, job, error)
            return True
        later = None
        if not isinstance(error, Permanent):
            later = again_at(job.retry, job.attempt, self._rt.clock.now(), job.key)
        return settle.failed(self._rt, job, error, later)

    def _keep_leases(self) -> None:
        """Renews the leases of calls that are still on their way."""
        while not self._stopping.wait(LEASE.total_seconds() / 3):
            with self._lock:
                mine = list(self._leased.values())
            if not mine:
                continue
            try:
                with self._rt.db.transaction() as tx:
                    tokens = [job.lease_token for job in mine if job.lease_token]
                    jobs.renew(tx, [job.id for job in mine], tokens, self._rt.clock.now() + LEASE)
            except SQLAlchemyError as error:
                log.warning("leases were not renewed: %s", type(error).__name__)

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
