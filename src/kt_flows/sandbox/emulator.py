"""What all HTTP emulators have in common: faults on order, idempotency by key, a memory of what they were asked."""

from __future__ import annotations

import hashlib
import json
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from kt_flows.clock import Clock, to_text
from kt_flows.sandbox.journal import Journal
from kt_flows.sandbox.switches import Switches

HANG = 120.0
SLOW = 5.0
"""Seconds, unless told otherwise."""

_REMEMBERED = 500
"""Requests listed by `GET /v1/sandbox/{system}`."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a request came to: a status, the answer's body, and the record that it made, if it made one."""

    status: int
    body: Any
    record: dict[str, Any] | None = None


class Emulator:
    """One outside system: its application, its records, its faults.  Runs on the servers' one thread."""

    system = ""
    records_name = "records"

    def __init__(self, folder: Path, clock: Clock, switches: Switches) -> None:
        self.clock = clock
        self._switches = switches
        self._journal = Journal(folder / f"{self.system}.jsonl")
        self._lock = threading.Lock()
        self._answers: dict[str, tuple[str, Done]] = {}
        self._requests: deque[dict[str, Any]] = deque(maxlen=_REMEMBERED)
        self.records: list[dict[str, Any]] = []
        for entry in self._journal.read():
            self._remember(entry)
        self.app = FastAPI(title=self.system, docs_url=None, redoc_url=None, openapi_url=None)
        self.app.add_exception_handler(RequestValidationError, self._unfit)
        self.routes()

    def routes(self) -> None:
        """Adds the system's own calls to `app`."""

    def failure(self) -> Done:
        """A fault of the system's own: the caller should come again."""
        return Done(500, {"code": f"{self.system}.internal", "detail": "Internal error"})

    def rejection(self) -> Done:
        """A refusal for good."""
        return Done(422, {"code": f"{self.system}.rejected", "detail": "Refused by the system's rules"})

    async def answer(self, request: Request, work: Callable[[], Done]) -> JSONResponse:
        """Answers one request as the system behaves now; `work` does it and runs at most once per Idempotency-Key."""
        fault = self._switches.take(self.system)
        if fault.behaviour == "hang":
            await self._switches.pause(fault.seconds or HANG)
            return await self._give(request, Done(504, {"code": "gateway.timeout", "detail": "No answer"}))
        if fault.behaviour == "slow":
            await self._switches.pause(fault.seconds or SLOW)
        if fault.behaviour == "fail":
            return await self._give(request, self.failure())
        if fault.behaviour == "reject":
            return await self._give(request, self.rejection())
        key = request.headers.get("Idempotency-Key")
        print_ = hashlib.sha256(request.url.path.encode() + b"\0" + await request.body()).hexdigest()
        known = self._answers.get(key) if key is not None else None
        if known is not None:
            if known[0] != print_:
                other = {"code": "idempotency.key_reused", "detail": "This key came with another request before"}
                return await self._give(request, Done(409, other))
            done = Done(known[1].status, known[1].body)
        else:
            done = work()
        shown = done
        if fault.behaviour == "repeat":
            # The work is done and the answer is lost: a right caller asks again with the same key.
            shown = Done(504, {"code": "gateway.timeout", "detail": "The answer was lost on its way"})
        return await self._give(request, shown, done, print_)

    async def _give(
        self, request: Request, shown: Done, done: Done | None = None, fingerprint: str | None = None
    ) -> JSONResponse:
        body = await request.body()
        entry = {
            "at": to_text(self.clock.now()),
            "method": request.method,
            "path": request.url.path,
            "query": dict(request.query_params),
            "idempotencyKey": request.headers.get("Idempotency-Key"),
            "body": _shown(body),
            "status": shown.status,
        }
        if request.method == "GET":  # reading leaves nothing that a restart must know
            self._requests.append(entry)
        else:
            if done is not None and fingerprint is not None:
                entry |= {"fingerprint": fingerprint, "done": [done.status, done.body, done.record]}
            self._journal.append(entry)
            self._remember(entry)
        return JSONResponse(shown.body, shown.status)

    def _remember(self, entry: dict[str, Any]) -> None:
        done = entry.pop("done", None)
        fingerprint = entry.pop("fingerprint", None)
        with self._lock:
            self._requests.append(entry)
            if done is None:
                return
            status, body, record = done
            if entry["idempotencyKey"] is not None and status < 400:
                self._answers.setdefault(entry["idempotencyKey"], (fingerprint, Done(status, body)))
            if record is not None:
                self.keep(record)

    def keep(self, record: dict[str, Any]) -> None:
        """Adds a record to those that there are."""
        self.records.append(record)

    def seen(self) -> dict[str, Any]:
        """The last requests and the records, newest first."""
        with self._lock:
            return {"requests": list(reversed(self._requests)), self.records_name: list(reversed(self.records))}

    async def _unfit(self, request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        detail = "; ".join(f"{'.'.join(map(str, fault['loc'][1:]))}: {fault['msg']}" for fault in error.errors())
        return await self._give(request, Done(422, {"code": f"{self.system}.invalid", "detail": detail}))


def _shown(body: bytes) -> Any:
    """A request's body as the list of requests shows it."""
    try:
        return json.loads(body) if body else None
    except ValueError:
        return body.decode("utf-8", "replace")
