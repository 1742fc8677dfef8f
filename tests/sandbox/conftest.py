"""A running sandbox on a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path

import pytest

from kt_flows.clock import FixedClock
from kt_flows.sandbox.sandbox import Sandbox
from support.outside import T0, smtp


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(T0)


@pytest.fixture
def sandbox(tmp_path: Path, clock: FixedClock) -> Iterator[Sandbox]:
    with Sandbox(tmp_path, clock) as running:
        yield running


@pytest.fixture
def send(sandbox: Sandbox) -> Callable[..., None]:
    """Sends mails over SMTP to the sandbox."""

    def _send(*mails: EmailMessage, sender: str | None = None, to: list[str] | None = None) -> None:
        with smtp(sandbox) as client:
            for mail in mails:
                client.send_message(mail, from_addr=sender, to_addrs=to)

    return _send
