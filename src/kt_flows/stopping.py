"""How a process is told to stop: SIGTERM or Ctrl-C."""

from __future__ import annotations

import signal
import threading
from types import FrameType

LOOK_UP = 0.5
"""Seconds that a missed signal may go unheard."""


def wait(stop: threading.Event) -> None:
    """Waits, looking up now and then.

    A signal that comes just before the thread goes to sleep wakes nobody: its handler runs at the next instruction,
    and a wait without an end has none.
    """
    while not stop.wait(LOOK_UP):
        pass


def asked() -> threading.Event:
    """Set by SIGTERM or Ctrl-C; a second one ends the process at once."""
    stop = threading.Event()

    def heard(number: int, frame: FrameType | None) -> None:
        if stop.is_set():
            raise SystemExit(128 + number)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, heard)
    return stop
