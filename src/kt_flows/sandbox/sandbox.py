"""The outside world of one kt-flows site: mail, Siebel, the cabinet, billing and the others, on real sockets.

It lives in threads of the serving process and keeps everything under `<var>/sandbox/`, so that the next run, after a
Ctrl-C or a kill -9, finds the same mailbox, records, behaviours and debts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any, Self

from kt_flows.clock import Clock
from kt_flows.sandbox import letters, post
from kt_flows.sandbox.emulator import Emulator
from kt_flows.sandbox.http import HttpServer
from kt_flows.sandbox.imap import ImapServer
from kt_flows.sandbox.imap_session import PASSWORD, USER
from kt_flows.sandbox.loop import LoopThread
from kt_flows.sandbox.mailbox import Folder
from kt_flows.sandbox.provider import Provider
from kt_flows.sandbox.siebel import Siebel
from kt_flows.sandbox.smtp import SmtpServer
from kt_flows.sandbox.switches import Switch, Switches
from kt_flows.sandbox.systems import Billing, Broadband, Cabinet, Line, Platform
from kt_flows.sandbox.tokens import ACTORS

log = logging.getLogger(__name__)

_TICK = 0.5
"""Seconds between two looks at the provider's debts."""

_GROUPS = sorted({group for actor in ACTORS.values() for group in actor.groups})


class Sandbox:
    """Start it, give the service its addresses, stop it.

    `nudge` is called whenever mail has arrived in the service's mailbox, from any thread; it should be quick.
    """

    address = post.MAILBOX
    provider_address = letters.ADDRESS

    def __init__(self, var_dir: Path, clock: Clock, nudge: Callable[[], None] | None = None) -> None:
        folder = Path(var_dir) / "sandbox"
        folder.mkdir(parents=True, exist_ok=True)
        self.nudge: Callable[[], None] = nudge or (lambda: None)
        self.clock = clock
        self.switches = Switches(folder / "behaviours.json")
        self.mailbox = Folder(folder / "mail" / "inbox")
        self.sent = Folder(folder / "mail" / "sent")
        self.post = post.Post(self.mailbox, self.sent, clock, self.switches, lambda: self.nudge())
        self.provider = Provider(self.post, clock, folder / "provider.jsonl")
        self.post.hand_to(self.provider_address, self.provider.receive)
        systems = (Siebel, Cabinet, Billing, Line, Broadband, Platform)
        self.emulators: dict[str, Emulator] = {kind.system: kind(folder, clock, self.switches) for kind in systems}
        self._smtp = SmtpServer(self.post, self.switches)
        self._imap = ImapServer({"INBOX": self.mailbox, "Sent": self.sent})
        self._http = HttpServer({name: emulator.app for name, emulator in self.emulators.items()})
        self._loop: LoopThread | None = None

    def start(self) -> Self:
        """Opens all servers; ports are free ones, found anew at each start."""
        self._loop = LoopThread("sandbox")
        self._loop.start()
        self._loop.call(self._open())
        return self

    def stop(self) -> None:
        if self._loop is not None:
            self.switches.release()
            self._loop.call(self._close())
            self._loop.stop()
            self._loop = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def smtp_url(self) -> str:
        return f"smtp://127.0.0.1:{self._smtp.port}"

    @property
    def imap_url(self) -> str:
        return f"imap://{USER}:{PASSWORD}@127.0.0.1:{self._imap.port}/INBOX"

    def url(self, system: str) -> str:
        """A system's address; an emulator's is without a path.  Port 0 before the first start."""
        mail = {"smtp": self.smtp_url, "imap": self.imap_url}
        return mail.get(system) or f"http://127.0.0.1:{self._http.ports.get(system, 0)}"

    @property
    def siebel_url(self) -> str:
        return self.url("siebel")

    @property
    def cabinet_url(self) -> str:
        return self.url("cabinet")

    @property
    def billing_url(self) -> str:
        return self.url("billing")

    @property
    def line_url(self) -> str:
        return self.url("line")

    @property
    def broadband_url(self) -> str:
        return self.url("broadband")

    @property
    def platform_url(self) -> str:
        return self.url("platform")

    def settings(self) -> dict[str, Any]:
        """The settings that point a service at this sandbox, by their names in `Settings`."""
        urls = {f"{name}_url": self.url(name) for name in self.emulators}
        return urls | {
            "smtp_url": self.smtp_url,
            "imap_url": self.imap_url,
            "mail_from": self.address,
            "providers": {"default": self.provider_address},
            "group_mail": {group: f"{group.replace(':', '.')}@{post.DOMAIN}" for group in _GROUPS}
            | {"platform_support": "support@ivision.sandbox"},
        }

    def sent_mail(self) -> list[dict[str, Any]]:
        """What the mail server received from the service, newest first."""
        return self.post.sent_mail()

    def tell(self, system: str, switch: Switch) -> Switch:
        """Tells a system how to behave; a mail server's outage begins or ends before this returns."""
        self.switches.set(system, switch)
        if switch.behaviour == "uidvalidity":  # happens once, then all is well
            self.mailbox.renumber()
            self.switches.set(system, Switch())
        if self._loop is not None:
            self._loop.call(self._follow())
        return self.switches.get(system)

    async def _open(self) -> None:
        await self._follow()
        await self._http.open()
        self._ticker = asyncio.get_running_loop().create_task(self._tick())

    async def _close(self) -> None:
        self._ticker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._ticker
        await self._smtp.close()
        await self._imap.close()
        await self._http.close()

    async def _follow(self) -> None:
        """Opens or closes the mail servers as they have been told."""
        for name, server in (("smtp", self._smtp), ("imap", self._imap)):
            if self.switches.get(name).behaviour == "down":
                if server.port == 0:
                    await server.open()  # an outage kept over a restart still has an address
                await server.close()
            else:
                await server.open()

    async def _tick(self) -> None:
        """Sends the provider's replies when their time has come, and those that a kill left owed."""
        while True:
            try:
                await asyncio.to_thread(self.provider.drain)
            except Exception:
                log.exception("The simulated provider could not reply")
            await asyncio.sleep(_TICK)
