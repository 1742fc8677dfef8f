"""One uvicorn on several ports: each emulator has an address of its own, as the real systems have."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send


class HttpServer:
    """Serves each application on its own port of 127.0.0.1."""

    def __init__(self, apps: Mapping[str, ASGIApp]) -> None:
        self.ports: dict[str, int] = {}
        self._apps = apps
        self._by_port: dict[int, ASGIApp] = {}
        self._server: uvicorn.Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        sockets = []
        for name, app in self._apps.items():
            listener = socket.socket()
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", 0))
            sockets.append(listener)
            self.ports[name] = listener.getsockname()[1]
            self._by_port[self.ports[name]] = app
        config = uvicorn.Config(
            self._dispatch,
            interface="asgi3",
            log_config=None,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=2,
        )
        self._server = uvicorn.Server(config)
        self._task = asyncio.get_running_loop().create_task(self._server.serve(sockets))
        while not self._server.started:
            if self._task.done():
                self._task.result()
            await asyncio.sleep(0.01)

    async def close(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task
            self._server = self._task = None

    async def _dispatch(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._by_port[scope["server"][1]](scope, receive, send)
