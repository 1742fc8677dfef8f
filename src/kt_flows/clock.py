"""Time is given, not taken: who needs it is handed a clock or a `now` (aware, UTC)."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Protocol

SITE_ZONE = "Asia/Almaty"
"""Whose days reports count by.  The zone of a deadline is its diagram's."""


class Clock(Protocol):
    """Tells the service's time, aware and in UTC."""

    def now(self) -> datetime: ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ShiftedClock:
    """The machine's clock moved forward: the sandbox's."""

    def __init__(self, offset: timedelta = timedelta()) -> None:
        self._offset = offset
        self._lock = threading.Lock()

    @property
    def offset(self) -> timedelta:
        return self._offset

    def now(self) -> datetime:
        return datetime.now(UTC) + self._offset

    def advance_to(self, moment: datetime) -> timedelta:
        """Moves the clock so that now is at least `moment`; never back.  Returns the new offset."""
        with self._lock:
            self._offset = max(self._offset, moment - datetime.now(UTC))
            return self._offset


class FixedClock:
    """A clock that stands still until it is told to move: for scenarios and tests."""

    def __init__(self, moment: datetime) -> None:
        self._now = moment

    def now(self) -> datetime:
        return self._now

    def set(self, moment: datetime) -> None:
        self._now = moment

    def advance(self, by: timedelta) -> datetime:
        self._now += by
        return self._now


def to_text(moment: datetime) -> str:
    """RFC 3339 in UTC with `Z`; a fraction only where there is one."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    """An RFC 3339 time as an aware UTC datetime.

    Raises ValueError for a text that is not a time, a time without an offset, or one beyond the years that are known.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no offset from UTC")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is out of range") from None
