"""Moving the sandbox's clock as if the time had passed: from one due moment to the next, the work done at each.

A jump straight to the target would let a reminder, a deadline and a late answer, hours apart in truth, all happen in
the same second and in any order.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from kt_flows.clock import ShiftedClock

MOST = timedelta(days=400)
"""The farthest that one call moves the clock."""

_DURATION = re.compile(
    r"P(?!$)(?:(?P<weeks>\d{1,4})W)?(?:(?P<days>\d{1,5})D)?"
    r"(?:T(?!$)(?:(?P<hours>\d{1,6})H)?(?:(?P<minutes>\d{1,8})M)?(?:(?P<seconds>\d{1,9}(?:\.\d{1,6})?)S)?)?"
)


class Work(Protocol):
    """What has dates and can be done: the service's jobs, the provider's late replies."""

    def next_due(self, after: datetime) -> datetime | None:
        """The earliest date later than `after`, periodic work of no instance left out; None when there is none."""

    def drain(self) -> None:
        """Does everything that is due now, and what follows from it, and returns when nothing due is left."""


def duration(text: str) -> timedelta:
    """An ISO 8601 length of weeks, days, hours, minutes, seconds; ValueError for anything else or too long a one."""
    match = _DURATION.fullmatch(text)
    if match is None:
        raise ValueError("must be an ISO 8601 duration such as PT24H or P3D")
    length = timedelta(**{unit: float(number) for unit, number in match.groupdict().items() if number})
    if length > MOST:
        raise ValueError(f"must be {MOST.days} days at most")
    return length


class Advance:
    """Moves one clock; `keep` writes the new offset down, so that a restart goes on at the same time."""

    def __init__(self, clock: ShiftedClock, keep: Callable[[timedelta], None], work: Sequence[Work]) -> None:
        self._clock = clock
        self._keep = keep
        self._work = work
        self._lock = threading.Lock()

    def now(self) -> datetime:
        return self._clock.now()

    @property
    def offset(self) -> timedelta:
        """How far the clock is ahead of the machine's."""
        return self._clock.offset

    def by(self, length: timedelta) -> datetime:
        """Moves the clock forward and answers the new time when all that became due has been done."""
        with self._lock:
            at = self._clock.now()
            target = at + length
            self._drain()
            while (due := self._next_due(at)) is not None and due <= target:
                self._to(due)
                self._drain()
                at = due
            self._to(target)
            self._drain()
            return self._clock.now()

    def _next_due(self, after: datetime) -> datetime | None:
        return min((due for work in self._work if (due := work.next_due(after)) is not None), default=None)

    def _drain(self) -> None:
        for work in self._work:
            work.drain()

    def _to(self, moment: datetime) -> None:
        if moment > self._clock.now():
            self._keep(self._clock.advance_to(moment))
