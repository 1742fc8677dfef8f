"""The API on a socket: uvicorn in a thread of its own, so that signals stay with the process's main thread."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

import uvicorn
from starlette.types import ASGIApp

from kt_flows.errors import FlowsError

_BACKLOG = 512
_HEADER_BYTES = 64 * 1024


class AddressTaken(FlowsError):
    """The address to listen on is in use."""

    code = "address_taken"


def listen(host: str, port: int) -> socket.socket:
    """A bound socket; bound before anything else starts, so that a second service is told at once."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named: asyncio switches Nagle's algorithm off only where it is, and an answer in two packets
    # would wait forty milliseconds for the caller's delayed acknowledgement.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise AddressTaken(
            f"{host}:{port} cannot be listened on ({error.strerror}): is the service running already? "
            "Set KT_FLOWS_PORT to another port."
        ) from None
    return listener


class Server:
    """Serves one application on one socket."""

    def __init__(self, app: ASGIApp, listener: socket.socket, *, stop_seconds: float) -> None:
        self._listener = listener
        self._stop_seconds = stop_seconds
        self._server = uvicorn.Server(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_keep_alive=15,
                timeout_graceful_shutdown=int(stop_seconds),
                h11_max_incomplete_event_size=_HEADER_BYTES,
                http="h11",
                ws="none",
                backlog=_BACKLOG,
            )
        )
        self._thread = threading.Thread(target=self._run, name="api", daemon=True)

    def start(self) -> None:
        """Returns when requests are answered."""
        self._thread.start()
        end = time.monotonic() + 30
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > end:
                raise FlowsError("The API did not start; the log says why.")
            time.sleep(0.01)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Lets what is in hand finish, for `stop_seconds` at most."""
        self._server.should_exit = True
        if self._thread.is_alive():
            self._thread.join(self._stop_seconds + 5)
        with contextlib.suppress(OSError):
            self._listener.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._listener])
