"""An SMTP server on a real socket for mail that the service submits, with the manners of a bad day."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from kt_flows.sandbox.post import HOST, Post
from kt_flows.sandbox.switches import Switches

log = logging.getLogger(__name__)

SIZE_LIMIT = 35 * 1024 * 1024
"""Bytes of one mail."""


class SmtpServer:
    """Listens on 127.0.0.1; the port is found at the first opening and kept, so that an outage can end."""

    def __init__(self, post: Post, switches: Switches) -> None:
        self.port = 0
        self._post = post
        self._switches = switches
        self._server: asyncio.Server | None = None
        self._sessions: set[_Protocol] = set()

    async def open(self) -> None:
        if self._server is None:
            self._server = await asyncio.get_running_loop().create_server(
                lambda: _Protocol(self._sessions, self), "127.0.0.1", self.port
            )
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Refuses connections from now on and cuts those that there are."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for session in list(self._sessions):
            session.cut()

    # aiosmtpd calls these by name

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        switch = self._switches.get("smtp")
        concerned = switch.address is None or switch.address.lower() == address.lower()
        if concerned and switch.behaviour == "reject":
            self._switches.take("smtp")
            return "550 5.1.1 No such mailbox here"
        if concerned and switch.behaviour == "temporary":
            self._switches.take("smtp")
            return "451 4.3.0 Try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: _Protocol, session: Session, envelope: Envelope) -> str:
        raw = bytes(envelope.original_content or b"")
        sender = (envelope.mail_from or "").removeprefix("<").removesuffix(">")  # `MAIL FROM:<>` comes as it is
        # On a thread: a mail is on the disk before the 250, and the disk must not hold the other servers up.
        await asyncio.to_thread(self._post.submit, sender, list(envelope.rcpt_tos), raw)
        if self._switches.get("smtp").behaviour == "drop":
            self._switches.take("smtp")
            server.cut()
            await asyncio.Event().wait()  # until the lost connection ends this session
        return "250 2.0.0 Accepted"

    async def handle_exception(self, error: Exception) -> str:
        log.error("A mail could not be taken", exc_info=error)
        return "451 4.3.0 Local error, try again"


class _Protocol(SMTP):  # type: ignore[misc, unused-ignore]
    """A connection that its server can cut."""

    def __init__(self, sessions: set[_Protocol], handler: SmtpServer) -> None:
        super().__init__(handler, hostname=HOST, ident="ESMTP", data_size_limit=SIZE_LIMIT, enable_SMTPUTF8=True)
        self._among = sessions

    def cut(self) -> None:
        if isinstance(self.transport, asyncio.Transport):
            self.transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._among.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._among.discard(self)
        super().connection_lost(error)
