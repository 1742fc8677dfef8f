"""A real `kt-flows serve` in sandbox mode, driven over HTTP as an outsider would."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

READY_WITHIN = 90.0
"""Seconds: a first start makes a database, on a machine that may be busy."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(what: str, look: Callable[[], T | None], *, within: float = 30.0) -> T:
    """The first answer of `look` that is not None or empty; fails with `what` after `within` seconds."""
    end = time.monotonic() + within
    while True:
        answer = look()
        if answer:
            return answer
        if time.monotonic() > end:
            raise AssertionError(f"not seen within {within:g} s: {what}")
        time.sleep(0.05)


class Service:
    """One sandbox site: its folder, its port, its process."""

    def __init__(self, var: Path, **settings: str) -> None:
        self.var = var
        self.port = free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.settings = settings
        self.program = [str(Path(sys.executable).with_name("kt-flows"))]
        """What is run with `serve`: the command, or one of this folder's that does something to it before."""
        self.process: subprocess.Popen[bytes] | None = None
        self._clients: dict[str, httpx.Client] = {}

    def start(self) -> Service:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("KT_FLOWS_")}
        environment |= {
            "KT_FLOWS_MODE": "sandbox",
            "KT_FLOWS_PORT": str(self.port),
            "KT_FLOWS_VAR_DIR": str(self.var),
            **self.settings,
        }
        self.var.mkdir(parents=True, exist_ok=True)
        with open(self.var / "serve.log", "ab") as log:
            self.process = subprocess.Popen(
                [*self.program, "serve"],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait_ready()
        return self

    def _wait_ready(self) -> None:
        end = time.monotonic() + READY_WITHIN
        while True:
            assert self.process is not None
            if self.process.poll() is not None or time.monotonic() > end:
                raise AssertionError("serve did not get ready:\n" + self.log()[-4000:])
            with contextlib.suppress(httpx.TransportError):
                if httpx.get(f"{self.base_url}/health/ready", timeout=5).status_code == 200:
                    return
            time.sleep(0.1)

    def log(self) -> str:
        return (self.var / "serve.log").read_text(encoding="utf-8", errors="replace")

    def kill(self) -> None:
        """SIGKILL: no goodbye of any kind."""
        self._signal(signal.SIGKILL)

    def stop(self) -> None:
        self._signal(signal.SIGTERM)

    def _signal(self, which: signal.Signals) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(which)
            self.process.wait(60)

    def restart(self) -> Service:
        self.kill()
        return self.start()

    def token(self, actor: str) -> str:
        return str(json.loads((self.var / "sandbox.json").read_text())["tokens"][actor])

    def as_(self, actor: str) -> httpx.Client:
        """A client that speaks for one of the sandbox's ready actors."""
        if actor not in self._clients:
            self._clients[actor] = httpx.Client(
                base_url=self.base_url, headers={"Authorization": f"Bearer {self.token(actor)}"}, timeout=60
            )
        return self._clients[actor]

    # what an outsider does, in a few words

    def begin(self, key: str, variables: dict[str, Any], **more: Any) -> dict[str, Any]:
        body = {"definitionKey": key, "variables": variables, **more}
        return _json(self.as_("crm").post("/v1/instances", json=body), 201)

    def instance(self, id: str) -> dict[str, Any]:
        return _json(self.as_("admin").get(f"/v1/instances/{id}"))

    def history(self, id: str) -> list[dict[str, Any]]:
        return list(_json(self.as_("admin").get(f"/v1/instances/{id}/history", params={"limit": 500}))["items"])

    def tasks(self, id: str, actor: str = "admin") -> list[dict[str, Any]]:
        items = _json(self.as_(actor).get("/v1/tasks", params={"limit": 500}))["items"]
        return [task for task in items if task["instanceId"] == id]

    def task(self, id: str, element: str, actor: str = "admin") -> dict[str, Any]:
        return until(
            f"task {element} of {id}",
            lambda: next((task for task in self.tasks(id, actor) if task["elementId"] == element), None),
        )

    def complete(self, id: str, element: str, actor: str, **values: Any) -> dict[str, Any]:
        task = self.task(id, element, actor)
        return _json(self.as_(actor).post(f"/v1/tasks/{task['id']}/complete", json={"values": values}))

    def mail(self, to: str | None = None, contains: str = "") -> list[dict[str, Any]]:
        items = _json(self.as_("admin").get("/v1/sandbox/mail"))["items"]
        return [
            mail
            for mail in items
            if (to is None or to in str(mail["to"])) and contains in mail["subject"] + mail["text"]
        ]

    def advance(self, by: str) -> None:
        _json(self.as_("admin").post("/v1/sandbox/clock", json={"advance": by}, timeout=300))

    def provider(self, behaviour: str) -> None:
        _json(self.as_("admin").put("/v1/sandbox/provider", json={"behaviour": behaviour}))


def _json(answer: httpx.Response, status: int | None = None) -> Any:
    assert answer.status_code == status if status else answer.is_success, f"{answer.status_code} {answer.text[:2000]}"
    return answer.json() if answer.content else None


@contextlib.contextmanager
def running(var: Path, **settings: str) -> Iterator[Service]:
    service = Service(var, **settings)
    try:
        yield service.start()
    finally:
        service.stop()
