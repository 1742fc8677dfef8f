"""One end for all that a call does on its sockets: a server that sends a byte now and then gets no more time.

httpx bounds each read by itself; a header line that comes in drops would hold a worker for ever.
"""

from __future__ import annotations

import functools
import ssl
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import httpcore
import httpx


class Deadline:
    """The time until which this thread's call may go on; none outside `within`."""

    def __init__(self) -> None:
        self._local = threading.local()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        self._local.end = time.monotonic() + seconds
        try:
            yield
        finally:
            self._local.end = None

    def left(self, asked: float | None, over: type[Exception]) -> float | None:
        """The shorter of the seconds asked for and those that are left.  Raises `over` when none are."""
        end = getattr(self._local, "end", None)
        if end is None:
            return asked
        rest: float = end - time.monotonic()
        if rest <= 0:
            raise over("the answer comes too slowly")
        return rest if asked is None else min(asked, rest)


class _Stream(httpcore.NetworkStream):
    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.NetworkBackend):
    def __init__(self, deadline: Deadline) -> None:
        self._real = httpcore.SyncBackend()
        self._deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._real.connect_tcp(host, port, left, local_address, socket_options), self._deadline)


@functools.cache
def _tls() -> ssl.SSLContext:
    """One for all systems: to read the machine's certificates takes longer than everything else at a start."""
    return ssl.create_default_context()


def transport(deadline: Deadline) -> httpx.HTTPTransport:
    """A transport that keeps to the deadline, and goes to the system itself, never by the environment's proxy."""
    made = httpx.HTTPTransport(verify=_tls(), trust_env=False)
    # httpx has no argument for the backend, which is httpcore's public interface.
    made._pool = httpcore.ConnectionPool(
        ssl_context=_tls(),
        max_connections=20,
        max_keepalive_connections=4,
        keepalive_expiry=5.0,
        network_backend=_Backend(deadline),
    )
    return made
