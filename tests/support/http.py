"""An ASGI application on a real socket for a test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from starlette.types import ASGIApp

from kt_flows.api.server import Server, listen


@contextlib.contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Its base URL while inside."""
    listener = listen("127.0.0.1", 0)
    port = listener.getsockname()[1]
    server = Server(app, listener, stop_seconds=5)
    server.start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.stop()
