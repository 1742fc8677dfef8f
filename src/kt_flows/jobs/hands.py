"""The calls that a process has in hand: which systems are busy with them, and their leases kept while they last."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

from sqlalchemy.exc import SQLAlchemyError

from kt_flows.runtime.context import Runtime
from kt_flows.store import jobs
from kt_flows.store.jobs import JobView

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=10)
"""How long a killed worker's call waits for another; a living one renews its own three times as often."""
AT_ONCE = 2
"""Calls to one system at a time: a system that hangs must not take all threads."""


class Hands:
    """Claims of one process, until each is put down."""

    def __init__(self, rt: Runtime) -> None:
        self._rt = rt
        self._held: dict[UUID, JobView] = {}
        self._lock = threading.Lock()
        self._claiming = threading.Lock()
        self._over = threading.Event()
        self.keeper = threading.Thread(target=self._keep, name="leases", daemon=True)

    def take(self, kinds: Collection[str], short: Sequence[str]) -> JobView | None:
        """Leases one due call of a system that is not busy; None where there is none.

        One thread at a time, so that the count is right.  `kinds` are those that systems do, `short` those that are
        never leased.
        """
        with self._claiming:
            not_kinds = (*short, *self.busy_kinds(kinds))
            with self._rt.db.transaction("job.lease") as tx:
                claimed = jobs.lease(
                    tx,
                    not_kinds=not_kinds,
                    not_ids=self.ids(),
                    now=self._rt.clock.now(),
                    lease_for=LEASE,
                    limit=1,
                )
            for job in claimed:
                with self._lock:
                    self._held[job.id] = job
            return claimed[0] if claimed else None

    @contextmanager
    def holding(self, job: JobView) -> Iterator[None]:
        """Keeps its lease meanwhile."""
        with self._lock:
            self._held[job.id] = job
        try:
            yield
        finally:
            with self._lock:
                self._held.pop(job.id, None)

    def ids(self) -> list[UUID]:
        with self._lock:
            return list(self._held)

    def end(self) -> None:
        """No lease is kept any more."""
        self._over.set()

    def busy_kinds(self, kinds: Collection[str]) -> list[str]:
        """Those of `kinds` whose system has as many calls in hand as it may."""
        with self._lock:
            many = Counter(_system(job.kind) for job in self._held.values())
        return [kind for kind in kinds if many[_system(kind)] >= AT_ONCE]

    def _keep(self) -> None:
        while not self._over.wait(LEASE.total_seconds() / 3):
            with self._lock:
                mine = list(self._held.values())
            if not mine:
                continue
            try:
                with self._rt.db.transaction("job.renew") as tx:
                    tokens = [job.lease_token for job in mine if job.lease_token]
                    jobs.renew(tx, [job.id for job in mine], tokens, self._rt.clock.now() + LEASE)
            except SQLAlchemyError as error:
                log.warning("leases were not renewed: %s", type(error).__name__)


def _system(kind: str) -> str:
    """`siebel` of `siebel.upsert_sr`: the name before the dot is the system's."""
    return kind.partition(".")[0]
