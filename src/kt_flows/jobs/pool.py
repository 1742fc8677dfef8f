"""Threads that look for work of one sort, do it, and sleep until there is more.

One of those that sleep watches the clock, the others wait to be woken: a commit costs one look, not one a thread.
Who finds something that is due sooner than what is watched for watches that.
"""

from __future__ import annotations

import logging
import math
import threading
import time
from collections.abc import Callable

from kt_flows.jobs.faults import database_away

log = logging.getLogger(__name__)

LONGEST_SLEEP = 1.0
"""Seconds: other processes commit too, and do not wake us."""
AFTER_A_FAULT = 0.5


class Pool:
    """`work` does something and answers whether there was any; `pause` says how long to sleep when there was none."""

    def __init__(self, name: str, many: int, work: Callable[[], bool], pause: Callable[[], float]) -> None:
        self._work = work
        self._pause = pause
        self._wake = threading.Condition()
        self._signals = 0
        self._watched_until = math.inf
        """When the thread that watches the clock looks again; never, where none does."""
        self._away = False
        self._stopping = False
        self.threads = [
            threading.Thread(target=self._loop, name=f"{name}-{number}", daemon=True) for number in range(many)
        ]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def wake(self) -> None:
        """There may be work: one more thread looks."""
        with self._wake:
            self._signals += 1
            self._wake.notify()

    def end(self) -> None:
        """No thread begins anything more."""
        with self._wake:
            self._stopping = True
            self._wake.notify_all()

    def join(self, until: float) -> None:
        """Waits for what is in hand, at most until a time of `time.monotonic`."""
        for thread in self.threads:
            if thread.ident is not None:
                thread.join(max(0.0, until - time.monotonic()))

    def _loop(self) -> None:
        while not self._stopping:
            with self._wake:
                seen = self._signals
            try:
                worked = self._work()
                pause = 0.0 if worked else self._pause()
                self._away = False
            except Exception as error:  # no fault ends a thread; the job stays where it was
                worked, pause = False, AFTER_A_FAULT
                self._tell(error)
            if not worked:
                self._rest(seen, pause)

    def _rest(self, seen: int, pause: float) -> None:
        with self._wake:
            if self._stopping or self._signals != seen:
                return
            end = time.monotonic() + pause
            if end >= self._watched_until:
                self._wake.wait()
                return
            self._watched_until = end
            try:
                self._wake.wait(pause)
            finally:
                if self._watched_until == end:  # nobody has taken over for something that is due sooner
                    self._watched_until = math.inf

    def _tell(self, error: Exception) -> None:
        if not (isinstance(error, OSError) or database_away(error)):
            log.error("a job broke: %s", type(error).__name__, exc_info=error)
        elif not self._away:
            log.warning("the database is away: %s", type(error).__name__)
            self._away = True
