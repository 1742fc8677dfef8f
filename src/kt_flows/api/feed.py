"""The event stream's shared part: one thread reads the store's feed for all listeners of this process.

A listener has a position of its own.  While it keeps up it is served from memory; when it comes from far behind
(`Last-Event-ID`, a slow line) it reads the store until it has caught up.  Positions are the store's, in commit
order, so nothing falls between the two.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterator
from typing import Protocol

from kt_flows.store.events import EventView

log = logging.getLogger(__name__)

KEPT = 5000
BATCH = 500
LOOK_EVERY = 0.25
"""Seconds: changes by other processes are seen at the latest then; own ones wake the feed at once."""


class Source(Protocol):
    """Where events come from: the store's feed."""

    def head(self) -> str: ...

    def after(self, position: str, limit: int) -> list[EventView]:
        """Up to `limit` events after `position`, in commit order; each has a `position`."""
        ...


class Feed:
    """The shared reader.  Starts with its first listener, rests when the last one leaves."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self._lock = threading.Lock()
        self._events: deque[EventView] = deque()
        self._since: str | None = None
        self._head: str | None = None
        self._listeners: set[Callable[[], None]] = set()
        self._wake = threading.Event()
        self._closed = False
        self._thread: threading.Thread | None = None

    @property
    def closed(self) -> bool:
        return self._closed

    def wake(self) -> None:
        """Something was committed here: look at once."""
        if self._listeners:
            self._wake.set()

    def close(self) -> None:
        """Ends every stream; listeners are woken to see it."""
        self._closed = True
        self._wake.set()
        self._tell()

    @contextlib.contextmanager
    def listening(self, told: Callable[[], None]) -> Iterator[None]:
        """While inside, `told` is called from the feed's thread whenever there may be something new."""
        with self._lock:
            self._listeners.add(told)
            if self._thread is None or not self._thread.is_alive():
                self._events.clear()
                self._since = self._head = None
                self._wake.set()
                self._thread = threading.Thread(target=self._read, name="event-feed", daemon=True)
                self._thread.start()
        try:
            yield
        finally:
            with self._lock:
                self._listeners.discard(told)

    def held_after(self, position: str) -> list[EventView] | None:
        """The events in memory after `position`; None when memory does not reach back that far."""
        with self._lock:
            if self._since is None or _order(position) < _order(self._since):
                return None
            return [event for event in self._events if _order(event.position) > _order(position)][:BATCH]

    def _read(self) -> None:
        while not self._closed:
            self._wake.wait(LOOK_EVERY)
            self._wake.clear()
            with self._lock:
                if not self._listeners:
                    self._thread = None
                    return
            try:
                while self._take():
                    self._tell()
            except Exception as error:  # the database is away: the next look tries again
                log.warning("event feed waits", extra={"reason": type(error).__name__})

    def _take(self) -> bool:
        if self._head is None:
            head = self.source.head()
            with self._lock:
                self._since = self._head = head
            return True
        events = self.source.after(self._head, BATCH)
        with self._lock:
            for event in events:
                self._events.append(event)
                self._head = event.position
            while len(self._events) > KEPT:
                self._since = self._events.popleft().position
        return bool(events)

    def _tell(self) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for told in listeners:
            with contextlib.suppress(RuntimeError):  # its loop has ended
                told()


def _order(position: str) -> tuple[int, ...]:
    return tuple(int(part) for part in position.split("-"))


def is_position(text: str) -> bool:
    parts = text.split("-")
    return len(text) <= 60 and 1 <= len(parts) <= 3 and all(part.isascii() and part.isdecimal() for part in parts)


class Bell:
    """Lets a thread wake one coroutine."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._event = asyncio.Event()

    def ring(self) -> None:
        self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, seconds: float) -> bool:
        """True when it rang within that time."""
        try:
            async with asyncio.timeout(seconds):
                await self._event.wait()
        except TimeoutError:
            return False
        self._event.clear()
        return True
