"""An IMAP4rev1 server on a real socket over the sandbox's folders: what imaplib and a plain mail client use.

Ours, because a mailbox for tests must keep its UIDs over kill -9 without stale locks, stamp INTERNALDATE with a given
clock, and change its UIDVALIDITY when told.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping

from kt_flows.sandbox.imap_session import LIMIT, Session
from kt_flows.sandbox.mailbox import Folder


class ImapServer:
    """Listens on 127.0.0.1; the port is found at the first opening and kept."""

    def __init__(self, folders: Mapping[str, Folder]) -> None:
        self.port = 0
        self._folders = folders
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def open(self) -> None:
        if self._server is None:
            self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, limit=LIMIT)
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuses connections from now on and cuts those that there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
                await Session(reader, writer, self._folders).run()
        finally:
            self._writers.discard(writer)
            writer.transport.abort() if writer.is_closing() else writer.close()
