"""A TCP proxy that misbehaves on order: what lies between a service and its database on a bad day."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator
from typing import Literal

Mood = Literal["pass", "slow", "swallow", "refuse"]
"""Every byte at once; late by `LATENCY`; taken and never handed on; nobody let in."""

LATENCY = 0.15
"""Seconds that a slow line takes for each packet, in each direction."""
_CHUNK = 65_536
_NOT_LINGERING = struct.pack("ii", 1, 0)


class FaultProxy:
    """Listens on a port of 127.0.0.1 and hands on to a Unix socket."""

    def __init__(self, target: str) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port: int = self._listener.getsockname()[1]
        self.mood: Mood = "pass"
        self._lines: set[_Line] = set()
        self._lock = threading.Lock()
        self._over = threading.Event()
        threading.Thread(target=self._accept, name="proxy", daemon=True).start()

    def cut(self, *, how: Literal["reset", "mid-packet"]) -> int:
        """Ends every line: by a reset, or after half of whatever is sent next.  How many there were."""
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            if how == "reset":
                line.reset()
            else:
                line.halve = True
        return len(lines)

    def close(self) -> None:
        self._over.set()
        self._listener.close()
        self.cut(how="reset")

    def _accept(self) -> None:
        while not self._over.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self.mood == "refuse":
                client.close()
                continue
            upstream = socket.socket(socket.AF_UNIX)
            try:
                upstream.connect(self._target)
            except OSError:
                client.close()
                upstream.close()
                continue
            line = _Line(self, client, upstream)
            with self._lock:
                self._lines.add(line)
            line.start()

    def _gone(self, line: _Line) -> None:
        with self._lock:
            self._lines.discard(line)


class _Line:
    """One connection and its other half."""

    def __init__(self, proxy: FaultProxy, client: socket.socket, upstream: socket.socket) -> None:
        self._proxy = proxy
        self._ends = (client, upstream)
        self.halve = False

    def start(self) -> None:
        client, upstream = self._ends
        for source, target in ((client, upstream), (upstream, client)):
            threading.Thread(target=self._pump, args=(source, target), name="proxy", daemon=True).start()

    def reset(self) -> None:
        with contextlib.suppress(OSError):
            self._ends[0].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NOT_LINGERING)
        self._close()

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while chunk := source.recv(_CHUNK):
                if self._proxy.mood == "slow":
                    time.sleep(LATENCY)
                while self._proxy.mood == "swallow":  # what was sent meanwhile arrives late, as on a real line
                    if self._proxy._over.wait(0.05):
                        return
                if self.halve:
                    target.sendall(chunk[: len(chunk) // 2])
                    break
                target.sendall(chunk)
        self._close()

    def _close(self) -> None:
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        self._proxy._gone(self)


@contextlib.contextmanager
def between(target: str) -> Iterator[FaultProxy]:
    proxy = FaultProxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
